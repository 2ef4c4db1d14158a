"""Claims due queue entries under a lease (SKIP LOCKED). Writes the lease columns and nothing else.

An entry whose lease ran out after its uncertain mark was set is not claimed: `queue.sweep` decides about it first.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakSet

import psycopg
from psycopg import sql

from mailtrap_site.bulk_values import Column
from sending.models import Stream
from sending.models.identifiers import time_of
from sending.models.statements import statement
from sending.queue.claim_statement import claim_statement

BATCH = 200
LEASE = timedelta(minutes=3)
"""Renewed while a conversation lasts; what a killed worker held is due again after this time."""
BULK_SHARE = 10
"""One in so many of a batch goes to bulk while transactional mail is due as well, so that bulk never starves."""
MOST_ACCOUNTS = 100
"""Accounts with due mail that one claim serves per stream; the next claim goes on with the others."""
MOST_LOOKED_AT = 500
"""Accounts that one claim looks at per stream, due or not."""
MOST_ROUNDS = 40
"""Claims in a row that may find nothing before the next accounts are left to the next drain."""
BUSY_WINDOW = 4_000
"""Due entries that a claim looks at per stream, at either end of the queue, when it has to leave busy destinations."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One message to deliver now, held by `lease_owner`. `content` is the packed column; None when it is gone."""

    message_id: uuid.UUID
    lease_owner: uuid.UUID
    submission_id: uuid.UUID
    account_id: int
    domain_id: int
    stream: str
    destination: str
    attempts: int
    """Attempts made before this one."""
    recipient: str
    needs_8bit: bool
    needs_smtputf8: bool
    size: int
    content_id: uuid.UUID
    domain_name: str | None
    verification_label: str | None
    dkim_key_id: int | None
    ed25519_key_id: int | None
    """Of the second signature, where the domain wants one and its key stands."""
    asks_when_uncertain: bool
    """What the account chose for this stream: to be asked before an uncertain message is sent again."""
    send_at: datetime | None
    """The time that was chosen for it to leave; None for mail that leaves at once."""
    copy_header: str | None = None
    """The line that marks it as an automatic copy; None for all other mail."""
    requires_tls: bool = False
    """Its domain will not have it go in the clear."""
    additions: str | None = None
    """What of ours is put into it, as its submission holds it."""
    is_untracked: bool = False
    """Its recipient does not want to be tracked, or it is an automatic copy."""

    @property
    def leaves_since(self) -> datetime:
        """From when on it is to leave: acceptance, which its id carries, or the time that was chosen."""
        accepted_at = time_of(self.message_id)
        return max(accepted_at, self.send_at) if self.send_at else accepted_at


def claim(
    cursor: "psycopg.Cursor[Any]",
    *,
    now: datetime,
    lease: timedelta = LEASE,
    limit: int = BATCH,
    busy: Collection[str] = (),
) -> list[Claim]:
    """Leases up to `limit` due entries under a new owner token; empty when a whole round finds nothing.

    Transactional goes before bulk, but while both have something due bulk gets a BULK_SHARE of the batch. Within a
    stream the accounts take turns, each with its longest due. Entries for `busy` destinations are left where they are.
    """
    _keep_plans(cursor.connection)
    for _ in range(MOST_ROUNDS):
        urgent, bulk = _turns[Stream.TRANSACTIONAL], _turns[Stream.BULK]
        claims = _claim(cursor, now, lease, limit, busy)
        moved = (urgent, bulk) != (_turns[Stream.TRANSACTIONAL], _turns[Stream.BULK])
        if claims or not moved:
            return claims
    return []


def _claim(
    cursor: "psycopg.Cursor[Any]", now: datetime, lease: timedelta, limit: int, busy: Collection[str]
) -> list[Claim]:
    owner = uuid.uuid4()
    parameters = {
        "now": now,
        "until": now + lease,
        "owner": owner,
        "limit": limit,
        "reserve": limit // BULK_SHARE,
        "urgent_after": _turns[Stream.TRANSACTIONAL],
        "bulk_after": _turns[Stream.BULK],
        "accounts": min(limit, MOST_ACCOUNTS),
        "look": MOST_LOOKED_AT,
    }
    if busy:
        parameters |= {"window": BUSY_WINDOW, "busy": list(busy)}
    rows = cursor.execute(_CLAIM_BESIDE_BUSY if busy else _CLAIM, parameters, prepare=True, binary=True).fetchall()
    claims = [Claim(row[2], owner, *row[3:]) for row in rows if row[2] is not None]
    urgent = [one.account_id for one in claims if one.stream == Stream.TRANSACTIONAL]
    bulk = [one.account_id for one in claims if one.stream == Stream.BULK]
    _pass_turn(Stream.TRANSACTIONAL, rows[0][0], urgent, limit - limit // BULK_SHARE)
    _pass_turn(Stream.BULK, rows[0][1], bulk, limit - len(urgent))
    return claims


def _pass_turn(stream: Stream, looked_to: int | None, served: Sequence[int], room: int) -> None:
    """The next claim begins behind the last account that was served, or looked at where the room was not filled."""
    start = _turns[stream]
    if served and len(served) >= room:
        _turns[stream] = max(set(served), key=lambda account_id: (account_id <= start, account_id))
    elif looked_to is not None:
        _turns[stream] = looked_to


def _keep_plans(connection: "psycopg.Connection[Any]") -> None:
    """Settles how a drain's connection plans: once a statement, and by index.

    A plan kept from when the queue was empty would read the whole table, and still do so at a million entries; and
    left to itself PostgreSQL plans the statements that take arrays anew each time, which costs more than they do.
    """
    if connection not in _settled:
        connection.execute("SET enable_seqscan = off")
        connection.execute("SET jit = off")
        connection.execute("SET plan_cache_mode = force_generic_plan")
        _settled.add(connection)


def contents(cursor: "psycopg.Cursor[Any]", content_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, bytes]:
    """The packed contents that still exist."""
    cursor.execute(_CONTENTS, (Column("uuid", list(content_ids)),), prepare=True, binary=True)
    return dict(cursor.fetchall())


def renew(cursor: "psycopg.Cursor[Any]", held: Sequence[Claim], *, until: datetime) -> int:
    """Extends leases that are still held; returns how many. Those that are being written by somebody are left out."""
    return cursor.execute(_RENEW, {"until": until, **_pairs(held)}).rowcount


def release(cursor: "psycopg.Cursor[Any]", held: Sequence[Claim], *, due_at: datetime | None = None) -> int:
    """Gives back claims that were not begun; they are due at once, or at `due_at`. It costs them no attempt."""
    return cursor.execute(_RELEASE, {"due": due_at, **_pairs(held)}).rowcount


def mark_uncertain(
    cursor: "psycopg.Cursor[Any]", held: Sequence[Claim], *, now: datetime, lease: timedelta = LEASE
) -> set[uuid.UUID]:
    """Notes, before their final dots, that from now on these may have been delivered; returns those still held.

    A lease that has run out, since this process stood still, is renewed: what is marked without one counts as cut off.
    """
    cursor.execute(_MARK, {"now": now, "until": now + lease, **_pairs(held)}, prepare=True, binary=True)
    return {row[0] for row in cursor.fetchall()}


def _pairs(held: Sequence[Claim]) -> dict[str, Column]:
    # In the order of all writers, so that two of them never wait for each other.
    held = sorted(held, key=lambda one: one.message_id.int)
    return {
        "ids": Column("uuid", [one.message_id for one in held]),
        "owners": Column("uuid", [one.lease_owner for one in held]),
    }


_HELD = sql.SQL(
    "FROM unnest(%(ids)b::uuid[], %(owners)b::uuid[]) h(id, owner) WHERE message_id = h.id AND lease_owner = h.owner"
)
_RENEW = statement(
    """UPDATE {queue} SET lease_until = %(until)s WHERE ctid = ANY(ARRAY(
        SELECT q.ctid FROM unnest(%(ids)b::uuid[], %(owners)b::uuid[]) h(id, owner)
        JOIN {queue} q ON q.message_id = h.id AND q.lease_owner = h.owner FOR UPDATE OF q SKIP LOCKED))""",
)
_RELEASE = statement(
    """UPDATE {queue} SET lease_owner = NULL, lease_until = NULL, due_at = coalesce(%(due)s, due_at)
    {held} AND uncertain_since IS NULL""",
    held=_HELD,
)
_MARK = statement(
    """UPDATE {queue} SET uncertain_since = %(now)s, lease_until = greatest(lease_until, %(until)s)
    {held} RETURNING message_id""",
    held=_HELD,
)
_CONTENTS = statement("SELECT id, data FROM {content} WHERE id = ANY(%b::uuid[])")
_CLAIM = claim_statement(beside_busy=False)
_CLAIM_BESIDE_BUSY = claim_statement(beside_busy=True)

_turns = {Stream.TRANSACTIONAL: 0, Stream.BULK: 0}
"""The account after which this process's next claim begins; any value is right."""
_settled: "WeakSet[psycopg.Connection[Any]]" = WeakSet()
