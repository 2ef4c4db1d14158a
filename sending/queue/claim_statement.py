"""The statement of a claim: round robin over the accounts that have due mail, in both streams, under one new lease.

Per stream, a loose index scan walks the accounts from where the last claim ended, around and back to there; it stops
once enough of them have something due, or enough have been looked at. Each then gives up to its share, oldest first,
and those that have more give what is left of the room.
So a claim's cost depends neither on the length of the queue nor on whose mail fills it.
"""

from typing import LiteralString

from psycopg import sql

from domains.models import DkimKey
from sending.models import OnUncertain, QueueEntry, RecipientKind, Stream
from sending.models.statements import fragment, statement

_ACCOUNT_AFTER: LiteralString = """
    SELECT account_id, due_at{more} FROM {queue} WHERE stream = {stream} AND {condition}
    ORDER BY account_id, due_at LIMIT 1"""

# `lap` is 1 after the wrap. The earliest `due_at` of an account tells whether anything is due, but not whether all of
# that is being sent already: such an account would take a share of the batch and leave it empty.
_ROUND: LiteralString = """
{stream_name}_round(account_id, is_due, lap, dues, looked) AS (
    SELECT {after}::bigint, false, 0, 0, 0
    UNION ALL
    SELECT n.account_id, n.is_due, n.lap, p.dues + n.is_due::int, p.looked + 1
    FROM {stream_name}_round p CROSS JOIN LATERAL (
        SELECT t.account_id, t.lap, t.due_at <= %(now)s AND EXISTS (SELECT FROM {queue} q WHERE {free}) AS is_due
        FROM (({next}) UNION ALL ({first}) LIMIT 1) t
    ) n
    WHERE p.dues < {accounts} AND p.looked < {look} AND (n.lap = 0 OR n.account_id <= {after})
),
{stream_name}_end AS (
    SELECT account_id FROM {stream_name}_round WHERE dues >= {accounts} OR looked >= {look} LIMIT 1
),
{stream_name}_turn AS MATERIALIZED (
    SELECT account_id FROM {stream_name}_round WHERE is_due
),
{stream_name}_share AS MATERIALIZED (
    SELECT ceil({limit} / greatest(count(*), 1)::float)::int FROM {stream_name}_turn
)"""

_FREE: LiteralString = """
    q.stream = {stream} AND q.account_id = t.account_id AND q.due_at <= %(now)s AND q.uncertain_since IS NULL
    AND (q.lease_until IS NULL OR q.lease_until < %(now)s)"""

_PICK: LiteralString = """
{stream_name}_picked AS MATERIALIZED (
    SELECT p.entry, t.account_id FROM {stream_name}_turn t CROSS JOIN LATERAL ({entries}) p LIMIT {limit}
),
{stream_name}_long AS MATERIALIZED (
    SELECT account_id FROM {stream_name}_picked GROUP BY account_id HAVING count(*) >= (TABLE {stream_name}_share)
),
{stream_name}_rest AS MATERIALIZED (
    SELECT p.entry FROM {stream_name}_long t CROSS JOIN LATERAL ({more_entries}) p
    LIMIT {limit} - (SELECT count(*) FROM {stream_name}_picked)
)"""

_ENTRIES: LiteralString = """
    SELECT q.ctid AS entry FROM {queue} q WHERE {free}
    ORDER BY q.due_at LIMIT (TABLE {stream_name}_share) FOR UPDATE SKIP LOCKED"""

# Where many destinations of an account are busy, its oldest and its newest entries are looked at, within a bound.
_ENTRIES_BESIDE_BUSY: LiteralString = """
    SELECT entry FROM (
        SELECT q.ctid AS entry FROM {queue} q WHERE {free} AND q.destination <> ALL(%(busy)s)
            AND q.due_at <= coalesce(({oldest}), %(now)s)
        ORDER BY q.due_at LIMIT (TABLE {stream_name}_share) FOR UPDATE SKIP LOCKED) o
    UNION
    SELECT entry FROM (
        SELECT q.ctid AS entry FROM {queue} q WHERE {free} AND q.destination <> ALL(%(busy)s)
            AND q.due_at > ({newest})
        ORDER BY q.due_at LIMIT (TABLE {stream_name}_share) FOR UPDATE SKIP LOCKED) n"""

# What small accounts leave of the room goes to those that filled their share. An entry that comes twice is leased once.
_MORE_ENTRIES: LiteralString = """
    SELECT q.ctid AS entry FROM {queue} q WHERE {free}{beside_busy}
    ORDER BY q.due_at OFFSET (TABLE {stream_name}_share)
    LIMIT ceil(({limit} - (SELECT count(*) FROM {stream_name}_picked))
        / greatest((SELECT count(*) FROM {stream_name}_long), 1)::float)::int FOR UPDATE SKIP LOCKED"""
_BESIDE_BUSY: LiteralString = " AND q.destination <> ALL(%(busy)s) AND q.due_at <= coalesce(({oldest}), %(now)s)"
_EDGE: LiteralString = """
    SELECT e.due_at FROM {queue} e WHERE e.stream = {stream} AND e.account_id = t.account_id AND e.due_at <= %(now)s
    ORDER BY e.due_at {direction} OFFSET {window} / (SELECT count(*) FROM {stream_name}_turn) LIMIT 1"""

_CLAIM: LiteralString = """
WITH RECURSIVE {urgent_round}, {bulk_round}, {urgent}, {bulk},
leased AS (
    UPDATE {queue} q SET lease_owner = %(owner)s, lease_until = %(until)s
    WHERE q.ctid = ANY(ARRAY(
        SELECT entry FROM transactional_picked UNION ALL SELECT entry FROM transactional_rest
        UNION ALL SELECT entry FROM bulk_picked UNION ALL SELECT entry FROM bulk_rest))
    RETURNING q.message_id, q.submission_id, q.account_id, q.domain_id, q.stream, q.destination, q.attempts, q.due_at
)
SELECT e.urgent_end, e.bulk_end, l.message_id, l.submission_id, l.account_id, l.domain_id, l.stream, l.destination,
    l.attempts, m.recipient, s.needs_8bit, s.needs_smtputf8, s.size, s.content_id, d.name, d.verification_label,
    ({rsa_key}), CASE WHEN d.ed25519_enabled THEN ({ed25519_key}) END,
    EXISTS (SELECT FROM {stream_setting} c
        WHERE c.account_id = l.account_id AND c.stream = l.stream AND c.on_uncertain = {ask}),
    m.send_at, CASE WHEN m.kind = {auto_bcc} THEN s.copy_header END,
    coalesce(d.require_tls, false), s.additions, m.kind = {auto_bcc}
FROM (SELECT (TABLE transactional_end) AS urgent_end, (TABLE bulk_end) AS bulk_end) e
LEFT JOIN (leased l
    JOIN {message} m ON m.id = l.message_id
    JOIN {submission} s ON s.id = l.submission_id
    LEFT JOIN {domain} d ON d.id = l.domain_id) ON true
ORDER BY l.stream = {bulk_stream}, l.due_at, l.message_id"""

# Of the keys of one algorithm that stand in DNS, the one that began last signs. A domain has two or three of them.
_SIGNING_KEY: LiteralString = """
    SELECT k.id FROM {dkim_key} k
    WHERE k.domain_id = l.domain_id AND k.retired_at IS NULL AND k.signs_since IS NOT NULL AND k.algorithm = {algorithm}
    ORDER BY k.signs_since DESC LIMIT 1"""

# While both streams have something due, bulk keeps a share, so that it never starves.
_URGENT_LIMIT: LiteralString = "(%(limit)s - CASE WHEN EXISTS (TABLE bulk_turn) THEN %(reserve)s ELSE 0 END)"
_BULK_LIMIT: LiteralString = (
    "(%(limit)s - (SELECT count(*) FROM transactional_picked) - (SELECT count(*) FROM transactional_rest))"
)


def claim_statement(*, beside_busy: bool) -> bytes:
    """Parameters: now, until, owner, limit, reserve, urgent_after, bulk_after, accounts, look; window and busy as well
    where it has to keep clear of busy destinations."""
    return statement(
        _CLAIM,
        urgent_round=_round(Stream.TRANSACTIONAL, "%(urgent_after)s", _URGENT_LIMIT),
        bulk_round=_round(Stream.BULK, "%(bulk_after)s", _BULK_LIMIT),
        urgent=_pick(Stream.TRANSACTIONAL, _URGENT_LIMIT, beside_busy=beside_busy),
        bulk=_pick(Stream.BULK, _BULK_LIMIT, beside_busy=beside_busy),
        bulk_stream=sql.Literal(Stream.BULK.value),
        ask=sql.Literal(OnUncertain.ASK.value),
        rsa_key=_signing_key(DkimKey.Algorithm.RSA),
        ed25519_key=_signing_key(DkimKey.Algorithm.ED25519),
        auto_bcc=sql.Literal(RecipientKind.AUTO_BCC.value),
    )


def _signing_key(algorithm: DkimKey.Algorithm) -> sql.Composable:
    return fragment(_SIGNING_KEY, algorithm=sql.Literal(algorithm.value))


def _round(stream: Stream, after: LiteralString, limit: LiteralString) -> sql.Composable:
    own = {"stream": sql.Literal(stream.value), "queue": _QUEUE}
    step = sql.SQL(_ACCOUNT_AFTER)
    return sql.SQL(_ROUND).format(
        stream_name=sql.SQL(stream.value),
        after=sql.SQL(after),
        limit=sql.SQL(limit),
        accounts=sql.SQL("%(accounts)s"),
        look=sql.SQL("%(look)s"),
        queue=_QUEUE,
        free=sql.SQL(_FREE).format(stream=own["stream"]),
        next=step.format(more=sql.SQL(", p.lap AS lap"), condition=sql.SQL("account_id > p.account_id"), **own),
        first=step.format(more=sql.SQL(", 1"), condition=sql.SQL("p.lap = 0"), **own),
    )


def _pick(stream: Stream, limit: LiteralString, *, beside_busy: bool) -> sql.Composable:
    own = {"stream": sql.Literal(stream.value), "queue": _QUEUE, "stream_name": sql.SQL(stream.value)}
    edge = sql.SQL(_EDGE)
    own |= {
        "limit": sql.SQL(limit),
        "free": sql.SQL(_FREE).format(**own),
        "oldest": edge.format(direction=sql.SQL("ASC"), window=sql.SQL("%(window)s"), **own),
        "newest": edge.format(direction=sql.SQL("DESC"), window=sql.SQL("%(window)s"), **own),
    }
    beside = sql.SQL(_BESIDE_BUSY if beside_busy else "").format(**own)
    return sql.SQL(_PICK).format(
        entries=sql.SQL(_ENTRIES_BESIDE_BUSY if beside_busy else _ENTRIES).format(**own),
        more_entries=sql.SQL(_MORE_ENTRIES).format(beside_busy=beside, **own),
        **own,
    )


_QUEUE = sql.Identifier(QueueEntry._meta.db_table)
