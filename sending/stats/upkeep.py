"""Forgets the counts of old hours, whose days are kept for good."""

import time
from datetime import datetime, timedelta

from sending.models import HourlyCount

HOURS_KEPT = timedelta(days=90)
REMOVED_AT_ONCE = 5000


def forget_hours(now: datetime, until: float) -> bool:
    """Works until the monotonic time `until`; whether there is more."""
    while time.monotonic() < until:
        old = HourlyCount.objects.filter(hour__lt=now - HOURS_KEPT).order_by("hour")
        if not HourlyCount.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:REMOVED_AT_ONCE])).delete()[0]:
            return False
    return True
