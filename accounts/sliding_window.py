"""A sliding window of requests, in words of memory that processes may share. Pure: it knows neither clock nor lock.

It keeps the time of each request that it counts, so it refuses exactly who has used up the limit within the window. Of
a limit above CELLS it keeps the time of the first of every few, which lets fewer than these few pass too early.
"""

CELLS = 150
"""Times that are kept: as many as the contract lets a token make requests."""
WORDS = 3 + CELLS
"""Of a window: the limit that it is kept for, requests ever counted, the first cell that still counts, the cells."""

_EMPTY = memoryview(bytes(8 * WORDS)).cast("Q")


def take(words: memoryview, at: int, now: int, window: int, most: int) -> tuple[int, int]:
    """Counts a request at `now`, unless `most` (at least 1) are in the window; it is WORDS of format `Q`, from `at` on.

    Gives what is left, -1 where the request is refused, and when the oldest that counts leaves; times are of any one
    unit. A clock that was set back, or another `most`, begin anew. Whoever is killed in between has counted nothing.
    """
    each = (most + CELLS - 1) // CELLS
    cells = at + 3
    taken, first = words[at + 1], words[at + 2]
    if words[at] != most or (taken and words[cells + (taken - 1) // each % CELLS] > now):
        words[at : at + WORDS] = _EMPTY
        words[at] = most
        taken = first = 0
    begun, gone = (taken + each - 1) // each, now - window
    while first < begun and words[cells + first % CELLS] <= gone:
        first += 1
    words[at + 2] = first
    taken = max(taken, first * each)
    left = most - 1 - (taken - first * each)
    if left >= 0:
        if taken % each == 0:
            words[cells + taken // each % CELLS] = now
        words[at + 1] = taken + 1
    return max(left, -1), words[cells + first % CELLS] + window
