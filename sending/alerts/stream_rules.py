"""When a stream is about to be suspended by its rates, when it is, and when that ends by itself: data. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

WARNED_FOR = timedelta(hours=1)
"""Between the warning and a suspension."""
RESTS_FOR = timedelta(hours=24)
"""Of a suspension that ends by itself; by then none of the hours counts that led to it."""
ONCE_IN = timedelta(days=30)
"""Only one suspension in so many days ends by itself; staff look at the next."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`part` of `whole` messages."""

    part: int
    whole: int

    def is_above(self, share: float) -> bool:
        """Of nothing, no."""
        return self.whole > 0 and self.part / self.whole > share


@dataclass(frozen=True, slots=True)
class StreamRule:
    """Shares above which people are warned and above which the stream is suspended, of at least `least_part` of at
    least `least_whole` messages: a few readers decide nothing."""

    warn: float
    suspend: float
    least_part: int
    least_whole: int

    def is_warning(self, day: Rate) -> bool:
        """By the last 24 hours."""
        return day.is_above(self.warn) and self._is_enough(day)

    def is_suspension(self, day: Rate, since: Rate, warned_at: datetime, now: datetime) -> bool:
        """By the last 24 hours, and only where `since`, what was counted after the warning, goes on like that."""
        if now < warned_at + WARNED_FOR or not self._is_enough(day):
            return False
        return day.is_above(self.suspend) and since.is_above(self.warn)

    def _is_enough(self, day: Rate) -> bool:
        return day.part >= self.least_part and day.whole >= self.least_whole


STREAM_RULES = {"bounces": StreamRule(0.08, 0.10, 20, 200), "spam": StreamRule(0.002, 0.003, 5, 500)}
"""By the kind of alert. The letter about a critical domain comes first, at 5 % and 0.1 %."""


def ends_by_itself(suspended_at: datetime, ended_before: datetime | None, now: datetime) -> bool:
    """Whether a suspension is over without staff; `ended_before` is when the last one ended so.

    >>> from datetime import UTC
    >>> day = lambda number: datetime(2026, 11, number, tzinfo=UTC)
    >>> ends_by_itself(day(1), None, day(2)), ends_by_itself(day(2), None, day(2))
    (True, False)
    >>> ends_by_itself(day(20), day(2), day(25))
    False
    """
    if now < suspended_at + RESTS_FOR:
        return False
    return ended_before is None or suspended_at - ended_before > ONCE_IN
