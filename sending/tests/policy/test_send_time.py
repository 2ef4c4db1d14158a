"""When a mail is to leave, as a client may write it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.policy.refusal import Reason, Refusal
from sending.policy.send_time import LONGEST_AHEAD, read_send_time

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-22T14:30:00Z", datetime(2026, 11, 22, 14, 30, tzinfo=UTC)),
        ("2026-11-22t14:30:00.25z", datetime(2026, 11, 22, 14, 30, 0, 250_000, tzinfo=UTC)),
        ("2026-11-22 14:30:00+02:00", datetime(2026, 11, 22, 12, 30, tzinfo=UTC)),
        (" 2026-11-22T08:30:00-05:30", datetime(2026, 11, 22, 14, tzinfo=UTC)),
        ("2026-12-22T12:00:00Z", NOW + LONGEST_AHEAD),
        (1795350600, datetime(2026, 11, 22, 12, 30, tzinfo=UTC)),
        ("1795350600", datetime(2026, 11, 22, 12, 30, tzinfo=UTC)),
        ("2026-11-22T12:00:00Z", None),
        ("2026-11-22T13:59:59+02:00", None),
        ("0001-01-01T00:00:00+23:59", None),
        (0, None),
        (-(10**30), None),
        ("-1", None),
    ],
)
def test_a_moment_is_read_and_one_that_has_passed_means_at_once(value, expected):
    assert read_send_time(value, NOW) == expected


NO_MOMENTS = [
    "",
    "tomorrow",
    "1.5",
    "2026-11-23",
    "2026-11-23T10:00:00",
    "2026-11-23T10:00Z",
    "2026-11-31T10:00:00Z",
    "20261123T100000Z",
    "2026-W48-1T10:00:00Z",
    "2026-11-23T10:00:00+0200",
    "2026-11-23T10:00:00+24:00",
    "٢٠٢٦-11-23T10:00:00Z",
]


@pytest.mark.parametrize("value", NO_MOMENTS)
def test_what_is_no_moment_is_refused(value):
    assert read_send_time(value, NOW).error == "'send_at' is not a date and time with its UTC offset"


@pytest.mark.parametrize("value", ["2026-12-22T12:00:01Z", "9999-12-31T23:59:59-23:59", 1797940801, 10**30, "9" * 20])
def test_thirty_days_are_the_most(value):
    assert read_send_time(value, NOW).error == "'send_at' is more than 30 days ahead"


@given(
    ahead=st.timedeltas(timedelta(days=-1), timedelta(days=31)),
    zone=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_whatever_zone_it_is_named_in_it_is_the_same_moment(ahead, zone):
    moment = (NOW + ahead).astimezone(zone)
    read = read_send_time(moment.isoformat(), NOW)
    if ahead <= timedelta(0):
        assert read is None
    elif ahead > LONGEST_AHEAD:
        assert read.reason is Reason.SEND_AT_INVALID
    else:
        assert (read, read.tzinfo) == (moment, UTC)


@given(st.text() | st.integers())
def test_anything_is_a_moment_or_a_refusal(value):
    assert isinstance(read_send_time(value, NOW), datetime | Refusal | None)
