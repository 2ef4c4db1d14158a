"""The only writer of Event and of Message.status: results of deliveries and later news, in bulk.

Results are fenced: one is written only while its queue entry still carries the lease it was made under.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from django.db import transaction

from mailtrap_site.bulk_values import Column
from sending.events import statements
from sending.events.counting import READINGS, Reading, count, is_machine
from sending.events.lifecycle import AHEAD, FINAL, OPTING_OUT, changes
from sending.events.results import Evidence, Result, write_results
from sending.models import Event, MessageStatus
from sending.models.identifiers import new_id
from sending.models.row_writer import Row, RowWriter
from sending.models.statements import raw_cursor

__all__ = [
    "Change",
    "EventRow",
    "Evidence",
    "News",
    "Result",
    "insert_events",
    "record_changes",
    "record_news",
    "record_results",
]


@dataclass(frozen=True, slots=True)
class News:
    """Something learnt about a message outside its delivery: a complaint, a report, an opening."""

    message_id: uuid.UUID
    account_id: int
    type: Event.Type
    occurred_at: datetime
    details: dict[str, Any]


def record_results(results: Sequence[Result]) -> set[uuid.UUID]:
    """Writes attempts, events, statuses and queue entries in one statement; returns the messages whose lease held.

    A result whose lease was lost leaves no trace: the message is another drain's.
    """
    if not results:
        return set()
    # One order for all writers, so that two of them never wait for each other.
    ordered = sorted(results, key=lambda result: result.message_id.int)
    return write_results(raw_cursor(), ordered)


def record_news(news: Sequence[News]) -> None:
    """Writes events that no attempt produced, and what they do to their messages. A final status empties the queue.

    Of openings and clicks those are counted whose details name no `machine`, and the first counted one of a message
    gets `"first": true`; they leave no trace where the message is gone.
    """
    if not news:
        return
    ordered = sorted(news, key=lambda one: (one.message_id, one.occurred_at))
    readings = [one for one in ordered if one.type in READINGS]
    with transaction.atomic():
        cursor = raw_cursor()
        # One after another: two events about one message in one call must both count.
        for one in ordered:
            if one.type not in READINGS:
                cursor.execute(statements.APPLY_NEWS, _news_parameters(one), prepare=True)
        told = [one for one in ordered if one.type not in READINGS] + _counted(cursor, readings)
        insert_events(
            cursor,
            [
                EventRow(new_id(), one.message_id, one.account_id, one.type, one.occurred_at, None, one.details)
                for one in told
            ],
        )


def _counted(cursor: "psycopg.Cursor[Any]", readings: Sequence[News]) -> list[News]:
    """Those whose message is still there, the first ones marked."""
    if not readings:
        return []
    counted = count(
        cursor,
        [Reading(place, one.message_id, one.type, not is_machine(one.details)) for place, one in enumerate(readings)],
    )
    return [
        replace(one, details=one.details | {"first": True}) if place in counted.firsts else one
        for place, one in enumerate(readings)
        if place in counted.known
    ]


@dataclass(frozen=True, slots=True)
class Change:
    """What people or rules decided about a message in the queue; `details` are the event's.

    `send_at`: the time that is chosen for it now, or that was and is still to come; `due_at`: when it leaves, where
    that is neither now nor `send_at`.
    """

    message_id: uuid.UUID
    account_id: int
    details: dict[str, Any]
    send_at: datetime | None = None
    due_at: datetime | None = None

    @property
    def told(self) -> dict[str, Any]:
        return self.details if self.send_at is None else self.details | {"send_at": self.send_at.isoformat()}


def record_changes(
    cursor: "psycopg.Cursor[Any]",
    kind: Event.Type,
    changes_made: Sequence[Change],
    *,
    at: datetime,
    next_attempt_at: datetime | None = None,
) -> None:
    """Writes one kind of event about many messages, and their statuses, in the transaction that changes the queue."""
    if not changes_made:
        return
    ordered = sorted(changes_made, key=lambda one: one.message_id.int)
    moves = {status.value: after for status, event, after in changes() if event is kind}
    parameters = {
        "ids": Column("uuid", [one.message_id for one in ordered]),
        "send_ats": Column("timestamptz", [one.send_at for one in ordered]),
        "due_ats": Column("timestamptz", [one.due_at for one in ordered]),
        "low": ordered[0].message_id,
        "high": ordered[-1].message_id,
        "froms": list(moves),
        "tos": [after.value for after in moves.values()],
        "aheads": [AHEAD.get(after, after).value for after in moves.values()],
        "is_final": any(after in FINAL for after in moves.values()),
        "at": at,
        "next": next_attempt_at,
    }
    cursor.execute(statements.CHANGE_MESSAGES, parameters, prepare=True)
    rows = [EventRow(new_id(), one.message_id, one.account_id, kind, at, None, one.told) for one in changes_made]
    insert_events(cursor, rows)


@dataclass(frozen=True, slots=True)
class EventRow:
    """One row of Event."""

    id: uuid.UUID
    message_id: uuid.UUID
    account_id: int
    type: Event.Type
    occurred_at: datetime
    attempt_id: uuid.UUID | None
    details: dict[str, Any]


def insert_events(cursor: "psycopg.Cursor[Any]", rows: Sequence[EventRow]) -> None:
    """Appends events, in the caller's transaction, and puts them into the feed."""
    if not rows:
        return
    _EVENT.write(cursor, [_event(row) for row in rows])
    ids = Column("uuid", [row.id for row in rows])
    cursor.execute(statements.FEED, {"ids": ids, "accounts": Column("bigint", [row.account_id for row in rows])})


_EVENT = RowWriter(Event, ("id", "message", "account", "type", "occurred_at", "attempt", "details"))


def _event(row: EventRow) -> Row:
    details = msgspec.json.encode(row.details).decode()
    return row.id, row.message_id, row.account_id, row.type.value, row.occurred_at, row.attempt_id, details


def _news_parameters(one: News) -> dict[str, Any]:
    moves = {status.value: after.value for status, event, after in changes() if event is one.type}
    finals = [after for after in moves.values() if MessageStatus(after) in FINAL]
    return {
        "id": one.message_id,
        "at": one.occurred_at,
        "froms": list(moves),
        "tos": list(moves.values()),
        "finals": finals,
        "opts_out": one.type in OPTING_OUT,
    }
