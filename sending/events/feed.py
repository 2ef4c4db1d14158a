"""Reads events in one order that never changes and has no gaps to come: each reader sees each event exactly once.

Ids and times cannot give that order: a transaction that began early may commit late, after a reader has passed by. So
events get their numbers only when they are committed, from one numberer at a time.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from mailtrap_site.bulk_values import Column
from sending.models import EventBatch, FeedPosition
from sending.models.statements import raw_cursor, statement

NUMBERER = "numbered"
MOST_BATCHES = 5000
"""That one call gives numbers to."""
REMOVED_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class FedEvent:
    """An event with its number: rising, without gaps over all accounts."""

    number: int
    id: uuid.UUID
    message_id: uuid.UUID
    account_id: int
    type: str
    occurred_at: datetime
    attempt_id: uuid.UUID | None
    details: dict[str, Any]


def give_numbers() -> int:
    """Numbers what was committed since; returns how many batches. Zero as well while another does it."""
    with transaction.atomic():
        last = _locked(NUMBERER)
        if last is None:
            return 0
        cursor = raw_cursor()
        cursor.execute(_GIVE_NUMBERS, {"last": last, "most": MOST_BATCHES})
        count, number = cursor.fetchone() or (0, None)
        if count:
            FeedPosition.objects.filter(reader=NUMBERER).update(number=number)
        return int(count)


def advance(reader: str, take: Callable[[Sequence[FedEvent]], None], most: int) -> int:
    """Hands the next events, `most` at most, to `take`, which writes in the same transaction: what it wrote and how far
    it has come stand or fall together. Returns how many numbers it passed; zero as well while another reads."""
    with transaction.atomic():
        position = _locked(reader)
        if position is None:
            return 0
        events, reached = _read(position, most, None)
        if reached == position:
            return 0
        take(events)
        FeedPosition.objects.filter(reader=reader).update(number=reached)
        return reached - position


def read(account_id: int, after: int, most: int) -> Sequence[FedEvent]:
    """The events of one account whose numbers are above `after`, in order."""
    return look(account_id, after, most)[0]


def look(account_id: int, after: int, most: int) -> tuple[Sequence[FedEvent], int]:
    """The same, and the number up to which it looked: `after` where there is nothing above it."""
    return _read(after, most, account_id)


def forget(before: datetime) -> int:
    """Removes what was written before, a bounded part a call, of what every reader has passed; returns how many."""
    passed = min(FeedPosition.objects.values_list("number", flat=True), default=0)
    old = EventBatch.objects.filter(number__lte=passed, written_at__lt=before).order_by("number")
    return EventBatch.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:REMOVED_AT_ONCE])).delete()[0]


def _locked(reader: str) -> int | None:
    """The reader's position, locked until the transaction ends; None while another holds it."""
    if not FeedPosition.objects.filter(reader=reader).exists():
        FeedPosition.objects.bulk_create([FeedPosition(reader=reader)], ignore_conflicts=True)
    return (
        FeedPosition.objects.select_for_update(skip_locked=True)
        .filter(reader=reader)
        .values_list("number", flat=True)
        .first()
    )


def _read(after: int, most: int, account_id: int | None) -> tuple[Sequence[FedEvent], int]:
    """The events, and the number of the last one that was looked at. One that retention has taken is passed over."""
    cursor = raw_cursor()
    cursor.execute(_NUMBERED, {"after": after, "most": most, "account": account_id})
    numbers: dict[uuid.UUID, int] = {event_id: number for number, event_id in cursor.fetchall()}
    if not numbers:
        return [], after
    cursor.execute(_EVENTS, {"ids": Column("uuid", list(numbers)), "low": min(numbers), "high": max(numbers)})
    found = sorted((_event(numbers, *row) for row in cursor.fetchall()), key=lambda event: event.number)
    return found, max(numbers.values())


def _event(numbers: dict[uuid.UUID, int], event_id: uuid.UUID, *rest: Any) -> FedEvent:
    message_id, account_id, kind, occurred_at, attempt_id, details = rest
    read = msgspec.json.decode(details)
    return FedEvent(numbers[event_id], event_id, message_id, account_id, kind, occurred_at, attempt_id, read)


# A batch may hold events on both sides of `after`. No more than `most` batches can be needed, and of those none before
# which there are `most` events, the first batch apart: without that a backlog would be unfolded whole at each reading.
_NUMBERED = statement("""
SELECT f.number, f.event_id FROM (
    SELECT b.number - cardinality(b.event_ids) + e.place AS number, e.event_id
    FROM (
        SELECT number, event_ids, sum(cardinality(event_ids)) OVER w - cardinality(event_ids)
            - first_value(cardinality(event_ids)) OVER w AS sure
        FROM (
            SELECT number, event_ids FROM {batch}
            WHERE number > %(after)s AND (%(account)s::bigint IS NULL OR account_id = %(account)s)
            ORDER BY number LIMIT %(most)s
        ) s WINDOW w AS (ORDER BY number)
    ) b, unnest(b.event_ids) WITH ORDINALITY e(event_id, place)
    WHERE b.sure < %(most)s
) f WHERE f.number > %(after)s ORDER BY f.number LIMIT %(most)s""")
_EVENTS = statement("""
SELECT id, message_id, account_id, type, occurred_at, attempt_id, details::text FROM {event}
WHERE id = ANY(%(ids)b::uuid[]) AND id >= %(low)s AND id <= %(high)s""")
_GIVE_NUMBERS = statement("""
WITH fresh AS (
    SELECT id, cardinality(event_ids) AS size FROM {batch} WHERE number IS NULL ORDER BY id LIMIT %(most)s
), placed AS (
    SELECT id, %(last)s + sum(size) OVER (ORDER BY id) AS number FROM fresh
), numbered AS (
    UPDATE {batch} b SET number = p.number FROM placed p WHERE b.id = p.id RETURNING b.number
)
SELECT count(*), max(number)::bigint FROM numbered""")
