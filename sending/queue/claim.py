"""Claims due queue entries under a lease (SKIP LOCKED). Writes the lease columns and nothing else.

An entry whose lease ran out after its uncertain mark was set is not claimed: `queue.sweep` decides about it first.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from sending.models import QueueEntry, Stream
from sending.models.statements import statement

BATCH = 200
LEASE = timedelta(minutes=3)
"""Renewed while a conversation lasts; what a killed worker held is due again after this time."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One message to deliver now, held by `lease_owner`. `content` is the packed column; None when it is gone."""

    message_id: uuid.UUID
    lease_owner: uuid.UUID
    submission_id: uuid.UUID
    account_id: int
    destination: str
    attempts: int
    """Attempts made before this one."""
    recipient: str
    needs_8bit: bool
    needs_smtputf8: bool
    size: int
    content_id: uuid.UUID
    domain_name: str | None
    verification_label: str | None
    dkim_key_id: int | None


def claim(
    cursor: "psycopg.Cursor[Any]",
    *,
    now: datetime,
    lease: timedelta = LEASE,
    limit: int = BATCH,
    busy: Collection[str] = (),
) -> list[Claim]:
    """Leases up to `limit` due entries under a new owner token: transactional first, then in order of `due_at`.

    Entries for the destinations in `busy` are left where they are.
    """
    parameters = {"now": now, "until": now + lease, "owner": uuid.uuid4(), "limit": limit, "busy": list(busy)}
    with cursor.connection.cursor(row_factory=class_row(Claim)) as typed:
        return typed.execute(_CLAIM, parameters, prepare=True).fetchall()


def contents(cursor: "psycopg.Cursor[Any]", content_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, bytes]:
    """The packed contents that still exist."""
    cursor.execute(_CONTENTS, (list(content_ids),), prepare=True, binary=True)
    return dict(cursor.fetchall())


def renew(cursor: "psycopg.Cursor[Any]", held: Sequence[Claim], *, until: datetime) -> int:
    """Extends leases that are still held; returns how many are."""
    return cursor.execute(_RENEW, {"until": until, **_pairs(held)}).rowcount


def release(cursor: "psycopg.Cursor[Any]", held: Sequence[Claim]) -> int:
    """Gives back claims that were not begun; they are due at once."""
    return cursor.execute(_RELEASE, _pairs(held)).rowcount


def mark_uncertain(cursor: "psycopg.Cursor[Any]", held: Sequence[Claim], *, now: datetime) -> set[uuid.UUID]:
    """Notes, before their final dots, that from now on these may have been delivered; returns those still held."""
    cursor.execute(_MARK, {"now": now, **_pairs(held)}, prepare=True)
    return {row[0] for row in cursor.fetchall()}


def _pairs(held: Sequence[Claim]) -> dict[str, list[uuid.UUID]]:
    return {"ids": [one.message_id for one in held], "owners": [one.lease_owner for one in held]}


_DUE: LiteralString = """
    SELECT message_id FROM {queue}
    WHERE stream = {stream} AND due_at <= %(now)s AND uncertain_since IS NULL
      AND (lease_until IS NULL OR lease_until < %(now)s) AND destination <> ALL(%(busy)s)
    ORDER BY due_at LIMIT {limit} FOR UPDATE SKIP LOCKED"""


def _due(stream: Stream, limit: LiteralString) -> sql.Composable:
    return sql.SQL(_DUE).format(
        queue=sql.Identifier(QueueEntry._meta.db_table), stream=sql.Literal(stream.value), limit=sql.SQL(limit)
    )


_CLAIM = statement(
    """
WITH urgent AS MATERIALIZED ({urgent}),
other AS MATERIALIZED ({other}),
leased AS (
    UPDATE {queue} q SET lease_owner = %(owner)s, lease_until = %(until)s
    WHERE q.message_id = ANY(ARRAY(SELECT message_id FROM urgent UNION ALL SELECT message_id FROM other))
    RETURNING q.message_id, q.submission_id, q.account_id, q.domain_id, q.stream, q.destination, q.attempts, q.due_at
)
SELECT l.message_id, %(owner)s::uuid AS lease_owner, l.submission_id, l.account_id, l.destination, l.attempts,
    m.recipient, s.needs_8bit, s.needs_smtputf8, s.size, s.content_id, d.name AS domain_name, d.verification_label,
    (SELECT id FROM {dkim_key} k WHERE k.domain_id = l.domain_id ORDER BY k.selector LIMIT 1) AS dkim_key_id
FROM leased l
JOIN {message} m ON m.id = l.message_id
JOIN {submission} s ON s.id = l.submission_id
LEFT JOIN {domain} d ON d.id = l.domain_id
ORDER BY l.stream = {bulk}, l.due_at, l.message_id""",
    urgent=_due(Stream.TRANSACTIONAL, "%(limit)s"),
    other=_due(Stream.BULK, "(%(limit)s - (SELECT count(*) FROM urgent))"),
    bulk=sql.Literal(Stream.BULK.value),
)

_HELD = sql.SQL(
    "FROM unnest(%(ids)s::uuid[], %(owners)s::uuid[]) h(id, owner) WHERE message_id = h.id AND lease_owner = h.owner"
)
_RENEW = statement("UPDATE {queue} SET lease_until = %(until)s {held}", held=_HELD)
_RELEASE = statement(
    "UPDATE {queue} SET lease_owner = NULL, lease_until = NULL {held} AND uncertain_since IS NULL", held=_HELD
)
_MARK = statement("UPDATE {queue} SET uncertain_since = %(now)s {held} RETURNING message_id", held=_HELD)
_CONTENTS = statement("SELECT id, data FROM {content} WHERE id = ANY(%s)")
