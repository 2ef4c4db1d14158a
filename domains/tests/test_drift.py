"""What a look at DNS means: a verified domain is warned, warned again and stopped, and only for what is certain."""

from datetime import UTC, datetime, timedelta

import pytest

from domains.drift import Standing, Turn, after

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
DAYS = timedelta(days=1)
HOUR = timedelta(hours=1)
GRACE = 3 * DAYS
VERIFIED = Standing(NOW - 90 * DAYS)
UNVERIFIED = Standing(None)


def gone(hours: float) -> Standing:
    return Standing(VERIFIED.verified_at, NOW - timedelta(hours=hours))


LATELY = NOW - timedelta(minutes=12)


@pytest.mark.parametrize(
    ("was", "verdict", "becomes", "turn"),
    [
        (UNVERIFIED, True, Standing(NOW), Turn.VERIFIED),
        (UNVERIFIED, False, UNVERIFIED, Turn.NONE),
        (UNVERIFIED, None, UNVERIFIED, Turn.NONE),
        (VERIFIED, True, VERIFIED, Turn.NONE),
        (VERIFIED, None, VERIFIED, Turn.NONE),
        (VERIFIED, False, gone(0), Turn.GONE),
        (gone(1), True, VERIFIED, Turn.BACK),
        (gone(71), True, VERIFIED, Turn.BACK),
        (gone(500), True, VERIFIED, Turn.BACK),
        (gone(1), False, gone(1), Turn.NONE),
        (gone(47.9), False, gone(47.9), Turn.NONE),
        (gone(48), False, gone(48), Turn.STILL_GONE),
        (gone(71.9), False, gone(71.9), Turn.STILL_GONE),
        (gone(72), False, UNVERIFIED, Turn.STOPPED),
        (gone(500), False, UNVERIFIED, Turn.STOPPED),
    ],
)
def test_a_look_moves_a_domain(was: Standing, verdict: bool | None, becomes: Standing, turn: Turn) -> None:
    assert after(was, verdict, NOW, GRACE, looked_at=LATELY) == (becomes, turn)


def test_the_second_warning_is_given_once() -> None:
    assert after(gone(50), False, NOW, GRACE, looked_at=LATELY, warned_twice=True) == (gone(50), Turn.NONE)


def test_a_grace_of_a_day_or_less_has_one_warning() -> None:
    assert after(gone(23), False, NOW, DAYS, looked_at=LATELY) == (gone(23), Turn.NONE)


def test_time_in_which_dns_did_not_answer_does_not_count() -> None:
    assert after(gone(500), None, NOW, GRACE, looked_at=NOW - HOUR) == (gone(499), Turn.NONE)
    assert after(gone(72.1), None, NOW, GRACE, looked_at=LATELY) == (gone(71.9), Turn.NONE)


def test_time_in_which_we_did_not_look_does_not_count_either() -> None:
    """A service that was down for days must not stop a domain by the first thing it does."""
    assert after(gone(80), False, NOW, GRACE, looked_at=NOW - 79 * HOUR) == (gone(1), Turn.NONE)
    assert after(gone(80), False, NOW, GRACE, looked_at=NOW - HOUR) == (UNVERIFIED, Turn.STOPPED)


def test_a_grace_that_failures_interrupt_is_as_long_as_one_they_do_not() -> None:
    """Every other look fails, so the three days take six."""
    turns: list[Turn] = []
    standing, now, step = VERIFIED, NOW, timedelta(minutes=12)
    looked_at = NOW - step
    while not turns or turns[-1] is not Turn.STOPPED:
        verdict = False if (now - NOW) // step % 2 == 0 else None
        standing, turn = after(
            standing, verdict, now, GRACE, looked_at=looked_at, warned_twice=Turn.STILL_GONE in turns
        )
        turns += [turn] if turn is not Turn.NONE else []
        looked_at, now = now, now + step
    assert turns == [Turn.GONE, Turn.STILL_GONE, Turn.STOPPED]
    assert 6 * DAYS - HOUR < now - NOW < 6 * DAYS + HOUR
