"""What control headers ask for is in the draft and not in the message; what cannot be followed is refused."""

from datetime import UTC, datetime

import pytest

from sending.models import Stream
from sending.policy.refusal import Reason, Refusal
from sending.protocol.smtp_path import Path
from sending.protocol.smtp_server_events import ReceivedEnvelope
from sending.submission.draft import Draft, Tracking
from sending.submission.smtp_draft import Origin, draft_of
from sending.tests.drafts import message

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ENVELOPE = ReceivedEnvelope(Path("alice", "example.test"), (Path("rita", "far.test"), Path("bob", "far.test")))


def origin(stream=Stream.TRANSACTIONAL):
    return Origin(1, 1, stream, "192.0.2.1", "live.smtp.platform.test", "ESMTPSA", None)


def draft_with(*controls, envelope=ENVELOPE, stream=Stream.TRANSACTIONAL, **changes):
    extra = "".join(f"{one}\r\n" for one in controls)
    return draft_of(envelope, message(extra=extra, **changes), origin(stream), NOW)


def test_nothing_asked_for_is_nothing_changed():
    draft = draft_with()
    assert (draft.category, draft.custom_variables, draft.send_at) == (None, {}, None)
    assert (draft.tracking, draft.idempotency) == (Tracking(), None)


def test_each_wish_is_read_and_taken_off():
    draft = draft_with(
        "X-MT-Category: =?utf-8?q?Gr=C3=BC=C3=9Fe?=",
        'x-mt-custom-variables: {"user": "1",\r\n "list": [2, 3], "none": []}',
        "X-Mt-Send-At: 2026-11-23T10:30:00+01:00",
        "X-MT-Track-Opens:\r\n Yes",
        "X-MT-Track-Clicks: no",
        "Idempotency-Key: order-4711",
        "X-MT-Unknown: 1",
        "X-Mine: stays",
    )
    assert (draft.category, draft.custom_variables) == ("Grüße", {"user": "1", "list": 2, "none": None})
    assert draft.send_at == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert draft.tracking == Tracking(opens=True, clicks=False)
    assert draft.idempotency.key == "order-4711"
    left = draft.message.lower()
    assert b"x-mine: stays\r\n" in left
    assert not any(gone in left for gone in (b"x-mt-", b"idempotency", b"4711", b"track"))


@pytest.mark.parametrize("moment", ["2026-11-22T08:59:59Z", "0", "1700000000"])
def test_a_moment_that_has_passed_is_at_once(moment):
    assert draft_with(f"X-MT-Send-At: {moment}").send_at is None


@pytest.mark.parametrize(
    ("controls", "reason", "reply"),
    [
        (["X-MT-Send-At: tomorrow"], Reason.SEND_AT_INVALID, "X-MT-Send-At is not a date and time with its UTC offset"),
        (["X-MT-Send-At: 2026-11-23T10:30:00"], Reason.SEND_AT_INVALID, None),
        (["X-MT-Send-At: 2027-11-23T10:30:00Z"], Reason.SEND_AT_INVALID, "X-MT-Send-At is more than 30 days ahead"),
        (["X-MT-Send-At:"], Reason.SEND_AT_INVALID, None),
        (["X-MT-Send-At: 0", "x-mt-send-at: 0"], Reason.SEND_AT_INVALID, "X-MT-Send-At stands more than once"),
        (["X-MT-Track-Opens: maybe"], Reason.TRACKING_INVALID, "X-MT-Track-Opens must be yes or no"),
        (["X-MT-Track-Clicks:"], Reason.TRACKING_INVALID, "X-MT-Track-Clicks must be yes or no"),
        (["X-MT-Track-Clicks: no"] * 2, Reason.TRACKING_INVALID, None),
        (["Idempotency-Key:"], Reason.IDEMPOTENCY_KEY_INVALID, "The Idempotency-Key header is invalid"),
        (["Idempotency-Key: two words"], Reason.IDEMPOTENCY_KEY_INVALID, None),
        (["Idempotency-Key: " + "k" * 256], Reason.IDEMPOTENCY_KEY_INVALID, None),
        (["Idempotency-Key: ü"], Reason.IDEMPOTENCY_KEY_INVALID, None),
        (["Idempotency-Key: a", "Idempotency-Key: a"], Reason.IDEMPOTENCY_KEY_INVALID, None),
    ],
)
def test_what_cannot_be_followed_is_refused(controls, reason, reply):
    refusal = draft_with(*controls)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is reason
    assert refusal.reply.code == 550
    assert reply in (None, refusal.reply.lines[0])


UNREADABLE = {
    "a value that is an object": 'X-MT-Custom-Variables: {"a": {"b": 1}}',
    "a list of lists": 'X-MT-Custom-Variables: {"a": [[1]]}',
    "nested beyond reason": 'X-MT-Custom-Variables: {"a":' + "[" * 960,
    "a category of two lines": "X-MT-Category: two\tlines",
}


@pytest.mark.parametrize("control", UNREADABLE.values(), ids=UNREADABLE)
def test_what_the_contract_has_and_cannot_be_read_is_passed_over(control):
    draft = draft_with(control)
    assert isinstance(draft, Draft)
    assert (draft.category, draft.custom_variables) == (None, {})


def key_of(**changes):
    return draft_with("Idempotency-Key: one", **changes).idempotency.fingerprint


def test_a_key_stands_for_what_stays_the_same_when_a_client_tries_again():
    again = ReceivedEnvelope(ENVELOPE.reverse_path, (Path("Bob", "FAR.test"), Path("rita", "far.test")))
    assert key_of(body="--another-boundary\r\n") == key_of(envelope=again) == key_of()
    fewer = ReceivedEnvelope(ENVELOPE.reverse_path, ENVELOPE.recipients[:1])
    from_another = ReceivedEnvelope(Path("bob", "example.test"), ENVELOPE.recipients)
    others = [
        key_of(subject="Other"),
        key_of(envelope=fewer),
        key_of(envelope=from_another),
        key_of(stream=Stream.BULK),
    ]
    assert len({key_of(), *others}) == 5
