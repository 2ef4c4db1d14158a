"""The statements with which `events.record` writes results and news in bulk."""

from typing import LiteralString

from psycopg import sql

from sending.models import Attempt, Event
from sending.models.statements import statement

LEAVE = statement("""
DELETE FROM {queue} q USING unnest(%(ids)s::uuid[], %(owners)s::uuid[]) r(id, owner)
WHERE q.message_id = r.id AND q.lease_owner = r.owner RETURNING q.message_id""")

REQUEUE = statement("""
UPDATE {queue} q
SET due_at = r.due, attempts = r.number, lease_owner = NULL, lease_until = NULL, uncertain_since = NULL
FROM unnest(%(ids)s::uuid[], %(owners)s::uuid[], %(dues)s::timestamptz[], %(numbers)s::int[]) r(id, owner, due, number)
WHERE q.message_id = r.id AND q.lease_owner = r.owner RETURNING q.message_id""")

# The bounds let PostgreSQL leave out partitions that hold none of them.
UPDATE_MESSAGES = statement("""
UPDATE {message} m
SET status = r.status, attempts = r.number, next_attempt_at = r.retry, finished_at = r.finished,
    recipient_mx = coalesce(r.host, m.recipient_mx), sending_ip = coalesce(r.source, m.sending_ip), reply = r.reply
FROM unnest(%(ids)s::uuid[], %(statuses)s::text[], %(numbers)s::int[], %(retries)s::timestamptz[],
    %(finished)s::timestamptz[], %(hosts)s::text[], %(sources)s::inet[], %(replies)s::text[])
    r(id, status, number, retry, finished, host, source, reply)
WHERE m.id = r.id AND m.id >= %(low)s AND m.id <= %(high)s""")

# `froms[i]` becomes `tos[i]`; a status that is not listed stays.
APPLY_NEWS = statement("""
WITH changed AS (
    UPDATE {message} m
    SET status = coalesce((%(tos)s::text[])[array_position(%(froms)s::text[], m.status::text)], m.status),
        finished_at = CASE WHEN m.status = ANY(%(froms)s::text[]) AND %(finals)s::text[] <> '{{}}'
            THEN coalesce(m.finished_at, %(at)s) ELSE m.finished_at END,
        opted_out_at = CASE WHEN %(opts_out)s THEN coalesce(m.opted_out_at, %(at)s) ELSE m.opted_out_at END,
        opens_count = m.opens_count + %(opens)s, clicks_count = m.clicks_count + %(clicks)s
    WHERE m.id = %(id)s RETURNING m.id, m.status
)
DELETE FROM {queue} q USING changed c WHERE q.message_id = c.id AND c.status = ANY(%(finals)s::text[])""")

_EVIDENCE_TYPES: dict[LiteralString, LiteralString] = {
    "outcome": "text",
    "phase": "text",
    "started_at": "timestamptz",
    "finished_at": "timestamptz",
    "mx_host": "text",
    "mx_ip": "inet",
    "mx_preference": "int",
    "source_ip": "inet",
    "tls": "text",
    "reply_code": "int",
    "enhanced_code": "text",
    "reply_text": "text",
    "conversation": "jsonb",
    "timing": "jsonb",
    "content_sha256": "bytea",
}
EVIDENCE_FIELDS = tuple(_EVIDENCE_TYPES)
_ATTEMPT_TYPES: dict[LiteralString, LiteralString] = {
    "id": "uuid",
    "message": "uuid",
    "account": "bigint",
    "number": "int",
    **_EVIDENCE_TYPES,
}
_EVENT_TYPES: dict[LiteralString, LiteralString] = {
    "id": "uuid",
    "message": "uuid",
    "account": "bigint",
    "type": "text",
    "occurred_at": "timestamptz",
    "attempt": "uuid",
    "details": "jsonb",
}
EVENT_FIELDS = ("id", "message_id", "account_id", "type", "occurred_at", "attempt_id", "details")


def _column(model: type[Attempt] | type[Event], name: str) -> str:
    return str(getattr(model._meta.get_field(name), "column", name))


def _insert_statement(model: type[Attempt] | type[Event], types: dict[LiteralString, LiteralString]) -> bytes:
    columns = [sql.Identifier(_column(model, name)) for name in types]
    # JSON travels as text: an array of jsonb would need every element adapted on its own.
    arrays = [sql.SQL("%s::text[]" if kind == "jsonb" else "%s::" + kind + "[]") for kind in types.values()]
    values = [sql.SQL("r.{}::" + kind).format(column) for column, kind in zip(columns, types.values(), strict=True)]
    return statement(
        "INSERT INTO {table} ({columns}) SELECT {values} FROM unnest({arrays}) r({columns})",
        table=sql.Identifier(model._meta.db_table),
        columns=sql.SQL(", ").join(columns),
        values=sql.SQL(", ").join(values),
        arrays=sql.SQL(", ").join(arrays),
    )


INSERT_ATTEMPTS = _insert_statement(Attempt, _ATTEMPT_TYPES)
INSERT_EVENTS = _insert_statement(Event, _EVENT_TYPES)
