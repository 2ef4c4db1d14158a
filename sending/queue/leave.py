"""When queued mail leaves once its time changes: mail that was never tried takes its place in an hour with room, and
gives it back when it does not leave."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from billing import hours, places
from mailtrap_site.bulk_values import Column
from sending.events.record import Change
from sending.models import PARKED
from sending.models.statements import statement

Cursor = psycopg.Cursor[Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A queue entry that this transaction has locked; PARKED is the `due_at` of what is held."""

    message_id: uuid.UUID
    account_id: int
    attempts: int
    due_at: datetime
    send_at: datetime | None
    """The time that was chosen for it, or is chosen now."""

    def ahead(self, now: datetime) -> datetime | None:
        """That time, as long as it is still to come."""
        return self.send_at if self.send_at and self.send_at > now else None


def leave(
    cursor: Cursor, entries: Sequence[Entry], now: datetime, *, at_new_time: bool = False
) -> dict[uuid.UUID, datetime]:
    """Makes them due as soon as may be: now or at the time that was chosen, or in the first hour after it that has
    room. When each is; those that are due when they were are left alone, unless `send_at` is new (`at_new_time`)."""
    dues = {one.message_id: one.ahead(now) or now for one in entries}
    untried = [one for one in entries if not one.attempts]
    wishes = [hours.Wish(one.account_id, dues[one.message_id], _known(one)) for one in untried]
    dues |= zip((one.message_id for one in untried), places.move(cursor, wishes, now), strict=True)
    moved = [one for one in entries if at_new_time or dues[one.message_id] != one.due_at]
    if moved:
        cursor.execute(_LEAVE, _parameters(moved, dues, now))
    return dues


def changes_to_leave(
    entries: Sequence[Entry], dues: Mapping[uuid.UUID, datetime], details: dict[str, Any], now: datetime
) -> list[Change]:
    """What `record_changes` is told of entries that leave at these times. `later` stands with those that wait for an
    hour with room."""
    changes = []
    for one in entries:
        due, ahead = dues[one.message_id], one.ahead(now)
        told = details | {"later": True} if due > (ahead or now) else details
        changes.append(Change(one.message_id, one.account_id, told, ahead, due))
    return changes


def give_places_back(cursor: Cursor, entries: Sequence[Entry], now: datetime) -> None:
    """Of entries that do not leave: what is held or cancelled from now on."""
    due = [(one.account_id, one.due_at) for one in entries if not one.attempts and one.due_at != PARKED]
    hours.give_back(cursor, due, now)


def _known(entry: Entry) -> datetime | None:
    return None if entry.due_at == PARKED else entry.due_at


def _parameters(entries: Sequence[Entry], dues: Mapping[uuid.UUID, datetime], now: datetime) -> dict[str, Column]:
    return {
        "ids": Column("uuid", [one.message_id for one in entries]),
        "dues": Column("timestamptz", [dues[one.message_id] for one in entries]),
        "send_ats": Column("timestamptz", [one.ahead(now) for one in entries]),
    }


_LEAVE = statement("""
UPDATE {queue} q
SET due_at = l.due_at, send_at = l.send_at, hold = NULL, pause_id = NULL, lease_owner = NULL, lease_until = NULL
FROM unnest(%(ids)b::uuid[], %(dues)b::timestamptz[], %(send_ats)b::timestamptz[]) l(id, due_at, send_at)
WHERE q.message_id = l.id""")
