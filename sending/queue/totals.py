"""How much each stream has in the queue."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from sending.models import Hold, QueueEntry, Stream
from sending.models.statements import statement
from sending.queue.depth import MOST_BLOCKS


@dataclass(frozen=True, slots=True)
class StreamTotal:
    """What lies in the queue for one stream. A long queue is sampled by blocks, and the numbers are scaled up."""

    stream: str
    due: int
    waiting: int
    """Deferred: due later."""
    scheduled: int
    """The time that was chosen is still to come: nothing waits."""
    in_flight: int
    """Under a lease."""
    held: int
    uncertain: int
    """Of what is held: waits for a decision."""
    oldest_due_at: datetime | None
    """Of what is due; in a sample there may be older ones."""


def totals(cursor: "psycopg.Cursor[Any]", now: datetime) -> list[StreamTotal]:
    """Every stream, in one statement that reads at most about `MOST_BLOCKS` blocks."""
    parameters = {"now": now, "most": MOST_BLOCKS, "uncertain": Hold.UNCERTAIN.value}
    with cursor.connection.cursor(row_factory=class_row(StreamTotal)) as typed:
        found = {one.stream: one for one in typed.execute(_TOTALS, parameters).fetchall()}
    return [found.get(stream.value) or StreamTotal(stream.value, 0, 0, 0, 0, 0, 0, None) for stream in Stream]


# Without a row of its own the share would be read again for each one.
_TOTALS = statement(
    """
WITH read AS MATERIALIZED (
    SELECT least(1.0, %(most)s / greatest(1.0, pg_relation_size({name}::regclass)
        / current_setting('block_size')::numeric)) AS share
), entry AS (
    SELECT stream, due_at, hold, coalesce(lease_until >= %(now)s, false) AS is_leased, due_at <= %(now)s AS is_due,
        coalesce(send_at > %(now)s, false) AS is_ahead
    FROM {queue} TABLESAMPLE SYSTEM ((SELECT 100 * share FROM read))
)
SELECT stream,
    round(count(*) FILTER (WHERE is_due AND NOT is_leased) / min(share))::bigint AS due,
    round(count(*) FILTER (WHERE NOT is_due AND hold IS NULL AND NOT is_leased AND NOT is_ahead)
        / min(share))::bigint AS waiting,
    round(count(*) FILTER (WHERE NOT is_due AND hold IS NULL AND NOT is_leased AND is_ahead)
        / min(share))::bigint AS scheduled,
    round(count(*) FILTER (WHERE is_leased) / min(share))::bigint AS in_flight,
    round(count(*) FILTER (WHERE hold IS NOT NULL AND NOT is_leased) / min(share))::bigint AS held,
    round(count(*) FILTER (WHERE hold = %(uncertain)s) / min(share))::bigint AS uncertain,
    min(due_at) FILTER (WHERE is_due AND NOT is_leased) AS oldest_due_at
FROM entry CROSS JOIN read GROUP BY stream""",
    name=sql.Literal(QueueEntry._meta.db_table),
)
