"""A sliding window in steps, in words of memory that processes may share. Pure: it knows neither clock nor lock.

A window is STEPS steps long, the current one included. All that it counts is younger than the window, so whoever stays
below a limit is never refused; and within any STEPS - 1 steps no more than the limit passes.
"""

STEPS = 20
WORDS = 1 + STEPS
"""Of a window: its newest step, then the counts of its steps, each at the step's number modulo STEPS. Zeros: empty."""

_EMPTY = memoryview(bytes(8 * STEPS)).cast("Q")


def take(words: memoryview, at: int, step: int, most: int) -> tuple[int, int]:
    """Counts a request at `step`, unless `most` (at least 1) are in the window: WORDS of format `Q`, from `at` on.

    Gives what is left, -1 where the request is refused, and the step at which the oldest one leaves. A step before the
    newest one means that the clock was set back: the window starts anew. Whoever is killed in between leaves less
    counted, never more.
    """
    newest, first = words[at], at + 1
    if step != newest:
        if newest < step < newest + STEPS:
            for gone in range(newest + 1, step + 1):
                words[first + gone % STEPS] = 0
        else:
            words[first : first + STEPS] = _EMPTY
        words[at] = step
    counts = words[first : first + STEPS].tolist()
    now = step % STEPS
    left = most - sum(counts) - 1
    if left >= 0:
        counts[now] += 1
        words[first + now] = counts[now]
    else:
        left = -1
    in_order = counts[now + 1 :] + counts[: now + 1]
    return left, step + 1 + in_order.index(next(filter(None, in_order)))
