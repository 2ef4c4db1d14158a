"""Works off orders about queued mail, in steps of a bounded number of queue entries, each in a transaction of its own.

A step walks the queue by message id, which is the order of acceptance. Entries under a lease that stands are passed
over; those whose lease has run out lose it, so that a late worker's result leaves no trace. Entries that were cut off
after their mark are left to the sweep.
"""

import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from django.db import transaction
from psycopg import sql

from sending.events.record import Change, record_changes
from sending.models import PARKED, Event, Hold, QueueOrder
from sending.models.statements import raw_cursor, statement
from sending.queue.cancellation import Cancelled, record_cancelled
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
    effect = _EFFECTS[QueueOrder.Verb(order.verb)]
    cursor = raw_cursor()
    cursor.execute(
        effect.statement,
        {
            "after": after,
            "edge": edge,
            "now": now,
            "account": order.account_id,
            "domain": order.domain_id,
            "stream": order.stream,
            "destination": order.destination,
            "parked": PARKED,
            "by_hand": Hold.BY_HAND.value,
            "uncertain": Hold.UNCERTAIN.value,
        },
    )
    details = {"order": order.pk, "code": "by_hand", "reject_reason": order.reason or SENTENCES["by_hand"]}
    if effect.event is not Event.Type.SUSPENSION:
        details = {"order": order.pk, "reason": order.reason}
    rows = cursor.fetchall()
    if effect.event is Event.Type.CANCEL:
        record_cancelled(cursor, [Cancelled(*row[:3]) for row in rows], details, at=now)
        return len(rows)
    changes = [Change(message_id, account_id, details, ahead) for message_id, account_id, _, ahead in rows]
    next_attempt_at = now if effect.event is Event.Type.REQUEUE else None
    record_changes(cursor, effect.event, changes, at=now, next_attempt_at=next_attempt_at)
    return len(rows)


_EDGE = statement("""
SELECT message_id FROM {queue} WHERE message_id > %(after)s AND message_id <= %(until)s
ORDER BY message_id OFFSET %(look)s LIMIT 1""")

_WAITING = sql.SQL("""
WHERE message_id > %(after)s AND message_id <= %(edge)s
  AND (%(account)s::bigint IS NULL OR account_id = %(account)s)
  AND (%(domain)s::bigint IS NULL OR domain_id = %(domain)s)
  AND (%(stream)s::text IS NULL OR stream = %(stream)s)
  AND (%(destination)s::text IS NULL OR destination = %(destination)s)
  AND (lease_until IS NULL OR lease_until < %(now)s) AND uncertain_since IS NULL""")
_TOLD = sql.SQL("RETURNING message_id, account_id, attempts, CASE WHEN hold IS NULL THEN send_at END")


@dataclass(frozen=True, slots=True)
class _Effect:
    """What a verb does to queue entries, and the event that it is."""

    statement: bytes
    event: Event.Type


def _effect(event: Event.Type, text: LiteralString) -> _Effect:
    return _Effect(statement(text, waiting=_WAITING, told=_TOLD), event)


_EFFECTS = {
    QueueOrder.Verb.HOLD: _effect(
        Event.Type.SUSPENSION,
        "UPDATE {queue} SET due_at = %(parked)s, hold = %(by_hand)s, pause_id = 0, lease_owner = NULL, "
        "lease_until = NULL {waiting} AND hold IS NULL {told}",
    ),
    QueueOrder.Verb.RELEASE: _effect(
        Event.Type.RELEASE,
        "UPDATE {queue} SET due_at = greatest(%(now)s, send_at), hold = NULL, pause_id = NULL, "
        "send_at = CASE WHEN send_at > %(now)s THEN send_at END {waiting} AND hold <> %(uncertain)s {told}",
    ),
    QueueOrder.Verb.CANCEL: _effect(
        Event.Type.CANCEL, "DELETE FROM {queue} {waiting} AND hold IS DISTINCT FROM %(uncertain)s {told}"
    ),
    QueueOrder.Verb.REQUEUE: _effect(
        Event.Type.REQUEUE,
        "UPDATE {queue} SET due_at = %(now)s, send_at = NULL, lease_owner = NULL, lease_until = NULL {waiting} "
        "AND hold IS NULL AND due_at > %(now)s AND (send_at IS NULL OR send_at <= %(now)s) {told}",
    ),
}
