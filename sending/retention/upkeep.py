"""One run of retention: rows, contents, weeks; and what the feed no longer needs."""

from datetime import datetime, timedelta

from sending.events import feed
from sending.retention.rows import delete_rows
from sending.retention.terms import days_by_account
from sending.retention.weeks import delete_contents, drop_weeks

FEED_KEPT = timedelta(days=30)
"""For those who catch up by number."""


def tend(now: datetime, until: float) -> bool:
    """Works until the monotonic time `until`; whether there is more."""
    days = days_by_account(now)
    is_more = delete_rows(now, days, until)
    is_more = delete_contents(now, until) or is_more
    drop_weeks(now, max(days.values(), default=0))
    return bool(feed.forget(now - FEED_KEPT)) or is_more
