"""Counts openings and clicks on their messages, many in one statement, and finds the first one of each message.

The first is who made the count one, under the lock of the message's row: so it is exactly one, whoever else counts.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from mailtrap_site.bulk_values import Column
from sending.models import Event
from sending.models.statements import statement

READINGS = frozenset({Event.Type.OPEN, Event.Type.CLICK})
"""What readers do to a message; it changes its counts and never its status."""


def is_machine(details: Mapping[str, Any]) -> bool:
    """Whether a program did it; such readings are kept and not counted."""
    return bool(details.get("machine"))


@dataclass(frozen=True, slots=True)
class Reading:
    """One opening or click; `place` is its own among those of the call."""

    place: int
    message_id: uuid.UUID
    type: Event.Type
    is_counted: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """The places of readings whose message is still there, and among them of those that were the first of its kind."""

    known: frozenset[int]
    firsts: frozenset[int]


def count(cursor: "psycopg.Cursor[Any]", readings: Sequence[Reading]) -> Counted:
    """Adds them to their messages in the caller's transaction."""
    messages = sorted({one.message_id for one in readings})
    opens, clicks = (_times(readings, kind) for kind in (Event.Type.OPEN, Event.Type.CLICK))
    parameters = {
        "ids": Column("uuid", messages),
        "opens": Column("integer", [opens.get(one, 0) for one in messages]),
        "clicks": Column("integer", [clicks.get(one, 0) for one in messages]),
        "low": messages[0],
        "high": messages[-1],
    }
    cursor.execute(_COUNT, parameters, prepare=True)
    before: dict[uuid.UUID, dict[Event.Type, int]] = {}
    for message_id, opened, clicked in cursor.fetchall():
        before[message_id] = {
            Event.Type.OPEN: opened - opens.get(message_id, 0),
            Event.Type.CLICK: clicked - clicks.get(message_id, 0),
        }
    firsts: dict[tuple[uuid.UUID, Event.Type], int] = {}
    for one in readings:
        if one.is_counted and before.get(one.message_id, {}).get(one.type) == 0:
            firsts.setdefault((one.message_id, one.type), one.place)
    known = frozenset(one.place for one in readings if one.message_id in before)
    return Counted(known, frozenset(firsts.values()))


def _times(readings: Sequence[Reading], kind: Event.Type) -> dict[uuid.UUID, int]:
    times: dict[uuid.UUID, int] = {}
    for one in readings:
        if one.type is kind and one.is_counted:
            times[one.message_id] = times.get(one.message_id, 0) + 1
    return times


# Locked in one order, so that two who count the same messages never wait for each other in a circle.
_COUNT = statement("""
WITH locked AS MATERIALIZED (
    SELECT m.id FROM {message} m WHERE m.id = ANY(%(ids)b::uuid[]) AND m.id >= %(low)s AND m.id <= %(high)s
    ORDER BY m.id FOR NO KEY UPDATE
)
UPDATE {message} m SET opens_count = m.opens_count + c.opens, clicks_count = m.clicks_count + c.clicks
FROM unnest(%(ids)b::uuid[], %(opens)b::integer[], %(clicks)b::integer[]) c(id, opens, clicks)
JOIN locked l ON l.id = c.id
WHERE m.id = c.id AND m.id >= %(low)s AND m.id <= %(high)s
RETURNING m.id, m.opens_count, m.clicks_count""")
