"""Monthly billing periods, anchored on the moment of sign-up, in UTC. Pure."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Period:
    """From `starts_at`, included, to `ends_at`, excluded; both in UTC."""

    starts_at: datetime
    ends_at: datetime


def period_of(anchor: datetime, now: datetime) -> Period:
    """The period of `now`, both given with their zone.

    Each period starts at the anchor's day and time, or on the last day of a month that is too short for it; the day
    comes back in the next longer month, because every start is counted from the anchor itself.
    """
    anchor, now = anchor.astimezone(UTC), now.astimezone(UTC)
    months = (now.year - anchor.year) * 12 + now.month - anchor.month
    if _start(anchor, months) > now:
        months -= 1
    return Period(_start(anchor, months), _start(anchor, months + 1))


def _start(anchor: datetime, months: int) -> datetime:
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    month += 1
    return anchor.replace(year=year, month=month, day=min(anchor.day, monthrange(year, month)[1]))
