"""The ends of attempts, and the one statement that writes them: queue entry, attempt, event, message and the feed.

For `events.record` alone. One statement is one transaction and one round trip, and each column travels once.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from mailtrap_site.bulk_values import Column
from sending.events.lifecycle import EVENT_OF_OUTCOME, STATUS_OF_OUTCOME
from sending.models import Attempt, Hold
from sending.models.identifiers import new_id
from sending.models.statements import statement


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
    """The end of one attempt. `retry_at` is set exactly for deferred and uncertain ones; `details` are the event's.

    With `hold` it is not tried again at `retry_at`, which is PARKED, but when somebody has decided.
    """

    message_id: uuid.UUID
    account_id: int
    lease_owner: uuid.UUID
    number: int
    evidence: Evidence
    retry_at: datetime | None
    details: dict[str, Any]
    hold: Hold | None = None


def write_results(cursor: "psycopg.Cursor[Any]", results: Sequence[Result]) -> set[uuid.UUID]:
    """Writes results, sorted by message id, where the queue entry still carries their lease; returns those messages."""
    columns = zip(*map(_row, results), strict=True)
    parameters: dict[str, Any] = {
        name: Column(kind, values) for (name, kind), values in zip(_COLUMNS.items(), columns, strict=True)
    }
    parameters |= {"low": results[0].message_id, "high": results[-1].message_id}
    return {row[0] for row in cursor.execute(_WRITE, parameters, prepare=True, binary=True)}


def _row(result: Result) -> tuple[Any, ...]:
    """In the order of `_COLUMNS`."""
    evidence = result.evidence
    return (
        new_id(),
        result.message_id,
        result.lease_owner,
        result.account_id,
        result.number,
        result.retry_at,
        result.hold and result.hold.value,
        EVENT_OF_OUTCOME[evidence.outcome].value,
        STATUS_OF_OUTCOME[evidence.outcome].value,
        _json(result.details),
        evidence.reply,
        evidence.outcome.value,
        evidence.phase,
        evidence.started_at,
        evidence.finished_at,
        evidence.mx_host,
        evidence.mx_ip,
        evidence.mx_preference,
        evidence.source_ip,
        evidence.tls,
        evidence.reply_code,
        evidence.enhanced_code,
        evidence.reply_text,
        _json(evidence.conversation),
        _json(evidence.timing),
        evidence.content_sha256,
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


_COLUMNS = {
    "id": "uuid",
    "message_id": "uuid",
    "lease_owner": "uuid",
    "account_id": "bigint",
    "number": "smallint",
    "retry_at": "timestamptz",
    "hold": "text",
    "type": "text",
    "status": "text",
    "details": "jsonb",
    "reply": "text",
    "outcome": "text",
    "phase": "text",
    "started_at": "timestamptz",
    "finished_at": "timestamptz",
    "mx_host": "text",
    "mx_ip": "text",
    "mx_preference": "integer",
    "source_ip": "text",
    "tls": "text",
    "reply_code": "smallint",
    "enhanced_code": "text",
    "reply_text": "text",
    "conversation": "jsonb",
    "timing": "jsonb",
    "content_sha256": "bytea",
}

# A final result leaves the queue, another one stays in it: whichever fits its lease is held, and only that is written.
# The event of an attempt carries its id. The bounds let PostgreSQL leave out partitions that hold none of the messages.
_WRITE = statement(
    """
WITH result AS MATERIALIZED (SELECT * FROM unnest({arrays}) AS r({names})),
finished AS (
    DELETE FROM {queue} q USING result r
    WHERE q.message_id = r.message_id AND q.lease_owner = r.lease_owner AND r.retry_at IS NULL
    RETURNING q.message_id
),
postponed AS (
    UPDATE {queue} q
    SET due_at = r.retry_at, attempts = r.number, lease_owner = NULL, lease_until = NULL, uncertain_since = NULL,
        hold = r.hold, pause_id = CASE WHEN r.hold IS NOT NULL THEN 0 END, send_at = NULL
    FROM result r
    WHERE q.message_id = r.message_id AND q.lease_owner = r.lease_owner AND r.retry_at IS NOT NULL
    RETURNING q.message_id
),
held AS MATERIALIZED (
    SELECT r.* FROM result r JOIN (TABLE finished UNION ALL TABLE postponed) h ON h.message_id = r.message_id
),
attempted AS (
    INSERT INTO {attempt} (id, message_id, account_id, number, outcome, phase, started_at, finished_at, mx_host, mx_ip,
        mx_preference, source_ip, tls, reply_code, enhanced_code, reply_text, conversation, timing, content_sha256)
    SELECT id, message_id, account_id, number, outcome, phase, started_at, finished_at, mx_host, mx_ip::inet,
        mx_preference, source_ip::inet, tls, reply_code, enhanced_code, reply_text, conversation, timing, content_sha256
    FROM held
),
told AS (
    INSERT INTO {event} (id, message_id, account_id, type, occurred_at, attempt_id, details)
    SELECT id, message_id, account_id, type, finished_at, id, details FROM held
),
fed AS (
    INSERT INTO {batch} (account_id, event_ids, written_at)
    SELECT account_id, array_agg(id ORDER BY id), now() FROM held GROUP BY account_id
),
changed AS (
    UPDATE {message} m
    SET status = h.status, attempts = h.number, next_attempt_at = CASE WHEN h.hold IS NULL THEN h.retry_at END,
        finished_at = CASE WHEN h.retry_at IS NULL THEN h.finished_at END, reply = h.reply,
        provider = CASE WHEN h.mx_host IS NULL THEN m.provider ELSE h.details ->> 'email_service_provider' END,
        recipient_mx = coalesce(h.mx_host, m.recipient_mx), sending_ip = coalesce(h.source_ip::inet, m.sending_ip)
    FROM held h WHERE m.id = h.message_id AND m.id >= %(low)s AND m.id <= %(high)s
)
SELECT message_id FROM held""",
    arrays=sql.SQL(", ").join(sql.SQL(f"%({name})b::{kind}[]") for name, kind in _COLUMNS.items()),
    names=sql.SQL(", ").join(sql.Identifier(name) for name in _COLUMNS),
)
