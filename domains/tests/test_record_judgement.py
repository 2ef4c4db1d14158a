"""The records a domain needs, and how each answer of DNS is judged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.answers import Answer, Outcome
from domains.records import (
    AdviceCode,
    ExpectedRecord,
    Judgement,
    RecordKey,
    RecordStatus,
    doubled_name,
    expected_records,
    judge,
)

RECORDS = expected_records(
    "orders.brightwater.example", "mt3kq9x2", [("mt1", "k7f3q2"), ("mt2", "p0d9wz")], "deliver.example"
)
BY_KEY = {record.key: record for record in RECORDS}
VERIFICATION, DMARC = BY_KEY[RecordKey.VERIFICATION], BY_KEY[RecordKey.DMARC]


def found(*values: str) -> Answer:
    return Answer(Outcome.FOUND, values, 300)


def test_the_records_are_those_of_the_contract() -> None:
    assert [(r.key, r.type, r.name, r.value, r.required) for r in RECORDS] == [
        ("verification", "CNAME", "mt3kq9x2", "smtp.deliver.example", True),
        ("dkim1", "CNAME", "mt1._domainkey", "mt1.k7f3q2.dkim.deliver.example", True),
        ("dkim2", "CNAME", "mt2._domainkey", "mt2.p0d9wz.dkim.deliver.example", True),
        ("dmarc", "TXT", "_dmarc", "v=DMARC1; p=none; rua=mailto:dmarc@deliver.example", True),
        ("link_verification", "CNAME", "mt-link", "t.deliver.example", False),
    ]
    assert VERIFICATION.fqdn == "mt3kq9x2.orders.brightwater.example"


@pytest.mark.parametrize(
    ("answer", "status", "advice"),
    [
        (None, RecordStatus.UNCHECKED, AdviceCode.UNCHECKED),
        (found("smtp.deliver.example"), RecordStatus.PASSED, AdviceCode.NONE),
        (found("SMTP.Deliver.Example."), RecordStatus.PASSED, AdviceCode.NONE),
        (Answer(Outcome.NXDOMAIN), RecordStatus.MISSING, AdviceCode.NOT_FOUND),
        (Answer(Outcome.NO_DATA), RecordStatus.MISSING, AdviceCode.OTHER_TYPE),
        (Answer(Outcome.TIMEOUT), RecordStatus.NETWORK_ERROR, AdviceCode.TIMEOUT),
        (Answer(Outcome.SERVFAIL), RecordStatus.NETWORK_ERROR, AdviceCode.SERVFAIL),
        (found("smtp.other.example"), RecordStatus.FAIL, AdviceCode.OTHER_VALUE),
        (found("smtp.deliver.exa"), RecordStatus.FAIL, AdviceCode.VALUE_CUT_SHORT),
        (found('"smtp.deliver.example"'), RecordStatus.FAIL, AdviceCode.VALUE_QUOTED),
        (found("smtp.deliver.example", "other.example"), RecordStatus.FAIL, AdviceCode.SEVERAL_VALUES),
        (found("smtp.deliver.example.orders.brightwater.example"), RecordStatus.FAIL, AdviceCode.VALUE_DOUBLED),
        (found("smtp.deliver.example.brightwater.example"), RecordStatus.FAIL, AdviceCode.VALUE_DOUBLED),
    ],
)
def test_a_cname_is_judged(answer: Answer | None, status: RecordStatus, advice: AdviceCode) -> None:
    judgement = judge(VERIFICATION, answer)
    assert (judgement.status, judgement.advice) == (status, advice)


@pytest.mark.parametrize(
    ("values", "advice"),
    [
        (("v=DMARC1; p=none; rua=mailto:dmarc@deliver.example",), AdviceCode.NONE),
        (("v=DMARC1;p=reject",), AdviceCode.NONE),
        (("V = DMARC1 ; P = Quarantine ; pct=abc; x=1;",), AdviceCode.NONE),
        (("v=DMARC1; rua=mailto:a@b.example; p=none",), AdviceCode.NONE),
        (("google-site-verification=abc", "v=DMARC1; p=none"), AdviceCode.NONE),
        (("v=DMARC1; p=none", "v=DMARC1; p=reject"), AdviceCode.DMARC_SEVERAL),
        (("v=DMARC1",), AdviceCode.DMARC_POLICY_MISSING),
        (("v=DMARC1; p=monitor",), AdviceCode.DMARC_POLICY_UNKNOWN),
        (("v=DMARC1; p=",), AdviceCode.DMARC_POLICY_UNKNOWN),
        (("v=DMARC1; p=none; p=reject",), AdviceCode.DMARC_SYNTAX),
        (("v=DMARC1; none",), AdviceCode.DMARC_SYNTAX),
        (("v=dmarc1; p=none",), AdviceCode.DMARC_VERSION),
        (("p=none; v=DMARC1",), AdviceCode.DMARC_VERSION),
        (('"v=DMARC1; p=none"',), AdviceCode.VALUE_QUOTED),
        (("“v=DMARC1; p=none”",), AdviceCode.VALUE_QUOTED),
    ],
)
def test_a_dmarc_record_is_judged_by_its_syntax(values: tuple[str, ...], advice: AdviceCode) -> None:
    judgement = judge(DMARC, found(*values))
    assert judgement.advice is advice
    assert (judgement.status is RecordStatus.PASSED) == (advice is AdviceCode.NONE)


@pytest.mark.parametrize("answer", [Answer(Outcome.NXDOMAIN), Answer(Outcome.NO_DATA), found("some other text")])
def test_a_text_that_is_not_dmarc_leaves_the_policy_missing(answer: Answer) -> None:
    assert judge(DMARC, answer) == Judgement(RecordStatus.MISSING, AdviceCode.NOT_FOUND)


def test_a_record_under_the_doubled_name_is_named() -> None:
    assert doubled_name(VERIFICATION) == "mt3kq9x2.orders.brightwater.example.orders.brightwater.example"
    judgement = judge(VERIFICATION, Answer(Outcome.NXDOMAIN), doubled=found("smtp.deliver.example"))
    assert judgement == Judgement(RecordStatus.FAIL, AdviceCode.NAME_DOUBLED)


def test_a_doubled_name_is_no_news_once_the_record_stands() -> None:
    assert judge(VERIFICATION, found("smtp.deliver.example"), doubled=found("x.example")).status is RecordStatus.PASSED


@given(st.sampled_from(RECORDS), st.lists(st.text(max_size=60), max_size=3))
def test_only_the_right_target_or_a_policy_passes(record: ExpectedRecord, values: list[str]) -> None:
    judgement = judge(record, found(*values))
    if judgement.status is RecordStatus.PASSED:
        assert any(value.strip().rstrip(".").lower() == record.value or "DMARC1" in value for value in values)
    else:
        assert judgement.advice is not AdviceCode.NONE
