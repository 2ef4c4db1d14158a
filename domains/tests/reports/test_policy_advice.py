"""When to tighten a DMARC policy, and what to do first: a table from facts to the one advice."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domains.reports.advice import NEXT, Advice, Counsel, Facts, counsel
from domains.reports.advice_words import advice_words, answer
from domains.reports.dmarc_record import dmarc_record, reports_to, tags, with_policy, with_reports_to
from domains.reports.sources import Source, SourceKind, kind_of

US = "dmarc@platform.test"


def of(kind: SourceKind, emails: int, passed: int, address: str = "192.0.2.1") -> Source:
    return Source(address, emails, passed, passed, passed, kind=kind)


def facts(policy: str, *sources: Source, days: int = 20, percent: int = 100, here: bool = True) -> Facts:
    emails, passed = (sum(getattr(one, name) for one in sources) for name in ("emails", "passed"))
    return Facts(policy, percent, here, days if emails else 0, emails, passed, sources)


CLEAN = of(SourceKind.OURS, 1_000, 1_000)
SPOOFER = of(SourceKind.FAILING, 20, 0, "198.51.100.7")
SMALL_SPOOFER = of(SourceKind.FAILING, 5, 0, "198.51.100.7")
LIST = of(SourceKind.ALTERED, 15, 0, "203.0.113.5")


@pytest.mark.parametrize(
    ("given_facts", "advice", "next_policy"),
    [
        (facts(""), Advice.NO_RECORD, "none"),
        (facts("", CLEAN), Advice.NO_RECORD, "none"),
        (facts("none"), Advice.WAITING, ""),
        (facts("reject"), Advice.WAITING, ""),
        (facts("none", here=False), Advice.REPORTS_ELSEWHERE, ""),
        (facts("none", CLEAN), Advice.TIGHTEN, "quarantine"),
        (facts("quarantine", CLEAN), Advice.TIGHTEN, "reject"),
        (facts("reject", CLEAN), Advice.DONE, ""),
        (facts("none", CLEAN, days=14), Advice.TIGHTEN, "quarantine"),
        (facts("none", CLEAN, days=13), Advice.MORE_DAYS, ""),
        (facts("reject", CLEAN, days=1), Advice.DONE, ""),
        (facts("none", of(SourceKind.OURS, 99, 99)), Advice.MORE_EMAILS, ""),
        (facts("none", CLEAN, SMALL_SPOOFER), Advice.TIGHTEN, "quarantine"),
        (facts("none", CLEAN, LIST), Advice.TIGHTEN, "quarantine"),
        (facts("none", CLEAN, SPOOFER), Advice.FIX_SOURCES, "quarantine"),
        (facts("quarantine", CLEAN, SPOOFER), Advice.FIX_SOURCES, "reject"),
        (facts("reject", CLEAN, SPOOFER), Advice.FIX_SOURCES, ""),
        (facts("none", CLEAN, of(SourceKind.PARTLY, 100, 60)), Advice.FIX_SOURCES, "quarantine"),
        (facts("none", of(SourceKind.OURS, 1_000, 900), SPOOFER), Advice.OURS_FAILS, ""),
        (facts("reject", of(SourceKind.OURS, 1_000, 100)), Advice.OURS_FAILS, ""),
        (facts("reject", CLEAN, of(SourceKind.FAILING, 500, 0)), Advice.RELAX, "none"),
        (facts("quarantine", CLEAN, of(SourceKind.FAILING, 500, 0)), Advice.RELAX, "none"),
        (facts("none", CLEAN, of(SourceKind.FAILING, 500, 0)), Advice.FIX_SOURCES, "quarantine"),
        (facts("none", CLEAN, *[of(SourceKind.FAILING, 5, 0)] * 30), Advice.TOO_FEW, ""),
        (facts("quarantine", CLEAN, percent=20), Advice.ALL_OF_IT, "quarantine"),
        (facts("reject", CLEAN, percent=50), Advice.ALL_OF_IT, "reject"),
        (facts("reject", CLEAN, percent=50, days=3), Advice.MORE_DAYS, ""),
    ],
)
def test_the_next_step(given_facts: Facts, advice: Advice, next_policy: str) -> None:
    found = counsel(given_facts)
    assert (found.advice, found.next_policy) == (advice, next_policy)


def test_the_sources_to_look_at_are_named_and_others_are_not() -> None:
    found = counsel(facts("none", CLEAN, SPOOFER, SMALL_SPOOFER, LIST))
    assert found.sources == (SPOOFER,)
    words = advice_words(found, facts("none", CLEAN, SPOOFER), "v=DMARC1; p=none", US)
    assert words.sentence.startswith("Mail from 198.51.100.7 fails, and is more than 1 % of what was reported.")
    assert words.record == "v=DMARC1; p=quarantine"
    assert words.fold.startswith("They are not yours?")


def test_under_reject_a_failing_source_is_explained_and_no_record_offered() -> None:
    given_facts = facts("reject", CLEAN, SPOOFER)
    words = advice_words(counsel(given_facts), given_facts, "v=DMARC1; p=reject", US)
    assert "p=reject turns it away" in words.sentence
    assert (words.record, words.fold) == ("", "")


@pytest.mark.parametrize("advice", Advice)
@pytest.mark.parametrize("policy", ["none", "quarantine", "reject"])
def test_every_advice_has_words_without_holes(advice: Advice, policy: str) -> None:
    given_counsel = Counsel(advice, NEXT.get(policy, policy), (SPOOFER,) * 5, 3)
    words = advice_words(given_counsel, facts(policy, CLEAN, percent=20), f"v=DMARC1; p={policy}; pct=20", US)
    assert words.heading
    assert words.sentence.endswith(".")
    assert "%(" not in words.heading + words.sentence
    assert "%%" not in words.heading + words.sentence
    if advice not in (Advice.OURS_FAILS, Advice.WAITING, Advice.DONE):
        assert words.record.startswith("v=DMARC1; p=")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["", "none", "quarantine", "reject"]),
    st.integers(0, 100),
    st.integers(0, 90),
    st.lists(st.tuples(st.sampled_from(SourceKind), st.integers(0, 10**6), st.integers(0, 10**6)), max_size=6),
)
def test_a_policy_is_never_tightened_while_much_fails(
    policy: str, percent: int, days: int, parts: list[tuple[SourceKind, int, int]]
) -> None:
    sources = [of(kind, max(emails, passed), passed) for kind, emails, passed in parts]
    given_facts = facts(policy, *sources, days=days, percent=percent)
    found = counsel(given_facts)
    if found.advice in (Advice.TIGHTEN, Advice.ALL_OF_IT, Advice.DONE):
        assert given_facts.share >= 0.98
    if found.advice is Advice.TIGHTEN:
        assert days >= 14
        assert found.next_policy == NEXT[policy]


@pytest.mark.parametrize(
    ("emails", "passed", "failing", "expected"),
    [
        (12_410, 12_249, 2, "98.7 % of 12,410 emails in the last 30 days passed DMARC; 2 sources fail."),
        (1, 1, 0, "100 % of 1 email in the last 30 days passed DMARC."),
        (2, 0, 1, "0 % of 2 emails in the last 30 days passed DMARC; 1 source fails."),
        (100_000, 99_999, 0, "99.9 % of 100,000 emails in the last 30 days passed DMARC."),
    ],
)
def test_the_first_sentence(emails: int, passed: int, failing: int, expected: str) -> None:
    given_facts = Facts("none", emails=emails, passed=passed)
    assert answer(given_facts, 30, failing).replace("\N{NO-BREAK SPACE}", " ") == expected


@pytest.mark.parametrize(
    ("address", "share", "signed_by_us", "reasons", "expected"),
    [
        ("192.0.2.1", 1.0, True, [], SourceKind.OURS),
        ("192.0.2.1", 0.0, False, ["forwarded"], SourceKind.OURS),
        ("192.0.2.9", 1.0, True, [], SourceKind.FORWARDED),
        ("192.0.2.9", 1.0, False, [], SourceKind.SERVICE),
        ("192.0.2.9", 0.98, False, ["local_policy"], SourceKind.SERVICE),
        ("192.0.2.9", 0.97, True, [], SourceKind.PARTLY),
        ("192.0.2.9", 0.2, True, ["mailing_list"], SourceKind.ALTERED),
        ("192.0.2.9", 0.5, False, [], SourceKind.PARTLY),
        ("192.0.2.9", 0.49, False, ["local_policy"], SourceKind.FAILING),
    ],
)
def test_what_an_address_is(
    address: str, share: float, signed_by_us: bool, reasons: list[str], expected: SourceKind
) -> None:
    assert kind_of(address, share, ours={"192.0.2.1"}, signed_by_us=signed_by_us, reasons=reasons) is expected


@pytest.mark.parametrize(
    ("record", "policy", "expected"),
    [
        ("v=DMARC1; p=none; rua=mailto:a@x.t; fo=1", "quarantine", "v=DMARC1; p=quarantine; rua=mailto:a@x.t; fo=1"),
        ("v=DMARC1;p=quarantine;pct=20;", "reject", "v=DMARC1; p=reject"),
        ("v=DMARC1;p=quarantine;t=y", "quarantine", "v=DMARC1; p=quarantine"),
        ("V=DMARC1; P=None; sp=none", "reject", "v=DMARC1; p=reject; sp=none"),
        ("", "none", "v=DMARC1; p=none"),
    ],
)
def test_only_the_policy_changes(record: str, policy: str, expected: str) -> None:
    assert with_policy(record, policy) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=DMARC1; p=none", f"v=DMARC1; p=none; rua=mailto:{US}"),
        ("v=DMARC1; p=none; rua=mailto:a@x.test", f"v=DMARC1; p=none; rua=mailto:a@x.test,mailto:{US}"),
        ("v=DMARC1; p=none; rua=mailto:DMARC@Platform.test!5m", "v=DMARC1; p=none; rua=mailto:DMARC@Platform.test!5m"),
    ],
)
def test_our_address_is_added_once_beside_the_others(record: str, expected: str) -> None:
    assert with_reports_to(record, US) == expected
    assert US in reports_to(with_reports_to(record, US))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["google-site-verification=1", " v=DMARC1; p=none "], "v=DMARC1; p=none"),
        (["p=none; v=DMARC1"], ""),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], ""),
        (["v=spf1 -all"], ""),
        ([], ""),
    ],
)
def test_the_one_dmarc_record_is_found(values: list[str], expected: str) -> None:
    assert dmarc_record(values) == expected


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=80))
def test_any_text_can_be_read_and_changed(text: str) -> None:
    assert tags(with_policy(text, "reject"))["p"] == "reject"
    assert US in reports_to(with_reports_to(text, US)) or "rua" in tags(text)
