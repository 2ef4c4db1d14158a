"""A mail may say when it leaves and how it is tracked."""

import uuid
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest

from sending.api.send.outcomes import answer_of
from sending.submission.draft import Accepted, Tracking
from sending.tests.api.send.composing import MAIL, composed, content


def test_a_mail_may_wait_for_its_moment():
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)
    for written in (moment.isoformat(), int(moment.timestamp())):
        made = composed({**MAIL, "send_at": written})
        assert made.draft.send_at == moment
        told = content(answer_of(Accepted(uuid.uuid4(), ()), made))["send_at"]
        assert told == moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert message_from_bytes(made.draft.message, policy=policy.default)["Date"].datetime == moment


@pytest.mark.parametrize("moment", [None, "2020-01-01T00:00:00Z", 0])
def test_a_moment_that_has_passed_is_now(moment):
    made = composed({**MAIL, "send_at": moment})
    assert made.draft.send_at is None
    assert "send_at" not in content(answer_of(Accepted(uuid.uuid4(), ()), made))


@pytest.mark.parametrize(
    ("moment", "error"),
    [
        ("tomorrow", "'send_at' is not a date and time with its UTC offset"),
        (True, "'send_at' is not a date and time with its UTC offset"),
        (1.5, "'send_at' is not a date and time with its UTC offset"),
        ({}, "'send_at' is not a date and time with its UTC offset"),
        ("2999-01-01T00:00:00Z", "'send_at' is more than 30 days ahead"),
        (10**30, "'send_at' is more than 30 days ahead"),
    ],
)
def test_what_is_no_moment_or_too_far_ahead_is_refused(moment, error):
    answer = composed({**MAIL, "send_at": moment})
    assert (answer.status, content(answer)["errors"]) == (400, [error])
    assert content(answer)["codes"] == ["send_at_invalid"]


@pytest.mark.parametrize(
    ("asked_for", "expected"),
    [
        (None, Tracking()),
        ({}, Tracking()),
        ({"opens": True, "unknown": 1}, Tracking(opens=True)),
        ({"opens": False, "clicks": None}, Tracking(opens=False)),
        ({"opens": False, "clicks": True}, Tracking(opens=False, clicks=True)),
    ],
)
def test_a_mail_may_say_how_it_is_tracked(asked_for, expected):
    assert composed({**MAIL, "tracking": asked_for}).draft.tracking == expected


@pytest.mark.parametrize("asked_for", [True, [], {"opens": 1}, {"clicks": "yes"}])
def test_what_is_neither_yes_nor_no_is_refused(asked_for):
    answer = composed({**MAIL, "tracking": asked_for})
    assert (answer.status, content(answer)["errors"]) == (400, ["'tracking' is invalid"])
