"""What one look at DNS means for a domain: verified, warned before it is stopped, stopped, or as it was.

Pure. A verdict is True where all required records stand, False where one certainly does not, None where nobody knows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LAST_WARNING = timedelta(hours=24)
"""Before the end of the grace; a shorter grace has the first warning alone."""
LONGEST_GAP = timedelta(hours=1)
"""Between two looks: in a longer one nobody looked, and the grace stood still."""


class Turn(StrEnum):
    """What a look changed, as the audit log names it."""

    NONE = ""
    VERIFIED = "domain.verified"
    GONE = "domain.records_gone"
    STILL_GONE = "domain.records_still_gone"
    BACK = "domain.records_back"
    STOPPED = "domain.unverified"


@dataclass(frozen=True, slots=True)
class Standing:
    """Since when a domain is verified, and since when its records are gone; None where it is not so."""

    verified_at: datetime | None
    gone_since: datetime | None = None


def after(
    was: Standing,
    verdict: bool | None,
    now: datetime,
    grace: timedelta,
    *,
    looked_at: datetime | None = None,
    warned_twice: bool = False,
) -> tuple[Standing, Turn]:
    """The standing after a look at `now`; the one before it was at `looked_at`.

    The grace ends at a look that sees records missing, never by the clock alone: time in which DNS did not answer us,
    or we did not ask, does not count.
    """
    if was.verified_at is None:
        return (Standing(now), Turn.VERIFIED) if verdict is True else (Standing(None), Turn.NONE)
    if was.gone_since is None:
        return (Standing(was.verified_at, now), Turn.GONE) if verdict is False else (was, Turn.NONE)
    if verdict is True:
        return Standing(was.verified_at), Turn.BACK
    gone_since = was.gone_since + _unseen(verdict, now, looked_at)
    if verdict is False and now >= gone_since + grace:
        return Standing(None), Turn.STOPPED
    goes_on = Standing(was.verified_at, gone_since)
    is_late = verdict is False and grace > LAST_WARNING and now >= gone_since + grace - LAST_WARNING
    return goes_on, Turn.STILL_GONE if is_late and not warned_twice else Turn.NONE


def _unseen(verdict: bool | None, now: datetime, looked_at: datetime | None) -> timedelta:
    """How long nobody knew how the records stand."""
    since = now - looked_at if looked_at is not None and looked_at < now else timedelta(0)
    return since if verdict is None or since > LONGEST_GAP else timedelta(0)
