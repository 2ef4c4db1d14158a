"""The rows of accepted payloads: Content, Submission, and a Message, a QueueEntry and an accepted Event a recipient."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from billing.metering import plan_of
from sending.events.accepted import accepted_event
from sending.events.record import EventRow, insert_events
from sending.models import Content, Message, MessageStatus, QueueEntry, Submission
from sending.models.content import new_content_id
from sending.models.row_writer import COPY_FROM_ROWS, Row, RowWriter
from sending.submission.payload import Payload


@dataclass(frozen=True, slots=True)
class Admitted:
    """A payload that policy and meter let pass. `is_stored`: its content has been committed already."""

    payload: Payload
    domain_id: int
    content_id: uuid.UUID
    is_stored: bool = False


_CONTENT = RowWriter(Content, ("id", "data"))
_SUBMISSION = RowWriter(
    Submission,
    (
        "id",
        "account",
        "domain",
        "token",
        "stream",
        "door",
        "client_ip",
        "mail_from",
        "from_header",
        "subject",
        "rfc_message_id",
        "category",
        "custom_variables",
        "recipient_count",
        "size",
        "needs_8bit",
        "needs_smtputf8",
        "content",
    ),
)
_MESSAGE = RowWriter(
    Message,
    (
        "id",
        "submission",
        "account",
        "domain",
        "stream",
        "kind",
        "recipient",
        "from_address",
        "subject",
        "category",
    ),
    {"status": MessageStatus.QUEUED.value, "attempts": 0, "opens_count": 0, "clicks_count": 0},
)
_QUEUE = RowWriter(
    QueueEntry,
    ("message", "submission", "account", "domain", "stream", "destination", "due_at"),
    {"attempts": 0},
)


def content_id(account_id: int, now: datetime) -> uuid.UUID:
    """An id that carries the day on which the account's plan lets the content go."""
    return new_content_id(now + timedelta(days=plan_of(account_id).log_days))


def write_content(cursor: "psycopg.Cursor[Any]", stored: Sequence[tuple[uuid.UUID, bytes]]) -> None:
    """Content ahead of its submission."""
    _CONTENT.write(cursor, stored)


def is_copied(payloads: Sequence[Payload]) -> bool:
    """Whether so many rows are better copied than inserted."""
    return sum(len(payload.recipients) for payload in payloads) >= COPY_FROM_ROWS


def write(cursor: "psycopg.Cursor[Any]", admitted: Sequence[Admitted], now: datetime, *, copy: bool) -> None:
    """All rows, in the caller's transaction."""
    contents = [(one.content_id, one.payload.content) for one in admitted if not one.is_stored]
    _CONTENT.write(cursor, contents, copy=copy)
    _SUBMISSION.write(cursor, [_submission(one) for one in admitted], copy=copy)
    _MESSAGE.write(cursor, [row for one in admitted for row in _messages(one)], copy=copy)
    _QUEUE.write(cursor, [row for one in admitted for row in _queue_entries(one, now)], copy=copy)
    insert_events(cursor, [row for one in admitted for row in _events(one, now)], copy=copy)


def _submission(one: Admitted) -> Row:
    payload = one.payload
    return (
        payload.submission_id,
        payload.account_id,
        one.domain_id,
        payload.token_id,
        payload.stream.value,
        payload.door.value,
        payload.client_ip,
        payload.mail_from,
        payload.sender.header,
        payload.subject,
        payload.rfc_message_id,
        payload.category,
        payload.custom_variables,
        len(payload.recipients),
        payload.size,
        payload.needs_8bit,
        payload.needs_smtputf8,
        one.content_id,
    )


def _messages(one: Admitted) -> list[Row]:
    payload = one.payload
    return [
        (
            message_id,
            payload.submission_id,
            payload.account_id,
            one.domain_id,
            payload.stream.value,
            recipient.kind.value,
            recipient.address,
            payload.sender.address,
            payload.subject,
            payload.category,
        )
        for message_id, recipient in zip(payload.message_ids, payload.recipients, strict=True)
    ]


def _queue_entries(one: Admitted, now: datetime) -> list[Row]:
    payload = one.payload
    return [
        (
            message_id,
            payload.submission_id,
            payload.account_id,
            one.domain_id,
            payload.stream.value,
            recipient.domain,
            now,
        )
        for message_id, recipient in zip(payload.message_ids, payload.recipients, strict=True)
    ]


def _events(one: Admitted, now: datetime) -> list[EventRow]:
    return [accepted_event(message_id, one.payload.account_id, now) for message_id in one.payload.message_ids]
