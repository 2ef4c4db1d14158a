"""Counts what the feed tells, by hour and by day: a reader of the feed, so each event is counted exactly once.

It begins where the feed begins: an instance that is upgraded counts what its feed still knows.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from psycopg import sql

from mailtrap_site.bulk_values import Column
from sending.events.feed import FedEvent
from sending.models import Event
from sending.models.statements import raw_cursor, statement
from sending.models.statistics import COUNTED

E = Event.Type
ONCE = {E.BOUNCE: 1, E.REJECT: 2, E.SPAM: 4, E.UNSUBSCRIBE: 8}
"""What counts once a message however often it is told, with its bit in `CountedOnce`. A delivery happens once anyway;
openings and clicks say themselves which is the first."""

_PLAIN = {
    E.DELIVERY: ("delivered",),
    E.BOUNCE: ("bounced",),
    E.SOFT_BOUNCE: ("soft_bounced",),
    E.REJECT: ("rejected",),
    E.SPAM: ("spam",),
    E.UNSUBSCRIBE: ("unsubscribed",),
}
_READING = {E.OPEN: ("opens", "opened", "machine_opens"), E.CLICK: ("clicks", "clicked", "machine_clicks")}


def take(events: Sequence[FedEvent]) -> None:
    """Adds these events to the counters, in the caller's transaction, of which there is only one at a time. One whose
    message is gone has nowhere to count."""
    counting = [(event, columns) for event in events if (columns := columns_of(event.type, event.details))]
    if not counting:
        return
    messages = [event.message_id for event, _ in counting]
    parameters: dict[str, Any] = {
        "places": Column("bigint", [event.number for event, _ in counting]),
        "messages": Column("uuid", messages),
        "hours": Column("timestamptz", [_hour(event) for event, _ in counting]),
        "bits": Column("integer", [ONCE.get(E(event.type), 0) for event, _ in counting]),
        "providers": Column("text", [_provider(event) for event, _ in counting]),
        "low": min(messages),
        "high": max(messages),
    }
    for name in COUNTED:
        parameters[name] = Column("integer", [int(name in columns) for _, columns in counting])
    raw_cursor().execute(_ADD, parameters, prepare=True)


def columns_of(kind: str, details: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns in which such an event counts; none for what is no statistic."""
    event = E(kind)
    if event not in _READING:
        return _PLAIN.get(event, ())
    each, first, machine = _READING[event]
    if details.get("machine"):
        return (machine,)
    return (each, first) if details.get("first") else (each,)


def _hour(event: FedEvent) -> Any:
    return event.occurred_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _provider(event: FedEvent) -> str | None:
    """Of an attempt, where it went; all else happens where the message is."""
    if event.attempt_id is None:
        return None
    return str(event.details.get("email_service_provider") or "")


_NAMES = [sql.Identifier(name) for name in COUNTED]

# What counts once is looked up as it stood before: the statement sees one snapshot, and nobody else writes these rows.
# One order for all rows, as everywhere.
_ADD = statement(
    """
WITH told AS MATERIALIZED (
    SELECT * FROM unnest(%(places)b::bigint[], %(messages)b::uuid[], %(hours)b::timestamptz[], %(bits)b::integer[],
        %(providers)b::text[], {arrays}) AS t(place, message_id, hour, bit, provider, {names})
), known AS (
    SELECT c.id, c.kinds FROM {counted_once} c
    WHERE c.id IN (SELECT message_id FROM told WHERE bit > 0) AND c.id >= %(low)s AND c.id <= %(high)s
), noted AS (
    INSERT INTO {counted_once} (id, kinds)
    SELECT message_id, bit_or(bit) FROM told WHERE bit > 0 GROUP BY message_id ORDER BY message_id
    ON CONFLICT (id) DO UPDATE SET kinds = {counted_once}.kinds | excluded.kinds
), repeated AS (
    SELECT place FROM (
        SELECT t.place, coalesce(k.kinds, 0) & t.bit > 0 OR row_number() OVER w > 1 AS again
        FROM told t LEFT JOIN known k ON k.id = t.message_id WHERE t.bit > 0
        WINDOW w AS (PARTITION BY t.message_id, t.bit ORDER BY t.place)
    ) o WHERE o.again
), placed AS MATERIALIZED (
    SELECT m.account_id, t.hour, m.domain_id, m.stream, coalesce(m.category, '') AS category,
        coalesce(t.provider, m.provider, '') AS provider, {sums}
    FROM told t JOIN {message} m ON m.id = t.message_id AND m.id >= %(low)s AND m.id <= %(high)s
    WHERE t.place NOT IN (SELECT place FROM repeated)
    GROUP BY 1, 2, 3, 4, 5, 6
), by_day AS (
    INSERT INTO {daily_count} (account_id, day, domain_id, stream, category, provider, {names})
    SELECT account_id, (hour AT TIME ZONE 'UTC')::date AS day, domain_id, stream, category, provider, {sums}
    FROM placed GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (account_id, day, domain_id, stream, category, provider) DO UPDATE SET {add_days}
)
INSERT INTO {hourly_count} (account_id, hour, domain_id, stream, category, provider, {names})
SELECT account_id, hour, domain_id, stream, category, provider, {names} FROM placed ORDER BY 1, 2, 3, 4, 5, 6
ON CONFLICT (account_id, hour, domain_id, stream, category, provider) DO UPDATE SET {add_hours}""",
    arrays=sql.SQL(", ").join(sql.SQL(f"%({name})b::integer[]") for name in COUNTED),
    names=sql.SQL(", ").join(_NAMES),
    sums=sql.SQL(", ").join(sql.SQL("sum({0}) AS {0}").format(name) for name in _NAMES),
    add_days=sql.SQL(", ").join(
        sql.SQL("{0} = {1}.{0} + excluded.{0}").format(name, sql.Identifier("sending_dailycount")) for name in _NAMES
    ),
    add_hours=sql.SQL(", ").join(
        sql.SQL("{0} = {1}.{0} + excluded.{0}").format(name, sql.Identifier("sending_hourlycount")) for name in _NAMES
    ),
)
