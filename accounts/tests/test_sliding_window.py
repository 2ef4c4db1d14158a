"""The window's promises, against a list of all that was ever let through."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from accounts.sliding_window import STEPS, WORDS, take

AT = 3
NEIGHBOURS = 7
GAPS = st.sampled_from([0, 0, 0, 1, 2, STEPS // 2, STEPS - 1, STEPS, 3 * STEPS])


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


def _memory() -> Any:
    return Memory()


@given(most=st.integers(1, 5), gaps=st.lists(GAPS, max_size=60), start=st.integers(0, 10 * STEPS))
def test_exactly_who_has_used_up_the_window_is_refused(most: int, gaps: list[int], start: int):
    memory, step = _memory(), start
    passed: list[int] = []
    for gap in gaps:
        step += gap
        counted = [one for one in passed if one > step - STEPS]
        left, leaves_at = take(memory, AT, step, most)
        assert left == most - len(counted) - 1
        if left >= 0:
            passed.append(step)
        assert leaves_at == min([*counted, step]) + STEPS
        assert len([one for one in passed if one > step - STEPS]) <= most
    assert not any(memory.words[:AT]) and not any(memory.words[AT + WORDS :])


@given(
    most=st.integers(1, 5),
    seconds=st.sampled_from([10, 60]),
    waits=st.lists(st.floats(0, 70, allow_subnormal=False), max_size=60),
)
def test_in_time_a_limit_holds_within_a_twentieth_and_nobody_below_it_is_refused(
    most: int, seconds: int, waits: list[float]
):
    memory, now = _memory(), 1_800_000_000.0
    passed: list[float] = []
    for wait in waits:
        now += wait / most
        left, leaves_at = take(memory, AT, int(now * STEPS / seconds), most)
        if left >= 0:
            passed.append(now)
            assert len([one for one in passed if one > now - seconds * (1 - 1 / STEPS)]) <= most
        else:
            assert len([one for one in passed if one > now - seconds]) >= most
            assert 0 <= leaves_at * seconds / STEPS - now <= seconds


@given(gaps=st.lists(GAPS, max_size=30), patience=st.integers(0, STEPS))
def test_whoever_waits_as_long_as_he_is_told_is_let_through_and_not_before(gaps: list[int], patience: int):
    memory, step = _memory(), 0
    for gap in gaps:
        take(memory, AT, step := step + gap, 3)
    while take(memory, AT, step, 3)[0] >= 0:
        pass
    told = take(memory, AT, step, 3)[1]
    left = take(memory, AT, step + patience, 3)[0]
    assert (left >= 0) == (step + patience >= told)


@given(most=st.integers(1, 4), calls=st.lists(st.tuples(GAPS, st.none() | st.integers(0, 3)), max_size=40))
def test_whoever_is_killed_while_counting_makes_nobody_refused_below_the_limit(
    most: int, calls: list[tuple[int, int | None]]
):
    memory, step = _memory(), 0
    counted: list[int] = []
    for gap, writes in calls:
        step += gap
        memory.writes_left = -1 if writes is None else writes
        try:
            left = take(memory, AT, step, most)[0]
        except Killed:
            counted.append(step)  # perhaps
            continue
        if left < 0:
            assert len([one for one in counted if one > step - STEPS]) >= most
        else:
            counted.append(step)


def test_a_clock_that_was_set_back_refuses_nobody():
    memory = _memory()
    assert [take(memory, AT, 1000, 2)[0] for _ in range(3)] == [1, 0, -1]
    assert [take(memory, AT, 999, 2) for _ in range(3)] == [(1, 999 + STEPS), (0, 999 + STEPS), (-1, 999 + STEPS)]
