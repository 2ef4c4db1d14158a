"""What the tables say about the recipients of one hour. Every query stays inside the ids of that hour."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from accounts.models import Account
from billing.models import UsagePeriod
from sending.events.lifecycle import UNFINISHED
from sending.log.balance import HOUR, Fact, Kind, kinds_of
from sending.models.identifiers import id_floor
from sending.models.statements import statement

MARGIN = timedelta(minutes=10)
"""How long after a message's id its acceptance may be committed, and how far the clocks of machines may differ."""
MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Suspect:
    """One message about which the tables contradict each other."""

    message_id: uuid.UUID
    kinds: Sequence[Kind]


def read_facts(cursor: "psycopg.Cursor[Any]", hour: datetime) -> list[Fact]:
    """The facts of the hour that begins at `hour`. One statement, so one moment, whatever moves meanwhile."""
    with cursor.connection.cursor(row_factory=class_row(Fact)) as typed:
        return typed.execute(_FACTS, _bounds(hour)).fetchall()


def read_suspects(cursor: "psycopg.Cursor[Any]", hour: datetime, account_id: int) -> list[Suspect]:
    """The first `MOST_LISTED` contradictions of one account's hour, as they stand now."""
    cursor.execute(_SUSPECTS, {**_bounds(hour), "account": account_id, "limit": MOST_LISTED})
    return [Suspect(row[0], kinds) for row in cursor.fetchall() if (kinds := kinds_of(Fact(*row[1:])))]


def _bounds(hour: datetime) -> dict[str, Any]:
    return {
        "low": id_floor(hour),
        "high": id_floor(hour + HOUR),
        "first_event": id_floor(hour - MARGIN),
        "last_event": id_floor(hour + HOUR + MARGIN),
        "unfinished": [status.value for status in UNFINISHED],
    }


# Each table says of an id what it knows; one pass brings the sayings together, and no table is taken for complete.
_SAYINGS = statement(
    """
SELECT said.*, p.id AS period_id, a.is_platform IS FALSE AS is_metered
FROM (
    SELECT id, max(account_id) AS account_id, sum(accepted)::int AS accepted, max(status) AS status,
        sum(entries)::int AS entries, bool_or(is_leased) AS is_leased, bool_or(is_returned) AS is_returned,
        min(accepted_at) AS accepted_at
    FROM (
        SELECT message_id AS id, account_id, 1 AS accepted, NULL AS status, 0 AS entries, FALSE AS is_leased,
            FALSE AS is_returned, occurred_at AS accepted_at
        FROM {event}
        WHERE id >= %(first_event)s AND id < %(last_event)s AND type = 'accepted'
          AND message_id >= %(low)s AND message_id < %(high)s
        UNION ALL
        SELECT id, account_id, 0, status, 0, FALSE, status = 'cancelled' AND attempts = 0, NULL
        FROM {message} WHERE id >= %(low)s AND id < %(high)s
        UNION ALL
        SELECT message_id, account_id, 0, NULL, 1, coalesce(lease_until > statement_timestamp(), FALSE), FALSE, NULL
        FROM {queue} WHERE message_id >= %(low)s AND message_id < %(high)s
    ) sayings
    {whose}
    GROUP BY id
) said
LEFT JOIN {period} p
    ON p.account_id = said.account_id AND p.starts_at <= said.accepted_at AND said.accepted_at < p.ends_at
LEFT JOIN {account} a ON a.id = said.account_id""",
    period=sql.Identifier(UsagePeriod._meta.db_table),
    account=sql.Identifier(Account._meta.db_table),
    whose=sql.SQL("{whose}"),
).decode()

_FACTS = f"""
SELECT account_id, accepted, status, entries, is_leased, is_returned, period_id, is_metered, count(*) AS count
FROM ({_SAYINGS.format(whose="")}) facts GROUP BY 1, 2, 3, 4, 5, 6, 7, 8""".encode()  # noqa: S608 nothing from outside

_SUSPECTS = f"""
SELECT id, account_id, accepted, status, entries, is_leased, is_returned, period_id, is_metered, 1
FROM ({_SAYINGS.format(whose="WHERE account_id = %(account)s")}) facts
WHERE accepted <> 1 OR status IS NULL OR (status = ANY(%(unfinished)s)) <> (entries = 1)
   OR (is_metered AND period_id IS NULL)
ORDER BY id LIMIT %(limit)s""".encode()  # noqa: S608 nothing from outside
