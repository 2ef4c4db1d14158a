"""How long an API token lives, and when its people are warned of the end. Pure."""

from datetime import datetime, timedelta

DAYS = (1, 7, 30, 90, 180, 365)
"""The lives that are offered."""
USUAL_DAYS = 365
LONGEST = timedelta(days=5 * 366)
WARNINGS = (30, 3, 0)
"""Days before the end; at 0 it has come."""


def warning_due(expires_at: datetime, told_days: int | None, now: datetime) -> int | None:
    """The warning that is to be given now, in days; None where there is none. Of several that were missed the last."""
    due = [days for days in WARNINGS if expires_at - timedelta(days=days) <= now]
    if not due or (told_days is not None and told_days <= min(due)):
        return None
    return min(due)


def told_at_start(life: timedelta | None) -> int | None:
    """The warnings that make no sense for a life as short as this count as given: a token of a week is not announced to
    end within 30 days."""
    passed = [days for days in WARNINGS if days and life is not None and life <= timedelta(days=days)]
    return min(passed, default=None)
