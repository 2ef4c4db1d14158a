"""The window's promises, against a list of all that was ever let through."""

from bisect import bisect_right
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.sliding_window import CELLS, WORDS, take

WINDOW = 1000
AT = 3
NEIGHBOURS = 7
SMALL = st.integers(1, 4)
LARGE = st.sampled_from([CELLS - 1, CELLS + 1, 2 * CELLS, 2 * CELLS + 1, 1000, 2500])
GAPS = st.sampled_from([0, 0, 1, 7, WINDOW // 2, WINDOW - 1, WINDOW, WINDOW + 1, 9 * WINDOW])
BURSTS = st.lists(st.tuples(GAPS, st.sampled_from([0.01, 0.2, 0.5, 0.999, 1.0, 1.2])), max_size=12)
"""Gaps before bursts of so many times the limit."""


class Killed(Exception):
    pass


class Memory:
    """Words that outlive whoever is killed after so many writes into them."""

    def __init__(self) -> None:
        self.words = memoryview(bytearray(8 * (AT + WORDS + NEIGHBOURS))).cast("Q")
        self.writes_left = -1

    def __getitem__(self, where: Any) -> Any:
        return self.words[where]

    def __setitem__(self, where: Any, value: Any) -> None:
        if self.writes_left == 0:
            raise Killed
        self.writes_left -= 1
        self.words[where] = value


class Client:
    """Asks, and remembers when it was let through."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.memory: Any = Memory()
        self.passed: list[int] = []

    def ask(self, now: int) -> tuple[int, int]:
        left, frees_at = take(self.memory, AT, now, WINDOW, self.most)
        if left >= 0:
            self.passed.append(now)
        return left, frees_at

    def counted(self, now: int) -> int:
        return len(self.passed) - bisect_right(self.passed, now - WINDOW)


@settings(deadline=None, max_examples=60)
@given(most=SMALL | st.just(CELLS), bursts=BURSTS)
def test_exactly_who_has_used_up_the_limit_within_the_window_is_refused(most: int, bursts: list[tuple[int, float]]):
    client, now = Client(most), 10**18
    for gap, share in bursts:
        now += gap
        for _ in range(round(most * share) or 1):
            counted = client.counted(now)
            left, frees_at = client.ask(now)
            assert left == most - counted - 1 if counted < most else left == -1
            assert frees_at == client.passed[-client.counted(now)] + WINDOW
            now += 1
    words = client.memory.words
    assert not any(words[:AT]) and not any(words[AT + WORDS :])


@settings(deadline=None, max_examples=60)
@given(most=LARGE, bursts=BURSTS, pace=st.integers(0, 2))
def test_of_a_large_limit_nobody_below_it_is_refused_and_less_than_one_in_a_hundred_passes_too_early(
    most: int, bursts: list[tuple[int, float]], pace: int
):
    client, now = Client(most), 10**18
    for gap, share in bursts:
        now += gap
        for _ in range(round(most * share)):
            now += pace
            left, frees_at = client.ask(now)
            assert left < most
            assert now < frees_at <= now + WINDOW
            if left < 0:
                assert client.counted(now) >= most
                assert frees_at <= client.passed[-most] + WINDOW
        assert client.counted(now) <= most + (most - 1) // CELLS


@settings(deadline=None, max_examples=60)
@given(most=SMALL | LARGE, bursts=BURSTS, early=st.integers(0, 3))
def test_whoever_waits_as_long_as_he_is_told_is_let_through_and_not_before(
    most: int, bursts: list[tuple[int, float]], early: int
):
    client, now = Client(most), 10**18
    for gap, share in [*bursts, (0, 1.2)]:
        now += gap
        told = [client.ask(now) for _ in range(round(most * share) or 1)]
    while told[-1][0] >= 0:
        told.append(client.ask(now))
    frees_at = told[-1][1]
    assert (client.ask(max(frees_at - early, now))[0] >= 0) == (early == 0)


@given(most=SMALL, calls=st.lists(st.tuples(GAPS, st.none() | st.integers(0, 3)), max_size=40))
def test_whoever_is_killed_while_counting_has_counted_nothing(most: int, calls: list[tuple[int, int | None]]):
    client, now = Client(most), 10**18
    for gap, writes in calls:
        now += gap
        counted = client.counted(now)
        client.memory.writes_left = -1 if writes is None else writes
        try:
            left = client.ask(now)[0]
        except Killed:
            continue
        assert left == (most - counted - 1 if counted < most else -1)


def test_a_clock_that_was_set_back_refuses_nobody():
    client = Client(2)
    assert [client.ask(5000)[0] for _ in range(3)] == [1, 0, -1]
    assert [client.ask(4999) for _ in range(3)] == [(1, 5999), (0, 5999), (-1, 5999)]


def test_another_limit_begins_anew():
    client = Client(2)
    assert [client.ask(5000)[0] for _ in range(3)] == [1, 0, -1]
    client.most = 200
    assert client.ask(5000)[0] == 199
