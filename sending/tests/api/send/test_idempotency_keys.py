"""Keys that make a request repeatable: what they stand for, and what a client hears of a repetition."""

import uuid

import pytest

from sending.api.send.batch import answer_of_all, refusal_of_all, result_of
from sending.api.send.outcomes import answer_of
from sending.models import Stream
from sending.policy.refusal import Reason, Refusal
from sending.submission.draft import Accepted
from sending.tests.api.send.composing import BASE, MAIL, batch, composed, content

MISMATCH = Refusal(Reason.IDEMPOTENCY_MISMATCH)


def handed(made):
    """The drafts of a batch, which the policy then refuses: there is no such account."""
    return [one.composed.draft for part in made.parts for one in made.hand_over(part)]


def test_without_a_key_a_mail_has_none():
    assert composed().draft.idempotency is None


def test_a_key_stands_for_the_request_and_its_stream():
    raw = {"mail": b"From: a@example.test\r\nTo: r@far.test\r\n\r\n", "content_type": "message/rfc822"}
    first, again = composed(key="k").draft.idempotency, composed(key="k").draft.idempotency
    assert first == again
    assert (first.key, len(first.fingerprint)) == ("k", 32)
    others = [
        composed({**MAIL, "text": "Ho"}, key="k"),
        composed(key="k", stream=Stream.BULK),
        composed(key="k", **raw),
        composed(key="k", query="to=a@far.test", **raw),
    ]
    assert len({first.fingerprint, *(one.draft.idempotency.fingerprint for one in others)}) == 5


def test_a_key_in_the_body_goes_before_that_of_the_header():
    assert composed({**MAIL, "idempotency_key": "own"}, key="k").draft.idempotency.key == "own"


@pytest.mark.parametrize("key", ["", "a b", "a\t", "ü", "k" * 256])
def test_a_key_is_visible_ascii(key):
    for answer in (composed(key=key), composed({**MAIL, "idempotency_key": key}), batch({}, key=key)):
        assert (answer.status, content(answer)["codes"]) == (400, ["idempotency_key_invalid"])
    assert composed(key="k" * 255).draft.idempotency.key == "k" * 255


def test_a_replay_is_the_same_answer_and_says_so():
    ids = (uuid.uuid4(), uuid.uuid4())
    first = answer_of(Accepted(uuid.uuid4(), ids), composed(key="k"))
    again = answer_of(Accepted(uuid.uuid4(), ids, is_replay=True), composed(key="k"))
    assert (first.status, first.content) == (again.status, again.content)
    assert (first.headers, again.headers) == ((), (("Idempotent-Replayed", "true"),))


def test_a_key_that_was_used_for_another_mail_is_422():
    answer = answer_of(MISMATCH, composed(key="k"))
    assert (answer.status, content(answer)["codes"]) == (422, ["idempotency_mismatch"])


@pytest.mark.django_db
def test_each_mail_of_a_batch_has_a_key_and_all_stand_for_the_whole_body():
    requests = [{"to": MAIL["to"], "category": str(number)} for number in range(3)]
    first, again = (handed(batch(*requests, key="k")) for _ in range(2))
    assert [one.idempotency for one in first] == [one.idempotency for one in again]
    assert [one.idempotency.key for one in first] == ["k#0", "k#1", "k#2"]
    assert len({one.idempotency.fingerprint for one in first}) == 1
    shorter = handed(batch(*requests[:2], key="k"))[0].idempotency
    assert shorter.key == "k#0"
    assert shorter.fingerprint != first[0].idempotency.fingerprint


@pytest.mark.django_db
def test_a_long_key_of_a_batch_still_makes_valid_ones():
    made = {one.idempotency.key for key in ("k" * 255, "k" * 254 + "l") for one in handed(batch(*[MAIL] * 11, key=key))}
    assert len(made) == 22
    assert max(map(len, made)) <= 255


@pytest.mark.django_db
def test_a_mail_of_a_batch_may_bring_a_key_that_stands_for_it_alone():
    def keys(text, subject):
        requests = [{"to": MAIL["to"], "idempotency_key": "own", "text": text}, {"to": MAIL["to"]}]
        return [one.idempotency for one in handed(batch(*requests, key="k", base={**BASE, "subject": subject}))]

    first, again, other_text, other_base = keys("a", "s"), keys("a", "s"), keys("b", "s"), keys("a", "t")
    assert (first[0].key, first[1].key) == ("own", "k#1")
    assert first[0] == again[0]
    assert len({first[0].fingerprint, other_text[0].fingerprint, other_base[0].fingerprint}) == 3


@pytest.mark.django_db
def test_a_batch_whose_key_stands_for_another_one_is_422_before_the_rest_is_handed_over():
    made = batch(MAIL, MAIL, MAIL, key="k")
    assert [len(part) for part in made.parts] == [1, 2]
    results = [result_of(one, MISMATCH) for one in made.hand_over(made.parts[0])]
    assert refusal_of_all(results) == MISMATCH
    answer = answer_of_all(results)
    assert (answer.status, content(answer)["codes"]) == (422, ["idempotency_mismatch"])


@pytest.mark.django_db
def test_a_key_of_its_own_is_its_mails_own_business():
    own, other = batch({**MAIL, "idempotency_key": "own"}, MAIL, key="k").hand_over(range(2))
    results = [result_of(own, MISMATCH)]
    assert refusal_of_all(results) is None
    results.append(result_of(other, Accepted(uuid.uuid4(), (uuid.uuid4(),), is_replay=True)))
    results.append(result_of(other, MISMATCH))
    assert refusal_of_all(results) is None
    told = content(answer_of_all(results))["responses"]
    assert [one.get("codes") for one in told] == [["idempotency_mismatch"], None, ["idempotency_mismatch"]]
    assert [one.get("replayed") for one in told] == [None, True, None]
