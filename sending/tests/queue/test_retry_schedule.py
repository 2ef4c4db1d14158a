"""Promise 5: up to ten more attempts over about two days, the first within minutes."""

from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sending.log.explanation import TRIES
from sending.queue.schedule import DELAYS, next_attempt


@given(st.integers())
def test_ten_more_attempts_over_about_two_days(seed):
    rng = Random(seed)
    delays = [delay for number in range(1, 11) if (delay := next_attempt(number, rng)) is not None]
    assert len(delays) == 10
    assert next_attempt(11, rng) is None
    assert timedelta(minutes=2) <= delays[0] <= timedelta(minutes=5)
    assert all(delay >= timedelta(hours=1) * 0.75 for delay in delays[3:])
    assert timedelta(days=1.5) <= sum(delays, timedelta()) <= timedelta(days=2.5)


def test_messages_that_failed_together_do_not_return_together():
    rng = Random(1)
    assert len({next_attempt(1, rng) for _ in range(50)}) > 40


def test_the_page_counts_the_tries_that_the_schedule_makes():
    assert len(DELAYS) + 1 == TRIES
