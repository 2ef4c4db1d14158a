"""Finds what no one woke: due entries, leases that ran out, and messages that were cut off after their uncertain mark.

The default policy for the last is RFC 1047's: send again, and count it. An account may have chosen to be asked.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from random import Random

import structlog
from psycopg import sql

from sending.events.record import Evidence, Result, record_results
from sending.models import PARKED, Attempt, Hold, OnUncertain, QueueEntry, Stream
from sending.models.statements import raw_cursor, statement
from sending.queue.schedule import next_attempt

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 500
MOST_BLOCKS = 16_000
"""Blocks of the queue's table (8 KB) that one pass looks through for what was cut off: about 350,000 entries. The next
pass goes on behind."""
MOST_LOOKED_AT = 2_000
"""Accounts that one pass looks at per stream for something due; the next pass goes on behind."""
SENTENCE = "The connection ended after the message had been sent and before the answer came; it is sent again"
SENTENCE_ASKED = "The connection ended after the message had been sent and before the answer came"


@dataclass(frozen=True, slots=True)
class Swept:
    """`uncertain`: messages found cut off, now queued again; `due`: whether a worker has something to do."""

    uncertain: int
    due: bool


def sweep(now: datetime) -> Swept:
    """One pass; safe to run side by side with others and with drains."""
    first, last = _next_blocks()
    uncertain = 0
    while found := _settle_cut_off(now, first, last):
        uncertain += found
    return Swept(uncertain, any(_is_anything_due(stream, now) for stream in Stream))


def _next_blocks() -> tuple[str, str]:
    """The part of the table that is this pass's, as the bounds of its row ids.

    No index knows what was cut off: it would have to be written at every mark, and so for every message.
    """
    global _block
    row = raw_cursor().execute(_SIZE).fetchone()
    size = row[0] if row else 0
    first = _block if _block < size else 0
    is_end = first + MOST_BLOCKS >= size
    _block = 0 if is_end else first + MOST_BLOCKS
    return f"({first},0)", f"({_LAST_BLOCK if is_end else first + MOST_BLOCKS},0)"


def _settle_cut_off(now: datetime, first: str, last: str) -> int:
    cursor = raw_cursor()
    cursor.execute(_CUT_OFF, {"now": now, "limit": MOST_AT_ONCE, "first": first, "last": last})
    results = [_result(row, now) for row in cursor.fetchall()]
    written = record_results(results)
    for message_id in written:
        log.warning("uncertain", message=message_id)
    return len(written)


def _result(row: tuple[uuid.UUID, int, int, uuid.UUID, datetime, bool], now: datetime) -> Result:
    message_id, account_id, attempts, owner, since, asks = row
    is_last = not asks and next_attempt(attempts + 1, _RNG) is None
    evidence = Evidence(
        outcome=Attempt.Outcome.BOUNCED if is_last else Attempt.Outcome.UNCERTAIN,
        phase="final dot",
        started_at=since,
        finished_at=now,
        enhanced_code="4.4.2",
        reply_text=SENTENCE_ASKED if asks or is_last else SENTENCE,
    )
    details = {
        "email_service_provider_status": "4.4.2",
        "email_service_provider_response": evidence.reply_text,
        "bounce_category": "transientfail",
        "uncertain": True,
    }
    if asks:
        return Result(
            message_id, account_id, owner, attempts + 1, evidence, PARKED, details | {"asks": True}, Hold.UNCERTAIN
        )
    if is_last:
        return Result(message_id, account_id, owner, attempts + 1, evidence, None, details | {"gave_up": True})
    details["next_attempt_at"] = now.isoformat()
    return Result(message_id, account_id, owner, attempts + 1, evidence, now, details)


def _is_anything_due(stream: Stream, now: datetime) -> bool:
    after = _looked_to[stream]
    row = raw_cursor().execute(_DUE[stream], {"now": now, "after": after, "look": MOST_LOOKED_AT}).fetchone()
    looked, account_id, is_due = row or (0, 0, False)
    _looked_to[stream] = account_id if looked >= MOST_LOOKED_AT else 0
    return bool(is_due)


_RNG = Random()  # noqa: S311
_block = 0
_LAST_BLOCK = 4_294_967_294
_looked_to = dict.fromkeys(Stream, 0)
"""The account that the last pass ended with, where it did not come around. Any value is right, here and above."""

_SIZE = statement(
    "SELECT pg_relation_size(CAST({name} AS regclass)) / current_setting('block_size')::int",
    name=sql.Literal(QueueEntry._meta.db_table),
)

# The lease of a worker that was killed; the fence of `record_results` sees to it that only one sweep wins.
_CUT_OFF = statement(
    """
SELECT q.message_id, q.account_id, q.attempts, q.lease_owner, q.uncertain_since,
    EXISTS (SELECT FROM {stream_setting} c
        WHERE c.account_id = q.account_id AND c.stream = q.stream AND c.on_uncertain = {ask})
FROM {queue} q
WHERE q.ctid >= %(first)s::tid AND q.ctid < %(last)s::tid
  AND q.uncertain_since IS NOT NULL AND q.lease_until < %(now)s LIMIT %(limit)s""",
    ask=sql.Literal(OnUncertain.ASK.value),
)


def _due(stream: Stream) -> bytes:
    """Walks the accounts by a loose index scan; of each, the longest due entry that nobody holds would be claimed."""
    return statement(
        """
WITH RECURSIVE around(account_id, looked, is_due) AS (
    SELECT %(after)s::bigint, 0, false
    UNION ALL
    SELECT n.account_id, p.looked + 1, n.due_at <= %(now)s AND EXISTS (
        SELECT FROM {queue} q WHERE q.stream = {stream} AND q.account_id = n.account_id AND q.due_at <= %(now)s
            AND q.uncertain_since IS NULL AND (q.lease_until IS NULL OR q.lease_until < %(now)s))
    FROM around p CROSS JOIN LATERAL (
        SELECT account_id, due_at FROM {queue} WHERE stream = {stream} AND account_id > p.account_id
        ORDER BY account_id, due_at LIMIT 1) n
    WHERE NOT p.is_due AND p.looked < %(look)s
)
SELECT looked, account_id, is_due FROM around ORDER BY looked DESC LIMIT 1""",
        stream=sql.Literal(stream.value),
    )


_DUE = {stream: _due(stream) for stream in Stream}
