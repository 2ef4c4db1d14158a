"""Judges what was used against the limit: share, rest, level, and the day it runs out. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from billing.periods import Period

THRESHOLDS = (80, 90, 100)
"""Percent of the limit at which people are told."""
SHORTEST_VIEW = timedelta(days=1)
"""A pace measured over less than this says nothing."""


class Level(StrEnum):
    """How near the limit is; the meter's colour."""

    CALM = "calm"
    WATCH = "watch"
    ACT = "act"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Usage:
    """The meter of one account in one period. `limit`, `remaining` and `full_at` are None where nothing is metered."""

    used: int
    limit: int | None
    starts_at: datetime
    ends_at: datetime
    percent: float
    """0 to 100; no more than 100 even where a smaller plan has left more used than its limit."""
    remaining: int | None
    level: Level
    full_at: datetime | None
    """When the limit is reached at the pace of this period; None when that is not before its end."""
    forecast: int
    """Recipients used by the end of the period at this pace; may exceed the limit."""
    overage_cap: int = 0
    """Emails above the limit that are accepted and paid for."""

    @property
    def above(self) -> int:
        """Emails used above the limit: paid for by the thousand, where overage is agreed."""
        return 0 if self.limit is None else max(self.used - self.limit, 0)

    @property
    def resets_on(self) -> datetime:
        """When the next period begins with an empty meter."""
        return self.ends_at

    @property
    def is_full(self) -> bool:
        """Whether nothing more is accepted in this period."""
        return self.limit is not None and self.used >= self.limit + self.overage_cap


def judge(used: int, limit: int | None, period: Period, now: datetime, overage_cap: int = 0) -> Usage:
    """The meter as people see it. `used`, `limit` and what is accepted above it are recipients."""
    if limit is None:
        return Usage(used, None, period.starts_at, period.ends_at, 0.0, None, Level.CALM, None, used)
    percent = _share(used, limit)
    return Usage(
        used=used,
        limit=limit,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        percent=percent,
        remaining=max(limit - used, 0),
        level=level_of(percent),
        full_at=_full_at(used, limit, period, now),
        forecast=_at_the_end(used, period, now),
        overage_cap=overage_cap,
    )


def level_of(percent: float) -> Level:
    """The level of a share of 0 to 100 percent."""
    watch, act, full = THRESHOLDS
    if percent >= full:
        return Level.FULL
    if percent >= act:
        return Level.ACT
    return Level.WATCH if percent >= watch else Level.CALM


def crossed(before: int, after: int, limit: int) -> tuple[int, ...]:
    """The thresholds, in percent and rising, that going from `before` to `after` recipients reached.

    >>> crossed(799, 800, 1_000)
    (80,)
    >>> crossed(800, 899, 1_000)
    ()
    >>> crossed(0, 1_000, 1_000)
    (80, 90, 100)
    >>> crossed(0, 0, 0)
    ()
    """
    return tuple(mark for mark in THRESHOLDS if before * 100 < mark * limit <= after * 100)


def _share(part: int, whole: int) -> float:
    if whole <= 0:
        return 100.0
    return min(max(part, 0) * 100 / whole, 100.0)


def _full_at(used: int, limit: int, period: Period, now: datetime) -> datetime | None:
    if used <= 0 or used >= limit:
        return None
    elapsed = max(now - period.starts_at, SHORTEST_VIEW)
    to_come, ratio = period.ends_at - now, (limit - used) / used
    if ratio >= to_come / elapsed:
        # Asked first, because the time to reach a huge limit may be longer than a timedelta holds.
        return None
    full_at = now + elapsed * ratio
    return full_at if full_at < period.ends_at else None


def _at_the_end(used: int, period: Period, now: datetime) -> int:
    elapsed = max(now - period.starts_at, SHORTEST_VIEW)
    to_come = max(period.ends_at - now, timedelta(0))
    return used + round(used * (to_come / elapsed))
