"""The rows of accepted payloads: Content, Submission, and a Message, a QueueEntry and an accepted Event a recipient.

Two statements for a whole flush, fed with one array a column; what the recipients of a submission share travels once.
"""

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from mailtrap_site.bulk_values import Column
from sending.events.accepted import INSERT_ACCEPTED
from sending.models import MessageStatus
from sending.models.content import new_content_id
from sending.models.statements import statement
from sending.submission.payload import Payload


@dataclass(frozen=True, slots=True)
class Admitted:
    """A payload that policy and meter let pass. `is_stored`: its content has been committed already.

    `send_at` is still to come; None where the mail leaves at once.
    """

    payload: Payload
    domain_id: int
    content_id: uuid.UUID
    send_at: datetime | None
    due: tuple[datetime | None, ...] = ()
    """Of each recipient the hour that has room for it, None where it leaves at once; empty where all do."""
    is_stored: bool = False
    additions: str | None = None
    """As the column of that name."""


def content_id(leaves_at: datetime, days: int) -> uuid.UUID:
    """An id that carries when the content goes, as plan and stream say."""
    return new_content_id(leaves_at + timedelta(days=days))


def write_content(cursor: "psycopg.Cursor[Any]", stored: Sequence[tuple[uuid.UUID, bytes]]) -> None:
    """Content ahead of its submission."""
    ids, contents = zip(*stored, strict=True)
    cursor.execute(_INSERT_CONTENT, (Column("uuid", ids), Column("bytea", contents)), prepare=True)


def write(cursor: "psycopg.Cursor[Any]", admitted: Sequence[Admitted], now: datetime) -> None:
    """All rows, in the caller's transaction."""
    if not admitted:
        return
    if contents := [(one.content_id, one.payload.content) for one in admitted if not one.is_stored]:
        write_content(cursor, contents)
    values: dict[str, Any] = {name: Column(kind, [read(one) for one in admitted]) for name, kind, read in _SUBMISSION}
    recipients = [
        (number, message_id, recipient)
        for number, one in enumerate(admitted, 1)
        for message_id, recipient in zip(one.payload.message_ids, one.payload.recipients, strict=True)
    ]
    values["number"] = Column("bigint", [number for number, _, _ in recipients])
    values["message_id"] = Column("uuid", [message_id for _, message_id, _ in recipients])
    values["kind"] = Column("text", [recipient.kind.value for _, _, recipient in recipients])
    values["recipient"] = Column("text", [recipient.address for _, _, recipient in recipients])
    values["destination"] = Column("text", [recipient.domain for _, _, recipient in recipients])
    values["due"] = Column(
        "timestamptz", [due for one in admitted for due in one.due or [None] * len(one.payload.recipients)]
    )
    values["now"] = now
    cursor.execute(_INSERT_ROWS, values, prepare=True)


def write_first_email(cursor: "psycopg.Cursor[Any]", domain_ids: Collection[int], now: datetime) -> None:
    """When the first email of these domains was accepted, unless another flush was first."""
    cursor.execute(_FIRST_EMAIL, (now, Column("bigint", sorted(domain_ids))))


_SUBMISSION: tuple[tuple[str, str, Callable[[Admitted], Any]], ...] = (
    ("id", "uuid", lambda one: one.payload.submission_id),
    ("account_id", "bigint", lambda one: one.payload.account_id),
    ("domain_id", "bigint", lambda one: one.domain_id),
    ("token_id", "bigint", lambda one: one.payload.token_id),
    ("stream", "text", lambda one: one.payload.stream.value),
    ("door", "text", lambda one: one.payload.door.value),
    ("client_ip", "text", lambda one: one.payload.client_ip),
    ("mail_from", "text", lambda one: one.payload.mail_from),
    ("from_address", "text", lambda one: one.payload.sender.address),
    ("from_header", "text", lambda one: one.payload.sender.header),
    ("subject", "text", lambda one: one.payload.subject),
    ("rfc_message_id", "text", lambda one: one.payload.rfc_message_id),
    ("category", "text", lambda one: one.payload.category),
    ("custom_variables", "jsonb", lambda one: one.payload.custom_variables),
    ("recipient_count", "integer", lambda one: len(one.payload.recipients)),
    ("size", "integer", lambda one: one.payload.size),
    ("needs_8bit", "boolean", lambda one: one.payload.needs_8bit),
    ("needs_smtputf8", "boolean", lambda one: one.payload.needs_smtputf8),
    ("content_id", "uuid", lambda one: one.content_id),
    ("send_at", "timestamptz", lambda one: one.send_at),
    ("track_opens", "boolean", lambda one: one.payload.tracking.opens),
    ("track_clicks", "boolean", lambda one: one.payload.tracking.clicks),
    ("copy_header", "text", lambda one: one.payload.copy_header),
    ("additions", "text", lambda one: one.additions),
)
"""What one submission hands over: name in the statement, PostgreSQL's type, and where the value comes from."""

# Locked in one order, so that flushes that meet here wait for each other in turn.
_FIRST_EMAIL = statement(
    """
UPDATE {domain} SET first_email_at = %b WHERE first_email_at IS NULL AND id IN (
    SELECT id FROM {domain} WHERE id = ANY(%b::bigint[]) AND first_email_at IS NULL ORDER BY id FOR NO KEY UPDATE
)"""
)
_INSERT_CONTENT = statement("INSERT INTO {content} (id, data) SELECT * FROM unnest(%b::uuid[], %b::bytea[])")
_INSERT_ROWS = statement(
    """
WITH accepted AS MATERIALIZED (
    SELECT * FROM unnest({arrays}) WITH ORDINALITY AS a({names}, number)
), recipient AS MATERIALIZED (
    SELECT a.*, r.message_id, r.kind, r.recipient, r.destination, r.due
    FROM unnest(%(number)b::bigint[], %(message_id)b::uuid[], %(kind)b::text[], %(recipient)b::text[],
        %(destination)b::text[], %(due)b::timestamptz[]) AS r(number, message_id, kind, recipient, destination, due)
    JOIN accepted a USING (number)
), submission AS (
    INSERT INTO {submission} (id, account_id, domain_id, token_id, stream, door, client_ip, mail_from, from_header,
        subject, rfc_message_id, category, custom_variables, recipient_count, size, needs_8bit, needs_smtputf8,
        content_id, track_opens, track_clicks, copy_header, additions)
    SELECT id, account_id, domain_id, token_id, stream, door, client_ip::inet, mail_from, from_header,
        subject, rfc_message_id, category, custom_variables, recipient_count, size, needs_8bit, needs_smtputf8,
        content_id, track_opens, track_clicks, copy_header, additions
    FROM accepted
), message AS (
    INSERT INTO {message} (id, submission_id, account_id, domain_id, stream, kind, recipient, from_address, subject,
        category, status, attempts, next_attempt_at, opens_count, clicks_count, send_at)
    SELECT message_id, id, account_id, domain_id, stream, kind, recipient, from_address, subject,
        category, CASE WHEN send_at IS NULL THEN {queued} ELSE {scheduled} END, 0, coalesce(due, send_at), 0, 0, send_at
    FROM recipient
), queue AS (
    INSERT INTO {queue} (message_id, submission_id, account_id, domain_id, stream, destination, due_at, attempts,
        send_at)
    SELECT message_id, id, account_id, domain_id, stream, destination, coalesce(due, send_at, %(now)s), 0, send_at
    FROM recipient
)
{events}""",
    arrays=sql.SQL(", ").join(sql.SQL(f"%({name})b::{kind}[]") for name, kind, _ in _SUBMISSION),
    names=sql.SQL(", ").join(sql.Identifier(name) for name, _, _ in _SUBMISSION),
    queued=sql.Literal(MessageStatus.QUEUED.value),
    scheduled=sql.Literal(MessageStatus.SCHEDULED.value),
    events=INSERT_ACCEPTED,
)
