"""What is known of the owner, rule by rule; and what follows from the sum."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as standing_settings

from accounts.disposable import is_disposable
from domains.answers import Answer, Outcome
from domains.compliance import blocklists
from domains.compliance.case import Ban, Case, Listing
from domains.compliance.rulebook import Outcome as Verdict
from domains.compliance.rulebook import for_customer, for_staff, judge, rule_book
from domains.tests.compliance.people import ANSWERS

LISTED = Listing("acme.test", "a", "127.0.0.2")
BAN = Ban(7, "acme.test", "suspended", "Spam")
OTHER = Ban(8, "other.test", "rejected", "No consent")
NORMAL: dict[str, Any] = {"domain": "acme.test", "owner_domains": ("acme.test",), "website_host": "acme.test"}


def weigh(**changed: Any) -> list[tuple[str, int]]:
    return [(one.rule, one.weight) for one in judge(Case(**(NORMAL | changed)), rule_book()).findings]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"domain": "mail.acme.test"},
        {"website_host": "shop.acme.test"},
        {"owner_domains": ("gmail.com", "acme.test")},
        {"owner_domains": ()},
        {"account_age": timedelta(minutes=5)},
        {"account_age": timedelta(hours=1), "account_domains": 2},
        {"account_age": timedelta(days=400), "account_domains": 40},
    ],
)
def test_a_normal_company_costs_nothing(changed: dict[str, Any]) -> None:
    assert weigh(**changed) == []


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"owner_domains": ("gmail.com",)}, [("owner_free_mailbox", 10)]),
        ({"owner_domains": ("mailinator.com",)}, [("owner_disposable", 60)]),
        ({"owner_domains": ("acme.test", "x.yopmail.com")}, [("owner_disposable", 60)]),
        ({"website_host": "outlook.com"}, [("website_free_mailbox", 20)]),
        ({"website_host": "mailinator.com"}, [("website_disposable", 40)]),
        ({"website_host": "else.test"}, [("website_elsewhere", 5)]),
        ({"listings": (Listing("acme.test", "dbl.example", "127.0.1.2"),)}, [("blocklisted", 45)]),
        ({"listings": (Listing("acme.test", "dbl.example"),)}, [("blocklist_silent", 0)]),
        ({"bans_of_name": (BAN,)}, [("banned_name", 100)]),
        ({"bans_of_name": (Ban(9, "acme.test", "rejected", "x"),)}, [("rejected_name", 70)]),
        ({"bans_of_account": (OTHER, OTHER)}, [("banned_account", 70)]),
        ({"account_age": timedelta(hours=3), "account_domains": 3}, [("many_new_domains", 20)]),
        ({"has_approved_sibling": True}, [("known_name", -40)]),
        ({"answers": ANSWERS}, [("full_answers", -15)]),
        ({"answers": ANSWERS | {"consent": "other"}}, [("bought_addresses", 60)]),
        ({"answers": ANSWERS | {"purpose": "Mail", "recipients": "All"}}, [("short_answers", 10)]),
        (
            {"answers": ANSWERS | {"volume": "more"}, "account_age": timedelta(days=2)},
            [("large_volume", 15), ("full_answers", -15)],
        ),
    ],
)
def test_each_rule_finds_its_own_and_weighs_what_the_file_says(changed, found) -> None:
    assert weigh(**changed) == found


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, Verdict.APPROVE),
        ({"owner_domains": ("gmail.com",), "website_host": "else.test"}, Verdict.APPROVE),
        ({"owner_domains": ("mailinator.com",)}, Verdict.ASK),
        ({"listings": (Listing("acme.test", "dbl.example", "127.0.1.2"),)}, Verdict.ASK),
        ({"owner_domains": ("mailinator.com",), "answers": ANSWERS}, Verdict.MANUAL),
        ({"listings": (LISTED,), "answers": ANSWERS}, Verdict.MANUAL),
        ({"domain": "googel.com", "website_host": "googel.com", "answers": ANSWERS}, Verdict.APPROVE),
        ({"domain": "googel.com", "answers": ANSWERS | {"consent": "other"}}, Verdict.MANUAL),
        (
            {"listings": (LISTED, LISTED)},
            Verdict.MANUAL,
        ),
        ({"bans_of_account": (OTHER,)}, Verdict.MANUAL),
        ({"owner_domains": ("mailinator.com",), "bans_of_account": (OTHER,)}, Verdict.MANUAL),
        ({"bans_of_name": (BAN,)}, Verdict.REJECT),
        ({"owner_domains": ("mailinator.com",), "has_approved_sibling": True}, Verdict.APPROVE),
    ],
)
def test_only_a_ban_rejects_and_whoever_has_answered_is_not_asked_again(changed, verdict) -> None:
    assert judge(Case(**(NORMAL | changed)), rule_book()).outcome is verdict


def test_a_score_is_never_below_zero() -> None:
    assert judge(Case(**NORMAL, has_approved_sibling=True), rule_book()).score == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(Outcome.FOUND, ("127.0.1.2",)), Listing("a.test", "list.example", "127.0.1.2")),
        (Answer(Outcome.FOUND, ("127.255.255.254",)), Listing("a.test", "list.example")),
        (Answer(Outcome.FOUND, ("192.0.2.1",)), Listing("a.test", "list.example")),
        (Answer(Outcome.TIMEOUT), Listing("a.test", "list.example")),
        (Answer(Outcome.SERVFAIL), Listing("a.test", "list.example")),
        (Answer(Outcome.NXDOMAIN), None),
        (Answer(Outcome.NO_DATA), None),
    ],
)
def test_a_blocklist_counts_only_when_it_really_says_so(answer: Answer, said: Listing | None) -> None:
    assert blocklists.listing("a.test", "list.example", answer) == said


def test_throw_away_mailboxes_are_known_with_their_subdomains() -> None:
    assert is_disposable("mailinator.com")
    assert is_disposable("Box.Mailinator.com")
    assert not is_disposable("gmail.com")
    assert not is_disposable("com")


def test_every_rule_has_its_sentences_and_they_take_the_details() -> None:
    cases = [
        Case("paypa1.com", answers=ANSWERS | {"consent": "other", "volume": "more"}, account_age=timedelta(0)),
        Case("googel.com", owner_domains=("gmail.com",), website_host="gmail.com", account_domains=9),
        Case("paypal-login.com", owner_domains=("mailinator.com",), website_host="mailinator.com"),
        Case("paypal.test", website_host="else.test", has_approved_sibling=True, answers=ANSWERS),
        Case("google.acme.test", listings=(Listing("a", "b", "c"), Listing("a", "b")), bans_of_name=(BAN, OTHER)),
        Case("xn--80ak6aa92e.com", bans_of_account=(OTHER,), answers={"purpose": "x"}),
        Case("xn--pple-43d.com", account_age=timedelta(0), account_domains=3),
    ]
    found = [one for case in cases for one in judge(case, rule_book()).findings]
    assert {one.rule for one in found} == set(rule_book().rules)
    stored = [one.stored for one in found]
    assert len(for_staff(stored)) == len(found)
    assert all(sentence and "%(" not in sentence for _weight, sentence in for_staff(stored))
    told = for_customer(stored)
    assert any("paypal" in sentence for sentence in told)
    assert not any("did not answer" in sentence for sentence in told)


def test_a_rule_book_of_ones_own_is_read_and_a_broken_one_names_itself(tmp_path: Path, settings: Any) -> None:
    own = tmp_path / "rules.toml"
    text = rule_book_text().replace("approve_below = 30", "approve_below = 5")
    own.write_text(text)
    domains = replace(settings.ENVIRONMENT.domains, compliance_rules=own)
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, domains=domains)
    assert rule_book().approve_below == 5
    own.write_text(text.replace("manual_from = 70", "manual_from = 1"))
    with pytest.raises(ValueError, match="approve_below must not be above"):
        rule_book()
    own.write_text("approve_below = x")
    with pytest.raises(ValueError, match=r"rules\.toml is no rule book"):
        rule_book()


def rule_book_text() -> str:
    return standing_settings.ENVIRONMENT.domains.compliance_rules.read_text()
