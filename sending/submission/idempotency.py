"""Idempotency keys within a flush: the first hand-over of a key is accepted, the others get its answer.

Keys are reserved in one order and before any meter, by everybody: flushes wait for each other and never deadlock.
"""

import time
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.db import transaction

from mailtrap_site.bulk_values import Column
from sending.models.idempotency import KEPT, pack_ids, unpack_ids
from sending.models.statements import raw_cursor, statement
from sending.policy.refusal import Reason, Refusal
from sending.submission.draft import Accepted, Idempotency
from sending.submission.payload import Payload

MOST_AT_ONCE = 5_000
"""Old rows that are removed in one transaction."""

Key = tuple[int, str]
"""Account id and the client's key."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """What is no first hand-over, by submission id: answers that stand, and whose answer of this flush is shared."""

    answers: dict[uuid.UUID, Accepted | Refusal]
    followed: dict[uuid.UUID, uuid.UUID]

    def __bool__(self) -> bool:
        return bool(self.answers or self.followed)

    def __contains__(self, submission_id: uuid.UUID) -> bool:
        return submission_id in self.answers or submission_id in self.followed


def reserve_keys(cursor: "psycopg.Cursor[Any]", payloads: Sequence[Payload], now: datetime) -> Repeated:
    """Takes free keys for the first payload of each, and tells of the payloads that repeat one. Those without a key
    cost nothing. Waits for the end of other flushes that are taking one of the keys."""
    repeated = Repeated({}, {})
    keyed = [(one, one.idempotency) for one in payloads if one.idempotency is not None]
    if not keyed:
        return repeated
    firsts = _firsts(keyed)
    standing = _take(cursor, firsts, now)
    for payload, idempotency in keyed:
        key = payload.account_id, idempotency.key
        first, asked = firsts[key]
        if key in standing:
            fingerprint, accepted = standing[key]
            answer = accepted if fingerprint == idempotency.fingerprint else _MISMATCH
            repeated.answers[payload.submission_id] = answer
        elif payload is not first:
            if asked.fingerprint == idempotency.fingerprint:
                repeated.followed[payload.submission_id] = first.submission_id
            else:
                repeated.answers[payload.submission_id] = _MISMATCH
    return repeated


def free_keys(cursor: "psycopg.Cursor[Any]", payloads: Iterable[Payload]) -> None:
    """Gives back what `reserve_keys` took in this transaction, for payloads that are refused after all."""
    if keys := [(one.account_id, one.idempotency.key) for one in payloads if one.idempotency is not None]:
        cursor.execute(_FREE, _named(keys), prepare=True)


def repeats(cursor: "psycopg.Cursor[Any]", payloads: Sequence[Payload], now: datetime) -> set[uuid.UUID]:
    """The submissions whose key stands at this moment, or comes a second time; nothing is taken."""
    keyed = [(one, one.idempotency) for one in payloads if one.idempotency is not None]
    if not keyed:
        return set()
    firsts = _firsts(keyed)
    standing = _read(cursor, firsts.keys(), now)
    keys = {payload.submission_id: (payload.account_id, asked.key) for payload, asked in keyed}
    return {one for one, key in keys.items() if key in standing or firsts[key][0].submission_id != one}


def forget_old_keys(now: datetime, until: float) -> bool:
    """Removes rows that count as absent until the monotonic time `until`; whether some are left."""
    while time.monotonic() < until:
        with transaction.atomic():
            removed = raw_cursor().execute(_FORGET, {"until": now - KEPT, "limit": MOST_AT_ONCE}).rowcount
        if removed < MOST_AT_ONCE:
            return False
    return True


_MISMATCH = Refusal(Reason.IDEMPOTENCY_MISMATCH)

First = dict[Key, tuple[Payload, Idempotency]]


def _firsts(keyed: Iterable[tuple[Payload, Idempotency]]) -> First:
    firsts: First = {}
    for payload, idempotency in keyed:
        firsts.setdefault((payload.account_id, idempotency.key), (payload, idempotency))
    return firsts


def _take(cursor: "psycopg.Cursor[Any]", firsts: First, now: datetime) -> dict[Key, tuple[bytes, Accepted]]:
    """Those that stand already, with what they stand for."""
    payloads = [payload for payload, _ in firsts.values()]
    parameters = {
        **_named(firsts.keys()),
        "fingerprint": Column("bytea", [asked.fingerprint for _, asked in firsts.values()]),
        "submission_id": Column("uuid", [payload.submission_id for payload in payloads]),
        "message_ids": Column("bytea", [pack_ids(payload.message_ids) for payload in payloads]),
        "now": now,
        "expired": now - KEPT,
    }
    taken = {(row[0], row[1]) for row in cursor.execute(_TAKE, parameters, prepare=True).fetchall()}
    return _read(cursor, firsts.keys() - taken, now)


def _read(cursor: "psycopg.Cursor[Any]", keys: Collection[Key], now: datetime) -> dict[Key, tuple[bytes, Accepted]]:
    if not keys:
        return {}
    cursor.execute(_READ, {**_named(keys), "expired": now - KEPT}, prepare=True)
    return {
        (account_id, key): (bytes(fingerprint), Accepted(submission_id, unpack_ids(bytes(ids)), is_replay=True))
        for account_id, key, fingerprint, submission_id, ids in cursor.fetchall()
    }


def _named(keys: Collection[Key]) -> dict[str, Any]:
    return {
        "account_id": Column("bigint", [account_id for account_id, _ in keys]),
        "key": Column("text", [key for _, key in keys]),
    }


# A row that is not taken over is locked all the same, so that it is still there to be read.
_TAKE = statement("""
INSERT INTO {idempotency} AS known (account_id, key, fingerprint, submission_id, message_ids, created_at)
SELECT account_id, key, fingerprint, submission_id, message_ids, %(now)s
FROM unnest(%(account_id)b::bigint[], %(key)b::text[], %(fingerprint)b::bytea[], %(submission_id)b::uuid[],
    %(message_ids)b::bytea[]) AS r(account_id, key, fingerprint, submission_id, message_ids)
ORDER BY account_id, key
ON CONFLICT (account_id, key) DO UPDATE
SET fingerprint = excluded.fingerprint, submission_id = excluded.submission_id, message_ids = excluded.message_ids,
    created_at = excluded.created_at
WHERE known.created_at <= %(expired)s
RETURNING account_id, key""")
_READ = statement("""
SELECT account_id, key, fingerprint, submission_id, message_ids FROM {idempotency}
WHERE (account_id, key) IN (SELECT * FROM unnest(%(account_id)b::bigint[], %(key)b::text[]))
  AND created_at > %(expired)s""")
_FREE = statement("""
DELETE FROM {idempotency}
WHERE (account_id, key) IN (SELECT * FROM unnest(%(account_id)b::bigint[], %(key)b::text[]))""")
_FORGET = statement("""
DELETE FROM {idempotency} WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM {idempotency} WHERE created_at <= %(until)s ORDER BY created_at LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED))""")
