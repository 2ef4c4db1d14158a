"""Counts the hours of mail and compares what the tables say: `accepted = sum of states`, and the meter with both.

An hour is counted until all its messages are finished and nothing differs; then its row stands, whatever retention
takes away. All of an hour is read in one snapshot, so mail in movement is never taken for a difference.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q

from sending.log import meters
from sending.log.balance import HOUR, Tally, hour_of, tallies
from sending.log.balance_facts import MARGIN, read_facts
from sending.models import Event, HourBalance, HourCheck, Message
from sending.models.identifiers import id_floor, time_of
from sending.models.partitions import windows_newest_first
from sending.models.statements import raw_cursor

log = structlog.get_logger(__name__)

MOST_HOURS = 12
"""How many hours that have passed one run counts: those never counted first, then the longest not counted."""
MOST_RECIPIENTS = 2_000_000
"""After so many one run begins no other hour."""
KEPT = timedelta(days=400)
_EPOCH = datetime.fromtimestamp(0, UTC)
_LOCK = 0x62616C616E636501


def check(now: datetime) -> bool:
    """One run, alone: False when another is at it. Afterwards the rows of HourCheck and HourBalance are up to date."""
    with _alone() as alone:
        if not alone:
            return False
        growing = _growing(now)
        missing = _never_counted(growing[0])
        counted = _count_each(missing or _to_count_again(growing[0]), now)
        # Only what follows on all that was counted: so the newest hour says how far the count has come.
        if len(missing) < MOST_HOURS and counted >= len(missing):
            with _snapshot():
                for hour in growing:
                    count(hour, now)
                meters.compare(now)
        HourBalance.objects.filter(hour__lt=now - KEPT).delete()
        HourCheck.objects.filter(hour__lt=now - KEPT).delete()
    return True


def _count_each(hours: Sequence[datetime], now: datetime) -> int:
    """Counts them in order as far as one run goes; returns how many."""
    recipients = 0
    for number, hour in enumerate(hours):
        if recipients > MOST_RECIPIENTS:
            return number
        with _snapshot():
            recipients += sum(tally.accepted for tally in count(hour, now))
    return len(hours)


def count(hour: datetime, now: datetime) -> list[Tally]:
    """Counts one hour and keeps the result, in the caller's transaction. What differs anew is logged."""
    found = tallies(read_facts(raw_cursor(), hour))
    before = {(one.account_id, one.period_id): one.differences for one in HourBalance.objects.filter(hour=hour)}
    HourBalance.objects.filter(hour=hour).delete()
    HourBalance.objects.bulk_create(
        [
            HourBalance(
                hour=hour,
                account_id=tally.account_id,
                period_id=tally.period_id,
                accepted=tally.accepted,
                returned=tally.returned,
                states=dict(tally.states),
                differences=dict(tally.differences),
                difference=tally.difference,
            )
            for tally in found
        ],
        batch_size=1000,
    )
    HourCheck.objects.update_or_create(
        hour=hour,
        defaults={
            "checked_at": now,
            "accepted": sum(tally.accepted for tally in found),
            "unfinished": sum(tally.unfinished for tally in found),
            "differences": sum(tally.difference for tally in found),
        },
    )
    for tally in found:
        if tally.differences and before.get((tally.account_id, tally.period_id)) != dict(tally.differences):
            kinds = {kind.value: number for kind, number in tally.differences.items()}
            log.error("balance_difference", hour=hour.isoformat(), account=tally.account_id, **kinds)
    return found


def _growing(now: datetime) -> list[datetime]:
    """The hours to which messages may still be added."""
    return sorted({hour_of(now - MARGIN), hour_of(now), hour_of(now + MARGIN)})


def _never_counted(before: datetime) -> list[datetime]:
    """The oldest hours that have rows, and were not counted after they had passed."""
    unripe = HourCheck.objects.filter(hour__lt=before, checked_at__lt=F("hour") + HOUR + MARGIN)
    hours = list(unripe.order_by("hour").values_list("hour", flat=True)[:MOST_HOURS])
    newest = HourCheck.objects.order_by("-hour").values_list("hour", flat=True).first()
    hour = _first_with_rows(newest + HOUR if newest else _oldest_kept())
    while hour is not None and hour < before and len(hours) < MOST_HOURS:
        hours.append(hour)
        hour = _first_with_rows(hour + HOUR)
    return hours


def _to_count_again(before: datetime) -> list[datetime]:
    unsettled = HourCheck.objects.filter(Q(unfinished__gt=0) | Q(differences__gt=0))
    kept = unsettled.filter(hour__lt=before, hour__gte=_oldest_kept())
    return list(kept.order_by("checked_at").values_list("hour", flat=True)[:MOST_HOURS])


def _first_with_rows(since: datetime) -> datetime | None:
    """The first hour from `since` on in which a message was accepted or an event was written."""
    floor = id_floor(since)
    firsts = [
        Message.objects.filter(pk__gte=floor).order_by("pk").values_list("pk", flat=True).first(),
        Event.objects.filter(pk__gte=floor).order_by("pk").values_list("pk", flat=True).first(),
    ]
    return min((hour_of(time_of(first)) for first in firsts if first is not None), default=None)


def _oldest_kept() -> datetime:
    """The start of the oldest week of which both messages and events are still there."""
    return max(
        min((time_of(window.low) for window in windows_newest_first(model._meta.db_table)), default=_EPOCH)
        for model in (Message, Event)
    )


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether this is the only run; the lock is the session's, so it goes with the process."""
    cursor = raw_cursor()
    row = cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
    alone = bool(row and row[0])
    try:
        yield alone
    finally:
        if alone:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@contextmanager
def _snapshot() -> Iterator[None]:
    """A transaction in which every statement sees the same moment."""
    with transaction.atomic():
        cursor = raw_cursor()
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        # An hour of a million messages is brought together in memory rather than on disk.
        cursor.execute("SET LOCAL work_mem = '64MB'")
        yield
