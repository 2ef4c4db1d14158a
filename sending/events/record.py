"""The only writer of Event and of Message.status: results of deliveries and later news, in bulk.

Results are fenced: one is written only while its queue entry still carries the lease it was made under.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from django.db import transaction

from sending.events import statements
from sending.events.lifecycle import EVENT_OF_OUTCOME, FINAL, OPTING_OUT, STATUS_OF_OUTCOME, changes
from sending.models import Attempt, Event, MessageStatus
from sending.models.identifiers import new_id
from sending.models.row_writer import Row, RowWriter
from sending.models.statements import raw_cursor


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the attempt's row keeps, by the names of its columns; see `Attempt` for the meaning of each."""

    outcome: Attempt.Outcome
    phase: str
    started_at: datetime
    finished_at: datetime
    mx_host: str | None = None
    mx_ip: str | None = None
    mx_preference: int | None = None
    source_ip: str | None = None
    tls: str | None = None
    reply_code: int | None = None
    enhanced_code: str | None = None
    reply_text: str | None = None
    conversation: Sequence[tuple[str, str]] = ()
    timing: dict[str, int] = field(default_factory=dict)
    content_sha256: bytes | None = None

    @property
    def reply(self) -> str | None:
        """The answer in one line, as the log shows it."""
        parts = (str(self.reply_code or ""), self.enhanced_code or "", self.reply_text or "")
        return " ".join(part for part in parts if part) or None


@dataclass(frozen=True, slots=True)
class Result:
    """The end of one attempt. `retry_at` is set exactly for deferred and uncertain ones; `details` are the event's."""

    message_id: uuid.UUID
    account_id: int
    lease_owner: uuid.UUID
    number: int
    evidence: Evidence
    retry_at: datetime | None
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class News:
    """Something learnt about a message outside its delivery: a complaint, a report, an opening."""

    message_id: uuid.UUID
    account_id: int
    type: Event.Type
    occurred_at: datetime
    details: dict[str, Any]


def record_results(results: Sequence[Result]) -> set[uuid.UUID]:
    """Writes attempts, events, statuses and queue entries in one transaction; returns the messages whose lease held.

    A result whose lease was lost leaves no trace: the message is another drain's.
    """
    if not results:
        return set()
    # One order for all writers, so that two of them never wait for each other.
    ordered = sorted(results, key=lambda result: result.message_id)
    with transaction.atomic():
        cursor = raw_cursor()
        held = _leave_queue(cursor, [one for one in ordered if one.retry_at is None])
        held |= _requeue(cursor, [one for one in ordered if one.retry_at is not None])
        written = [one for one in ordered if one.message_id in held]
        if written:
            _write_results(cursor, written)
    return held


def record_news(news: Sequence[News]) -> None:
    """Writes events that no attempt produced, and what they do to their messages. A final status empties the queue."""
    if not news:
        return
    ordered = sorted(news, key=lambda one: one.message_id)
    rows = [
        EventRow(new_id(), one.message_id, one.account_id, one.type, one.occurred_at, None, one.details)
        for one in ordered
    ]
    with transaction.atomic():
        cursor = raw_cursor()
        # One after another: two events about one message in one call must both count.
        for one in ordered:
            cursor.execute(statements.APPLY_NEWS, _news_parameters(one), prepare=True)
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


def insert_events(cursor: "psycopg.Cursor[Any]", rows: Sequence[EventRow], *, copy: bool = False) -> None:
    """Appends events, in the caller's transaction; `copy` as in `RowWriter`."""
    _EVENT.write(cursor, [_event(row) for row in rows], copy=copy)


def _leave_queue(cursor: "psycopg.Cursor[Any]", results: Sequence[Result]) -> set[uuid.UUID]:
    if not results:
        return set()
    cursor.execute(statements.LEAVE, _pairs(results), prepare=True)
    return {row[0] for row in cursor.fetchall()}


def _requeue(cursor: "psycopg.Cursor[Any]", results: Sequence[Result]) -> set[uuid.UUID]:
    if not results:
        return set()
    dues = [one.retry_at for one in results]
    numbers = [one.number for one in results]
    cursor.execute(statements.REQUEUE, {**_pairs(results), "dues": dues, "numbers": numbers}, prepare=True)
    return {row[0] for row in cursor.fetchall()}


def _pairs(results: Sequence[Result]) -> dict[str, Any]:
    return {"ids": [one.message_id for one in results], "owners": [one.lease_owner for one in results]}


def _write_results(cursor: "psycopg.Cursor[Any]", results: Sequence[Result]) -> None:
    attempt_ids = [new_id() for _ in results]
    _ATTEMPT.write(cursor, [_attempt(*pair) for pair in zip(attempt_ids, results, strict=True)])
    insert_events(
        cursor,
        [
            EventRow(
                new_id(),
                one.message_id,
                one.account_id,
                EVENT_OF_OUTCOME[one.evidence.outcome],
                one.evidence.finished_at,
                attempt_id,
                one.details,
            )
            for attempt_id, one in zip(attempt_ids, results, strict=True)
        ],
    )
    cursor.execute(
        statements.UPDATE_MESSAGES,
        {
            "ids": [one.message_id for one in results],
            "low": results[0].message_id,
            "high": results[-1].message_id,
            "statuses": [STATUS_OF_OUTCOME[one.evidence.outcome].value for one in results],
            "numbers": [one.number for one in results],
            "retries": [one.retry_at for one in results],
            "finished": [None if one.retry_at else one.evidence.finished_at for one in results],
            "hosts": [one.evidence.mx_host for one in results],
            "sources": [one.evidence.source_ip for one in results],
            "replies": [one.evidence.reply for one in results],
        },
        prepare=True,
    )


_EVIDENCE = tuple(one.name for one in fields(Evidence))
_ATTEMPT = RowWriter(Attempt, ("id", "message", "account", "number", *_EVIDENCE))
_EVENT = RowWriter(Event, ("id", "message", "account", "type", "occurred_at", "attempt", "details"))


def _attempt(attempt_id: uuid.UUID, result: Result) -> Row:
    evidence = (_plain(getattr(result.evidence, name)) for name in _EVIDENCE)
    return attempt_id, result.message_id, result.account_id, result.number, *evidence


def _event(row: EventRow) -> Row:
    details = _plain(row.details)
    return row.id, row.message_id, row.account_id, row.type.value, row.occurred_at, row.attempt_id, details


def _plain(value: Any) -> Any:
    """JSON travels as text."""
    if isinstance(value, dict | list | tuple):
        return msgspec.json.encode(value).decode()
    return value.value if isinstance(value, Attempt.Outcome) else value


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
        "opens": int(one.type is Event.Type.OPEN),
        "clicks": int(one.type is Event.Type.CLICK),
    }
