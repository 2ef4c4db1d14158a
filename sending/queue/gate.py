"""Keeps back, right after the claim, what may not leave now, and parks it: so each message is handled once and the
head of the queue stays clean. What belongs to a deleted account or domain is rejected, since it can never leave, and
so is what goes to a suppressed address. Whose recipient does not want to be tracked is marked."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg

from sending.events.record import Change, record_changes
from sending.models import PARKED, Event
from sending.models.statements import statement
from sending.queue.claim import Claim, claim
from sending.queue.leave import Entry, give_places_back
from sending.queue.permission import Stop, read_permissions
from sending.suppressions.check import Asked, wishes

MOST_CLAIMS = 25
"""In a row, where all that is due may not leave; the next drain goes on."""


def claim_free(
    cursor: "psycopg.Cursor[Any]", *, now: datetime, lease: timedelta, limit: int, busy: Collection[str] = ()
) -> list[Claim]:
    """As `claim`, but only what may leave; empty when nothing is due that may."""
    for _ in range(MOST_CLAIMS):
        claims = claim(cursor, now=now, lease=lease, limit=limit, busy=busy)
        kept = hold_back(cursor, claims, now)
        if kept or not claims:
            return kept
    return []


def hold_back(cursor: "psycopg.Cursor[Any]", claims: Sequence[Claim], now: datetime) -> list[Claim]:
    """The claims that may leave, in their order. The others lose their lease; only those that still had it change."""
    if not claims:
        return []
    permissions = read_permissions(cursor, {(one.account_id, one.domain_id) for one in claims})
    asked = [Asked(one.message_id, one.account_id, one.domain_id, one.stream, one.recipient) for one in claims]
    found = wishes(cursor, asked)
    if found.untracked:
        claims = [replace(one, is_untracked=True) if one.message_id in found.untracked else one for one in claims]
    refusing = {message_id: Stop("suppressed", said=entry.type) for message_id, entry in found.suppressed.items()}
    if not refusing and all(permission.is_free for permission in permissions.values()):
        return list(claims)
    kept, stopped = [], []
    for one in claims:
        stop = permissions[one.account_id, one.domain_id].stop_of(one.stream, one.destination)
        stop = stop or refusing.get(one.message_id)
        if stop is None:
            kept.append(one)
        else:
            stopped.append((one, stop))
    if stopped:
        with cursor.connection.transaction():
            _park(cursor, [pair for pair in stopped if not pair[1].is_final], now)
            _reject(cursor, [pair for pair in stopped if pair[1].is_final], now)
    return kept


def _park(cursor: "psycopg.Cursor[Any]", stopped: Sequence[tuple[Claim, Stop]], now: datetime) -> None:
    holds = [stop.hold.value for _, stop in stopped]
    pauses = [stop.pause_id for _, stop in stopped]
    parameters = {**_pairs(stopped), "parked": PARKED, "holds": holds, "pauses": pauses}
    cursor.execute(_PARK, parameters, prepare=True)
    _record(cursor, Event.Type.SUSPENSION, stopped, now)


def _reject(cursor: "psycopg.Cursor[Any]", stopped: Sequence[tuple[Claim, Stop]], now: datetime) -> None:
    cursor.execute(_REJECT, _pairs(stopped), prepare=True)
    _record(cursor, Event.Type.REJECT, stopped, now)


def _record(
    cursor: "psycopg.Cursor[Any]", kind: Event.Type, stopped: Sequence[tuple[Claim, Stop]], now: datetime
) -> None:
    """Of those that the statement before has changed."""
    done = {entry.message_id: entry for entry in (Entry(*row) for row in cursor.fetchall())}
    changes = [Change(one.message_id, one.account_id, stop.details) for one, stop in stopped if one.message_id in done]
    record_changes(cursor, kind, changes, at=now)
    give_places_back(cursor, list(done.values()), now)


def _pairs(stopped: Sequence[tuple[Claim, Stop]]) -> dict[str, Any]:
    return {"ids": [one.message_id for one, _ in stopped], "owners": [one.lease_owner for one, _ in stopped]}


# The entry is joined as it was: RETURNING shows what became of it.
_PARK = statement("""
UPDATE {queue} q
SET due_at = %(parked)s, hold = r.hold, pause_id = r.pause, lease_owner = NULL, lease_until = NULL
FROM unnest(%(ids)s::uuid[], %(owners)s::uuid[], %(holds)s::text[], %(pauses)s::bigint[]) r(id, owner, hold, pause)
JOIN {queue} was ON was.message_id = r.id
WHERE q.message_id = r.id AND q.lease_owner = r.owner AND q.uncertain_since IS NULL
RETURNING q.message_id, q.account_id, q.attempts, was.due_at, q.send_at""")
_REJECT = statement("""
DELETE FROM {queue} q USING unnest(%(ids)s::uuid[], %(owners)s::uuid[]) r(id, owner)
WHERE q.message_id = r.id AND q.lease_owner = r.owner AND q.uncertain_since IS NULL
RETURNING q.message_id, q.account_id, q.attempts, q.due_at, q.send_at""")
