"""How the time of some work grows with its input. CPU time of this thread, so that a busy machine changes little."""

import time
from collections.abc import Callable

FACTOR = 8
LINEAR = 3 * FACTOR
"""What grows in proportion stays below, whatever the caches do; what grows with the square takes 64 times as long."""
_FLOOR = 0.001
"""Seconds below which nothing is worth comparing."""


def growth(work: Callable[[int], object], size: int) -> float:
    """How many times as long `work(size)` takes as for an eighth of it; the best of three each."""
    return _seconds(work, size) / max(_seconds(work, size // FACTOR), _FLOOR)


def _seconds(work: Callable[[int], object], size: int) -> float:
    taken = []
    for _ in range(3):
        began = time.thread_time()
        work(size)
        taken.append(time.thread_time() - began)
    return min(taken)
