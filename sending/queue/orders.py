"""Works off orders about queued mail, in steps of a bounded number of queue entries, each in a transaction of its own.

A step walks the queue by message id, which is the order of acceptance. Entries under a lease that stands are passed
over; those whose lease has run out lose it, so that a late worker's result leaves no trace. Entries that were cut off
after their mark are left to the sweep.
"""

import time
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString

from django.db import transaction
from psycopg import sql

from sending.events.record import Change, record_changes
from sending.models import PARKED, Event, Hold, QueueOrder
from sending.models.statements import raw_cursor, statement
from sending.queue.cancellation import cancel_entries
from sending.queue.leave import Cursor, Entry, changes_to_leave, give_places_back, leave
from sending.queue.permission import SENTENCES

LOOK = 1_000
"""Entries that one step looks at."""
NOTHING = uuid.UUID(int=0)


def work_off(now: datetime, until: float) -> bool:
    """Works on open orders until the monotonic time `until`; whether some are left. Several take turns."""
    started = time.monotonic()
    while (moment := time.monotonic()) < until:
        # Each step makes mail due at a moment of its own: a claim bounds what it looks at by due times.
        if not _step(now + timedelta(seconds=moment - started)):
            return False
    return QueueOrder.objects.filter(finished_at=None).exists()


def _step(now: datetime) -> bool:
    """One step of the oldest order; False when there is none or somebody else works on it: a younger one never
    overtakes it."""
    with transaction.atomic():
        unfinished = QueueOrder.objects.filter(finished_at=None)
        oldest = unfinished.order_by("set_at", "pk").values_list("pk", flat=True).first()
        order = unfinished.select_for_update(skip_locked=True).filter(pk=oldest or 0).first()
        if order is None:
            return False
        after = order.position or NOTHING
        edge = _edge(after, order.until)
        order.handled += _apply(order, after, edge or order.until, now)
        order.position = edge
        order.finished_at = now if edge is None else None
        order.save(update_fields=["handled", "position", "finished_at"])
    return True


def _edge(after: uuid.UUID, until: uuid.UUID) -> uuid.UUID | None:
    """The last message id of this step; None when the rest fits into it."""
    row = raw_cursor().execute(_EDGE, {"after": after, "until": until, "look": LOOK - 1}).fetchone()
    return row[0] if row else None


def _apply(order: QueueOrder, after: uuid.UUID, edge: uuid.UUID, now: datetime) -> int:
    """Does to the entries between the two ids what is ordered; to how many."""
    verb, cursor = QueueOrder.Verb(order.verb), raw_cursor()
    parameters = {
        "after": after,
        "edge": edge,
        "now": now,
        "account": order.account_id,
        "domain": order.domain_id,
        "stream": order.stream,
        "destination": order.destination,
        "uncertain": Hold.UNCERTAIN.value,
    }
    entries = [Entry(*row) for row in cursor.execute(_FIND[verb], parameters).fetchall()]
    if verb is QueueOrder.Verb.HOLD:
        return _hold(cursor, order, entries, now)
    details = {"order": order.pk, "reason": order.reason}
    if verb is QueueOrder.Verb.CANCEL:
        cancel_entries(cursor, entries, details, at=now)
        return len(entries)
    return _free(cursor, _EVENTS[verb], entries, details, now)


def _hold(cursor: Cursor, order: QueueOrder, entries: Sequence[Entry], now: datetime) -> int:
    ids = [one.message_id for one in entries]
    cursor.execute(_PARK, {"ids": ids, "parked": PARKED, "by_hand": Hold.BY_HAND.value})
    details = {"order": order.pk, "code": "by_hand", "reject_reason": order.reason or SENTENCES["by_hand"]}
    changes = [Change(one.message_id, one.account_id, details) for one in entries]
    record_changes(cursor, Event.Type.SUSPENSION, changes, at=now)
    give_places_back(cursor, entries, now)
    return len(entries)


def _free(cursor: Cursor, event: Event.Type, entries: Sequence[Entry], details: dict[str, Any], now: datetime) -> int:
    """What an hour has no room for yet goes on waiting; of that, what waited before is not news."""
    dues = leave(cursor, entries, now)
    moved = [one for one in entries if dues[one.message_id] != one.due_at]
    record_changes(cursor, event, changes_to_leave(moved, dues, details, now), at=now)
    return len(moved)


_EVENTS = {QueueOrder.Verb.RELEASE: Event.Type.RELEASE, QueueOrder.Verb.REQUEUE: Event.Type.REQUEUE}

_EDGE = statement("""
SELECT message_id FROM {queue} WHERE message_id > %(after)s AND message_id <= %(until)s
ORDER BY message_id OFFSET %(look)s LIMIT 1""")


def _find(condition: LiteralString) -> bytes:
    return statement(
        """
SELECT message_id, account_id, attempts, due_at, send_at FROM {queue}
WHERE message_id > %(after)s AND message_id <= %(edge)s
  AND (%(account)s::bigint IS NULL OR account_id = %(account)s)
  AND (%(domain)s::bigint IS NULL OR domain_id = %(domain)s)
  AND (%(stream)s::text IS NULL OR stream = %(stream)s)
  AND (%(destination)s::text IS NULL OR destination = %(destination)s)
  AND (lease_until IS NULL OR lease_until < %(now)s) AND uncertain_since IS NULL AND {condition}
ORDER BY message_id FOR UPDATE""",
        condition=sql.SQL(condition),
    )


_FIND = {
    QueueOrder.Verb.HOLD: _find("hold IS NULL"),
    QueueOrder.Verb.RELEASE: _find("hold <> %(uncertain)s"),
    QueueOrder.Verb.CANCEL: _find("hold IS DISTINCT FROM %(uncertain)s"),
    QueueOrder.Verb.REQUEUE: _find("hold IS NULL AND due_at > %(now)s AND (send_at IS NULL OR send_at <= %(now)s)"),
}
_PARK = statement("""
UPDATE {queue} SET due_at = %(parked)s, hold = %(by_hand)s, pause_id = 0, lease_owner = NULL, lease_until = NULL
WHERE message_id = ANY(%(ids)s)""")
