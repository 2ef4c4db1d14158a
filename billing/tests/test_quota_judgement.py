"""What the meter says about use and limit."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.periods import Period
from billing.quota import Level, judge

NOVEMBER = Period(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
MIDDLE = NOVEMBER.starts_at + timedelta(days=15)


@pytest.mark.parametrize(
    ("used", "level"),
    [
        (0, Level.CALM),
        (3199, Level.CALM),
        (3200, Level.WATCH),
        (3600, Level.ACT),
        (3999, Level.ACT),
        (4000, Level.FULL),
    ],
)
def test_the_level_changes_at_80_90_and_100_percent(used: int, level: Level):
    assert judge(used, 4000, NOVEMBER, MIDDLE).level is level


def test_at_an_even_pace_the_day_it_is_full_is_foretold():
    judged = judge(3000, 4000, NOVEMBER, MIDDLE)
    assert judged.full_at == MIDDLE + timedelta(days=5)
    assert judged.forecast == 6000
    assert (judged.percent, judged.remaining) == (75.0, 1000)


def test_nothing_is_foretold_when_the_period_ends_first():
    judged = judge(1000, 4000, NOVEMBER, MIDDLE)
    assert judged.full_at is None
    assert judged.forecast == 2000


def test_the_first_minutes_do_not_foretell_a_full_meter():
    judged = judge(10, 4000, NOVEMBER, NOVEMBER.starts_at + timedelta(minutes=1))
    assert judged.full_at is None


def test_a_limit_that_would_take_millions_of_years_is_not_foretold():
    assert judge(1, 10**9, NOVEMBER, MIDDLE).full_at is None


def test_a_full_meter_is_not_foretold_but_full():
    judged = judge(4000, 4000, NOVEMBER, MIDDLE)
    assert judged.is_full
    assert (judged.full_at, judged.remaining) == (None, 0)


def test_more_used_than_a_smaller_plan_allows_is_simply_full():
    judged = judge(9000, 4000, NOVEMBER, MIDDLE)
    assert (judged.percent, judged.remaining, judged.level) == (100.0, 0, Level.FULL)


def test_without_a_limit_nothing_is_judged():
    judged = judge(9000, None, NOVEMBER, MIDDLE)
    assert (judged.level, judged.remaining, judged.full_at) == (Level.CALM, None, None)


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.floats(0, 1, exclude_max=True))
def test_the_parts_agree_with_each_other(used: int, limit: int, part: float):
    now = NOVEMBER.starts_at + part * (NOVEMBER.ends_at - NOVEMBER.starts_at)
    judged = judge(used, limit, NOVEMBER, now)
    assert 0 <= judged.percent <= 100
    assert judged.remaining == max(limit - used, 0)
    assert judged.is_full == (used >= limit)
    assert judged.forecast >= used
    if judged.full_at is not None:
        assert now <= judged.full_at < NOVEMBER.ends_at
