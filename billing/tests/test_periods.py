"""Monthly periods lie end to end, whatever the day of sign-up."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.periods import Period, period_of

moments = st.datetimes(
    min_value=datetime.fromisoformat("1990-01-01"),
    max_value=datetime.fromisoformat("2200-01-01"),
    timezones=st.just(UTC),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(moments, moments)
def test_every_instant_lies_in_its_period(anchor: datetime, now: datetime):
    period = period_of(anchor, now)
    assert period.starts_at <= now < period.ends_at


@given(moments, moments)
def test_periods_lie_end_to_end(anchor: datetime, now: datetime):
    period = period_of(anchor, now)
    following = period_of(anchor, period.ends_at)
    previous = period_of(anchor, period.starts_at - timedelta(microseconds=1))
    assert following.starts_at == period.ends_at
    assert previous.ends_at == period.starts_at


@given(moments, moments)
def test_any_two_instants_of_a_period_agree_on_it(anchor: datetime, now: datetime):
    period = period_of(anchor, now)
    assert period_of(anchor, period.starts_at) == period
    assert period_of(anchor, period.ends_at - timedelta(microseconds=1)) == period


@given(moments, moments)
def test_a_period_is_a_month_long(anchor: datetime, now: datetime):
    period = period_of(anchor, now)
    assert timedelta(days=28) <= period.ends_at - period.starts_at <= timedelta(days=31)


@given(moments)
def test_the_first_period_starts_at_the_anchor(anchor: datetime):
    assert period_of(anchor, anchor).starts_at == anchor


@given(moments, moments, st.integers(-14 * 60, 14 * 60))
def test_the_zone_of_what_is_given_makes_no_difference(anchor: datetime, now: datetime, minutes: int):
    zone = timezone(timedelta(minutes=minutes))
    assert period_of(anchor.astimezone(zone), now.astimezone(zone)) == period_of(anchor, now)


@pytest.mark.parametrize(
    ("anchor", "now", "starts_at", "ends_at"),
    [
        ("2026-01-31T12:00", "2026-02-01T00:00", "2026-01-31T12:00", "2026-02-28T12:00"),
        ("2026-01-31T12:00", "2026-02-28T11:59", "2026-01-31T12:00", "2026-02-28T12:00"),
        ("2026-01-31T12:00", "2026-02-28T12:00", "2026-02-28T12:00", "2026-03-31T12:00"),
        ("2026-01-31T12:00", "2026-04-30T12:00", "2026-04-30T12:00", "2026-05-31T12:00"),
        ("2028-01-30T00:00", "2028-02-29T00:00", "2028-02-29T00:00", "2028-03-30T00:00"),
        ("2028-02-29T08:00", "2029-02-28T08:00", "2029-02-28T08:00", "2029-03-29T08:00"),
        ("2028-02-29T08:00", "2032-02-29T07:59", "2032-01-29T08:00", "2032-02-29T08:00"),
        ("2026-12-15T00:00", "2027-01-14T23:59", "2026-12-15T00:00", "2027-01-15T00:00"),
    ],
)
def test_short_months_and_leap_years(anchor: str, now: str, starts_at: str, ends_at: str):
    assert period_of(at(anchor), at(now)) == Period(at(starts_at), at(ends_at))
