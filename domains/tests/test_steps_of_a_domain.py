"""The wizard's five steps follow from facts: one is open, for everybody the same, and the list says what is next."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notification, User
from domains import news
from domains.drift import Turn
from domains.models import CompanyInfo, ComplianceReview, SendingDomain
from domains.steps import Facts, State, StepName, current, states
from mailtrap_site.testing.world import World, make_domain

Compliance = SendingDomain.Compliance


@pytest.mark.parametrize(
    ("facts", "open_step"),
    [
        (Facts(verified=False, has_company_info=False, approved=False, has_sent=False), StepName.RECORDS),
        (Facts(verified=False, has_company_info=True, approved=False, has_sent=False), StepName.RECORDS),
        (Facts(verified=False, has_company_info=True, approved=True, has_sent=True), StepName.RECORDS),
        (Facts(verified=True, has_company_info=False, approved=False, has_sent=False), StepName.SENDER),
        (Facts(verified=True, has_company_info=True, approved=False, has_sent=False), StepName.REVIEW),
        (Facts(verified=True, has_company_info=True, approved=True, has_sent=False), StepName.FIRST_EMAIL),
        (Facts(verified=True, has_company_info=False, approved=True, has_sent=False), StepName.FIRST_EMAIL),
        (Facts(verified=True, has_company_info=True, approved=True, has_sent=True), None),
        (Facts(verified=False, has_company_info=False, approved=False, has_sent=False, rejected=True), StepName.REVIEW),
        (Facts(verified=True, has_company_info=True, approved=True, has_sent=False, rejected=True), StepName.REVIEW),
        (Facts(verified=True, has_company_info=True, approved=True, has_sent=False, suspended=True), None),
        (Facts(verified=False, has_company_info=True, approved=False, has_sent=False, suspended=True), None),
    ],
)
def test_the_first_step_that_is_not_done_is_open(facts: Facts, open_step: StepName | None) -> None:
    assert current(facts) is open_step
    found = states(facts)
    assert list(found) == list(StepName)
    assert [name for name, state in found.items() if state is State.CURRENT] == ([open_step] if open_step else [])
    assert found[StepName.ADD] is State.DONE


COMPANY = {
    "name": "Acme Ltd",
    "address": "1 High Street",
    "city": "Leeds",
    "country": "GB",
    "zip_code": "LS1 1AA",
    "website_url": "https://acme.test",
}


def page_of(user: User, domain: SendingDomain) -> str:
    client = Client()
    client.force_login(user)
    return client.get(reverse("domains:detail", args=[domain.account_id, domain.pk])).content.decode()


def drawn(page: str) -> dict[str, str]:
    """The state of each step as the page draws it."""
    return {name: state for state, name in re.findall(r'<li class="step step-(\w+)" id="([\w-]+)"', page)}


def listed(world: World, domain: SendingDomain) -> str:
    client = Client()
    client.force_login(world.alice)
    page = client.get(reverse("domains:list", args=[world.account.pk])).content.decode()
    (row,) = [row for row in page.split("<tr ") if f">{domain.name}</a>" in row]
    return " ".join(re.sub(r"<[^>]+>", " ", row.partition(">")[2]).split())


def put(domain: SendingDomain, **facts: Any) -> SendingDomain:
    SendingDomain.objects.filter(pk=domain.pk).update(**facts)
    domain.refresh_from_db()
    return domain


@pytest.fixture
def domain(world: World) -> SendingDomain:
    return put(make_domain(world.account, "shop.test", verified=False), approved_at=None)


@pytest.mark.django_db
def test_the_way_from_a_name_to_the_first_email(world: World, domain: SendingDomain) -> None:
    now = timezone.now()
    page = page_of(world.alice, domain)
    assert drawn(page) == dict(zip(StepName, ["done", "current", "later", "later", "later"], strict=True))
    assert "you may give it while DNS is pending" in page
    assert "Not verified yet Publish the records 0 of 4" in listed(world, domain)

    put(domain, dns_verified_at=now, compliance_status=Compliance.MISSING_COMPANY_INFO)
    page = page_of(world.alice, domain)
    assert drawn(page) == dict(zip(StepName, ["done", "done", "current", "later", "later"], strict=True))
    assert "Its records stand. Next: say who sends." in page
    assert "Sender missing Tell us who sends" in listed(world, domain)

    CompanyInfo.objects.create(account=world.account, **COMPANY)
    put(domain, compliance_status=Compliance.UNDER_REVIEW)
    page = page_of(world.alice, domain)
    assert drawn(page) == dict(zip(StepName, ["done", "done", "done", "current", "later"], strict=True))
    assert "usually within two minutes" in page
    assert "Under review We look at it and write to you" in listed(world, domain)

    put(domain, approved_at=now, compliance_status=Compliance.COMPLIANT)
    page = page_of(world.alice, domain)
    assert drawn(page) == dict(zip(StepName, ["done", "done", "done", "done", "current"], strict=True))
    assert "Send a test email" in page
    assert "Verified Send the first email" in listed(world, domain)

    put(domain, first_email_at=now)
    page = page_of(world.alice, domain)
    assert set(drawn(page).values()) == {"done"}
    assert "Accepted " in page
    assert "hx-trigger" not in page
    assert drawn(page_of(world.bob, domain)) == drawn(page)
    assert "Send the first email" not in listed(world, domain)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "words", "row"),
    [
        (Compliance.AWAITING_QUESTIONNAIRE, "We have a few questions about what you send", "Answer our questions"),
        (
            Compliance.AWAITING_CARD_VERIFICATION,
            "Choose a paid plan: the review goes on by itself",
            "Choose a paid plan",
        ),
        (Compliance.NON_COMPLIANT, "shop.test was not approved", "Read why, and answer"),
        (Compliance.SUSPENDED, "shop.test is suspended", "Read why, or ask support"),
    ],
)
def test_what_compliance_wants_stands_on_page_and_list(
    world: World, domain: SendingDomain, status: str, words: str, row: str
) -> None:
    CompanyInfo.objects.create(account=world.account, **COMPANY)
    put(domain, dns_verified_at=timezone.now(), compliance_status=status)
    ComplianceReview.objects.create(
        domain=domain, state=ComplianceReview.State.REJECTED, reason="The website sells what the rules forbid."
    )
    page = page_of(world.vera, domain)
    assert words in page
    assert row in listed(world, domain)
    assert ("sells what the rules forbid" in page) == (status == Compliance.NON_COMPLIANT)


@pytest.mark.django_db
def test_a_drifting_domain_keeps_its_steps_and_shows_its_records_first(world: World) -> None:
    put(world.domain, records_gone_since=timezone.now(), first_email_at=timezone.now(), approved_at=timezone.now())
    page = page_of(world.alice, world.domain)
    assert set(drawn(page).values()) == {"done"}
    assert page.index('id="records-heading"') < page.index('<ol class="steps">')
    assert page.count('id="records-heading"') == 1
    assert "hx-trigger" in page


@pytest.mark.django_db
def test_polling_is_eager_again_when_the_last_step_was_lately(world: World, domain: SendingDomain) -> None:
    now = timezone.now()
    put(domain, created_at=now - timedelta(days=3))
    assert 'hx-trigger="every 60s"' in page_of(world.alice, domain)
    put(domain, dns_verified_at=now, compliance_status=Compliance.UNDER_REVIEW)
    assert 'hx-trigger="every 3s"' in page_of(world.alice, domain)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "company", "sentence"),
    [
        (Compliance.COMPLIANT, True, "so shop.test may send now."),
        (Compliance.MISSING_COMPANY_INFO, False, "Next: tell us who sends."),
        (Compliance.UNDER_REVIEW, True, "We review shop.test now and write again when it may send."),
        (Compliance.SUSPENDED, True, "It stays suspended"),
    ],
)
def test_the_letter_of_a_verified_domain_says_what_is_next(
    world: World, domain: SendingDomain, status: str, company: bool, sentence: str
) -> None:
    if company:
        CompanyInfo.objects.create(account=world.account, **COMPANY)
    put(domain, dns_verified_at=timezone.now(), compliance_status=status)
    news.tell(domain, Turn.VERIFIED, Compliance.UNVERIFIED_DNS)
    assert sentence in Notification.objects.filter(kind="domain.verified")[0].body


@pytest.mark.django_db
@pytest.mark.parametrize("turn", [turn for turn in Turn if turn])
def test_the_longest_name_fits_into_every_letter(world: World, turn: Turn) -> None:
    name = ".".join(["a" * 55] * 4)
    theirs = make_domain(world.stranger_account, name, verified=False)
    news.tell(make_domain(world.account, name), turn, Compliance.COMPLIANT, timezone.now())
    assert Notification.objects.filter(kind=turn).count() == 2
    assert Notification.objects.filter(account=theirs.account).exists() == (turn is Turn.VERIFIED)


@pytest.mark.django_db
@pytest.mark.parametrize("status", [Compliance.SUSPENDED, Compliance.NON_COMPLIANT])
def test_records_stay_in_sight_whatever_is_open(world: World, domain: SendingDomain, status: str) -> None:
    page = page_of(world.alice, put(domain, compliance_status=status))
    assert page.count("Required to send") == 1
    assert "Send a test email" not in page
