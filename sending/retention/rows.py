"""Deletes the rows of the log that their account's plan no longer keeps, hour by hour.

An hour is touched only once the balance has found all of it finished and in order: what is deleted was counted for
good, and nothing unfinished ever goes. Statistics live in tables of their own.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F

from sending.models import HourCheck
from sending.models.identifiers import id_floor
from sending.models.statements import raw_cursor, statement

log = structlog.get_logger(__name__)

AT_ONCE = 2000
HOUR = timedelta(hours=1)
MARGIN = timedelta(minutes=10)
"""How far the id of a submission and those of its messages may lie apart, and when the balance calls an hour past."""


def delete_rows(now: datetime, days: Mapping[int, int], until: float) -> bool:
    """Works until the monotonic time `until`; `days` of log by account. Whether there is more.

    Each hour is cleared once for each length of log: first of the accounts with the shortest, last of all.
    """
    for length in sorted(set(days.values())):
        kept = [account_id for account_id, own in days.items() if own > length]
        before = now - timedelta(days=length) - HOUR
        settled = HourCheck.objects.filter(
            hour__lte=before,
            unfinished=0,
            differences=0,
            cleared_days__lt=length,
            checked_at__gte=F("hour") + HOUR + MARGIN,
        )
        for hour in settled.order_by("hour").values_list("hour", flat=True):
            if not _clear(hour, length, kept, now, until):
                return True
    return False


def _clear(hour: datetime, length: int, kept: list[int], now: datetime, until: float) -> bool:
    """One hour, for accounts with so many days or fewer; False when time was up before all was gone."""
    bounds: dict[str, Any] = {
        "low": id_floor(hour),
        "high": id_floor(hour + HOUR),
        "first": id_floor(hour - MARGIN),
        "last": id_floor(hour + HOUR + MARGIN),
        "kept": kept,
        "finished_before": now - timedelta(days=length),
        "most": AT_ONCE,
    }
    deleted = 0
    while count := _delete_messages(bounds):
        deleted += count
        if time.monotonic() >= until:
            return False
    with transaction.atomic():
        cursor = raw_cursor()
        cursor.execute(_DELETE_SUBMISSIONS, bounds)
        # What was scheduled far ahead finished late, and is kept from then on: the hour is looked at again.
        if not cursor.execute(_ANY_LEFT, bounds).fetchone():
            HourCheck.objects.filter(hour=hour).update(cleared_days=length)
    if deleted:
        log.info("log_rows_deleted", hour=hour.isoformat(), days=length, messages=deleted)
    return True


@transaction.atomic
def _delete_messages(bounds: Mapping[str, Any]) -> int:
    cursor = raw_cursor()
    cursor.execute(_DELETE_MESSAGES, bounds)
    ids = [row[0] for row in cursor.fetchall()]
    if ids:
        cursor.execute(_DELETE_ATTEMPTS, {"ids": ids, "low": bounds["low"]})
        cursor.execute(_DELETE_EVENTS, {"ids": ids, "low": bounds["low"]})
    return len(ids)


_DELETE_MESSAGES = statement("""
DELETE FROM {message} WHERE id >= %(low)s AND id < %(high)s AND id IN (
    SELECT id FROM {message}
    WHERE id >= %(low)s AND id < %(high)s AND account_id <> ALL(%(kept)s::bigint[])
        AND finished_at < %(finished_before)s
    LIMIT %(most)s)
RETURNING id""")
# Attempts and events are younger than their message, or carry its own id.
_DELETE_ATTEMPTS = statement("DELETE FROM {attempt} WHERE message_id = ANY(%(ids)s) AND id >= %(low)s")
_DELETE_EVENTS = statement("DELETE FROM {event} WHERE message_id = ANY(%(ids)s) AND id >= %(low)s")
_DELETE_SUBMISSIONS = statement("""
DELETE FROM {submission} s WHERE s.id >= %(first)s AND s.id < %(high)s AND s.account_id <> ALL(%(kept)s::bigint[])
    AND NOT EXISTS (
        SELECT FROM {message} m WHERE m.id >= %(first)s AND m.id < %(last)s AND m.submission_id = s.id)""")
_ANY_LEFT = statement("""
SELECT 1 FROM {message} WHERE id >= %(low)s AND id < %(high)s AND account_id <> ALL(%(kept)s::bigint[]) LIMIT 1""")
