"""When a deferred message is tried again (RFC 5321 4.5.4.1). Pure: the caller brings the random numbers."""

from datetime import timedelta
from random import Random

DELAYS = tuple(timedelta(minutes=minutes) for minutes in (3, 10, 30, 60, 120, 240, 360, 480, 720, 840))
"""Before the 2nd to the 11th attempt: 47 h 43 min in all."""
JITTER = 0.2
"""Each delay is stretched or shortened by at most this share, so that what failed together does not return together."""


def next_attempt(attempt_number: int, rng: Random) -> timedelta | None:
    """How long to wait after attempt `attempt_number` (1 for the first) was deferred; None when it was the last."""
    if attempt_number > len(DELAYS):
        return None
    return DELAYS[max(attempt_number, 1) - 1] * rng.uniform(1 - JITTER, 1 + JITTER)
