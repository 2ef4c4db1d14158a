"""Drops the weeks of which nothing is kept any more, and deletes content whose day has come."""

import time
import uuid
from datetime import datetime, timedelta

import structlog

from sending.models import HourCheck, QueueEntry
from sending.models.identifiers import id_floor
from sending.models.partitions import WEEK, drop_partition, partition_starts
from sending.models.statements import raw_cursor, statement

log = structlog.get_logger(__name__)

LOG_TABLES = ("sending_message", "sending_attempt", "sending_event", "sending_submission", "sending_countedonce")
CONTENT = "sending_content"
CONTENTS_AT_ONCE = 500
SHORTEST = timedelta(hours=23)
"""Every content is kept for longer, whatever its plan and stream."""


def drop_weeks(now: datetime, longest: int) -> list[str]:
    """Drops the partitions of weeks that ended more than `longest` days ago, all of whose mail is finished; returns
    their names. One that others hold is left for the next time, and contents of which mail still waits stay."""
    dropped = []
    for table in LOG_TABLES:
        for name, start in partition_starts(table):
            end = start + WEEK
            if end <= now - timedelta(days=longest) and _is_over(start, end, longest) and drop_partition(table, name):
                dropped.append(name)
    needed = _needed(now)
    for name, start in partition_starts(CONTENT):
        is_needed = any(id_floor(start) <= one < id_floor(start + WEEK) for one in needed)
        if start + WEEK <= now and not is_needed and drop_partition(CONTENT, name):
            dropped.append(name)
    if dropped:
        log.info("partitions_dropped", names=dropped)
    return dropped


def delete_contents(now: datetime, until: float) -> bool:
    """Deletes what expired since the week began, and no mail needs that waits; whether time was up before the end."""
    parameters = {"now": id_floor(now), "most": CONTENTS_AT_ONCE, "needed": _needed(now)}
    while time.monotonic() < until:
        if raw_cursor().execute(_DELETE, parameters).rowcount == 0:
            return False
    return True


def _needed(now: datetime) -> list[uuid.UUID]:
    """Contents whose day has come while their mail waits: held for long, or tried again and again. Nothing that has
    left the queue comes back to it, so one that is not among them is needed no more."""
    youngest = id_floor(now - SHORTEST)
    return [row[0] for row in raw_cursor().execute(_NEEDED, {"now": id_floor(now), "youngest": youngest})]


def _is_over(start: datetime, end: datetime, longest: int) -> bool:
    """Nothing of the week waits, each of its hours was counted for good, and what was scheduled in it left long ago."""
    if not HourCheck.objects.filter(hour__gte=end).exists():
        # The balance, which goes by the hour, has not come so far.
        return False
    hours = HourCheck.objects.filter(hour__gte=start, hour__lt=end)
    if hours.filter(unfinished__gt=0).exists() or hours.filter(differences__gt=0).exists():
        return False
    if hours.filter(cleared_days__lt=longest).exists():
        return False
    return not QueueEntry.objects.filter(message_id__gte=id_floor(start), message_id__lt=id_floor(end)).exists()


_NEEDED = statement("""
SELECT DISTINCT s.content_id FROM {queue} q JOIN {submission} s ON s.id = q.submission_id
WHERE q.message_id < %(youngest)s AND s.content_id < %(now)s""")
_DELETE = statement("""
DELETE FROM {content} WHERE id < %(now)s AND id IN (
    SELECT id FROM {content} WHERE id < %(now)s AND id <> ALL(%(needed)s::uuid[]) ORDER BY id LIMIT %(most)s)""")
