"""What is said about a record: the mistake, one change, and when it will be seen."""

from typing import Any

import pytest

from domains.advice import AdviceCode
from domains.diagnosis import explain
from domains.diagnosis_words import MISTAKES, REMARKS
from domains.records import RecordKey, expected_records

RECORDS = {
    record.key: record
    for record in expected_records("mail.shop.test", "mt07", [("mt1", "a"), ("mt2", "b")], "deliver.test")
}
VERIFICATION, DMARC = RECORDS[RecordKey.VERIFICATION], RECORDS[RecordKey.DMARC]


def answered(server: str, kind: str, values: list[str], ttl: int) -> dict[str, Any]:
    outcome = "found" if values else "nxdomain"
    return {"server": server, "kind": kind, "outcome": outcome, "values": values, "ttl": ttl}


RIGHT, WRONG = ["smtp.deliver.test"], ["old.deliver.test"]


def test_a_late_resolver_is_named_with_the_time_that_is_left() -> None:
    seen = [
        answered("ns1.shop.test", "authoritative", RIGHT, 3600),
        answered("1.1.1.1", "resolver", RIGHT, 3000),
        answered("8.8.8.8", "resolver", WRONG, 2640),
    ]
    said = explain(VERIFICATION, AdviceCode.STALE, RIGHT, seen, age=120)
    assert said is not None
    assert said.sentence == "Published; the resolver 8.8.8.8 still has the old value for 42\N{NO-BREAK SPACE}min."
    assert said.is_remark
    later = explain(VERIFICATION, AdviceCode.STALE, RIGHT, seen, age=2640)
    assert later is not None
    assert later.sentence == "Published; every resolver should have it by now."


def test_a_resolver_that_remembers_nothing_is_told_from_one_with_an_old_value() -> None:
    seen = [answered("ns1.shop.test", "authoritative", RIGHT, 3600), answered("8.8.8.8", "resolver", [], 300)]
    said = explain(VERIFICATION, AdviceCode.STALE, RIGHT, seen)
    assert said is not None
    assert "8.8.8.8 remembers for 5\N{NO-BREAK SPACE}min that there was nothing" in said.sentence


@pytest.mark.parametrize("order", [1, -1])
def test_the_server_that_was_not_updated_is_named_whichever_answers_first(order: int) -> None:
    seen = [answered("ns1.test", "authoritative", RIGHT, 60), answered("ns2.test", "authoritative", WRONG, 60)]
    said = explain(VERIFICATION, AdviceCode.SERVERS_DISAGREE, RIGHT, seen[::order])
    assert said is not None
    assert "do not agree: ns2.test still has something else" in said.sentence
    assert said.when == ""


def test_a_change_is_seen_by_us_at_once_and_by_others_after_the_ttl() -> None:
    seen = [answered("ns1.test", "authoritative", WRONG, 300), answered("8.8.8.8", "resolver", WRONG, 120)]
    said = explain(VERIFICATION, AdviceCode.OTHER_VALUE, WRONG, seen)
    assert said is not None
    assert said.wrong == "old.deliver.test"
    assert said.sentence == "The record points somewhere else. Change its value to smtp.deliver.test."
    assert said.when == (
        "We see the change with our next check; others may see the old answer for up to 5\N{NO-BREAK SPACE}min."
    )
    indirect = explain(VERIFICATION, AdviceCode.OTHER_VALUE, WRONG, seen[1:])
    assert indirect is not None
    assert indirect.when == "The change is seen once the old answer is forgotten, within 2\N{NO-BREAK SPACE}min."


def test_a_record_one_level_too_high_is_told_its_name_within_the_zone() -> None:
    said = explain(VERIFICATION, AdviceCode.ON_PARENT, ["shop.test"])
    assert said is not None
    assert said.wrong == "mt07.shop.test"
    assert "Change the name to mt07.mail." in said.sentence


@pytest.mark.parametrize("record", [VERIFICATION, DMARC])
@pytest.mark.parametrize("advice", [code for code in AdviceCode if code not in (AdviceCode.NONE, AdviceCode.UNCHECKED)])
def test_every_advice_is_one_whole_sentence_for_any_record(record, advice: AdviceCode) -> None:
    said = explain(record, advice, ["shop.test", "x"], [answered("ns1.test", "authoritative", WRONG, 60)])
    assert said is not None
    assert said.sentence.endswith((".", "…"))
    assert "%(" not in said.sentence


def test_no_advice_has_two_sentences() -> None:
    assert not set(MISTAKES) & set(REMARKS)
