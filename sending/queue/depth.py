"""How much waits for whom, and since when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from sending.models import QueueEntry
from sending.models.statements import statement

MOST_BLOCKS = 4_000
"""Blocks of the queue's table (8 KB) that are read: about 100,000 entries. A longer queue is sampled by blocks."""


@dataclass(frozen=True, slots=True)
class Depth:
    """What lies in the queue for one destination. Where `share` < 1 the numbers are scaled up from such a sample."""

    destination: str
    due: int
    waiting: int
    """Deferred: due later."""
    scheduled: int
    """The time that was chosen is still to come: nothing waits."""
    in_flight: int
    """Under a lease."""
    held: int
    oldest_due_at: datetime | None
    """Of what is due; in a sample there may be older ones."""
    share: float

    @property
    def total(self) -> int:
        return self.due + self.waiting + self.scheduled + self.in_flight + self.held


def depths(cursor: "psycopg.Cursor[Any]", now: datetime, *, limit: int = 100) -> list[Depth]:
    """The destinations with the most in the queue. Its cost is bounded: it reads at most about MOST_BLOCKS blocks."""
    row = cursor.execute(_BLOCKS).fetchone()
    share = min(1.0, MOST_BLOCKS / row[0]) if row and row[0] else 1.0
    cursor.execute(_DEPTHS, {"now": now, "percent": share * 100, "limit": limit})
    found = []
    for destination, *counts, oldest in cursor.fetchall():
        due, waiting, scheduled, in_flight, held = (round(count / share) for count in counts)
        found.append(Depth(destination, due, waiting, scheduled, in_flight, held, oldest, share))
    return found


_BLOCKS = statement(
    "SELECT pg_relation_size(CAST({name} AS regclass)) / current_setting('block_size')::int",
    name=sql.Literal(QueueEntry._meta.db_table),
)
_DEPTHS = statement("""
WITH entry AS (
    SELECT destination, due_at, hold IS NOT NULL AS is_held, coalesce(lease_until >= %(now)s, false) AS is_leased,
        due_at <= %(now)s AS is_due, coalesce(send_at > %(now)s, false) AS is_ahead
    FROM {queue} TABLESAMPLE SYSTEM (%(percent)s)
)
SELECT destination,
    count(*) FILTER (WHERE is_due AND NOT is_leased),
    count(*) FILTER (WHERE NOT is_due AND NOT is_held AND NOT is_leased AND NOT is_ahead),
    count(*) FILTER (WHERE NOT is_due AND NOT is_held AND NOT is_leased AND is_ahead),
    count(*) FILTER (WHERE is_leased),
    count(*) FILTER (WHERE is_held AND NOT is_leased),
    min(due_at) FILTER (WHERE is_due AND NOT is_leased)
FROM entry GROUP BY destination ORDER BY count(*) DESC, destination LIMIT %(limit)s""")
