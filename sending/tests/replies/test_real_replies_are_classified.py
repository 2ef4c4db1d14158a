"""The bounce rules on replies that receiving servers really gave; `corpus/README.md` says where they are from."""

import json
from collections import Counter
from pathlib import Path

import pytest

from sending.protocol.reply import parse_reply
from sending.replies.classify import CURES, Category, Cure, Phase, classify
from sending.suppressions.consequences import SUPPRESSING

REPLIES = Path(__file__).with_name("corpus")
CASES = [json.loads(line) for name in ("replies", "own") for line in (REPLIES / f"{name}.jsonl").open()]
SEEN = [case for case in CASES if not case["held_back"]]
HELD_BACK = [case for case in CASES if case["held_back"]]


def verdict_of(case):
    return classify(parse_reply(case["reply"].encode() + b"\r\n"), Phase.RCPT)


@pytest.mark.parametrize("case", SEEN, ids=lambda case: case["reply"][:60])
def test_a_reply_means_what_a_person_read_in_it(case):
    assert verdict_of(case).category == case["category"]


def test_the_rules_do_as_well_on_replies_that_were_held_back(record_property):
    right = sum(verdict_of(case).category == case["category"] for case in HELD_BACK)
    record_property("held back", f"{right} of {len(HELD_BACK)}")
    print(f"Replies held back from the rules: {right} of {len(HELD_BACK)} as a person read them.")
    assert len(HELD_BACK) == 40
    assert right >= 36


def test_no_refusal_of_the_sender_is_taken_for_a_bad_recipient():
    """The one mistake that does lasting harm: it would suppress whoever got the mail."""
    wrong = [
        case["reply"]
        for case in CASES
        if case["category"] not in SUPPRESSING and verdict_of(case).category in SUPPRESSING
    ]
    assert wrong == []


def test_each_category_has_eight_cases_and_somebody_who_can_mend_it():
    counts = Counter(case["category"] for case in CASES)
    assert {category.value: counts[category] for category in Category if counts[category] < 8} == {}
    assert set(CURES) == set(Category)


@pytest.mark.parametrize(
    ("reply", "cure"),
    [
        ("550 5.1.1 No such user", Cure.RECIPIENT),
        ("550 5.7.26 DMARC failed", Cure.SENDER),
        ("550 5.7.1 Service unavailable, client host [192.0.2.1] blocked using Spamhaus", Cure.OPERATOR),
        ("550 5.7.1 The domain in your mail is listed in SURBL", Cure.SENDER),
        ("550 5.7.25 192.0.2.1 has no PTR record", Cure.OPERATOR),
        ("451 4.3.0 Internal error", Cure.RECEIVER),
    ],
)
def test_who_can_mend_it(reply, cure):
    assert classify(parse_reply(reply.encode() + b"\r\n"), Phase.RCPT).cure is cure
