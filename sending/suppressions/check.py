"""Whether recipients are suppressed at this moment: one look-up for a whole claim, which is what counts."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from mailtrap_site.bulk_values import Column
from sending.models.statements import statement
from sending.suppressions import same_address
from sending.suppressions.marks import written


@dataclass(frozen=True, slots=True)
class Asked:
    """One message that is about to leave."""

    message_id: uuid.UUID
    account_id: int
    domain_id: int
    stream: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """By message: those whose recipients are suppressed, and those whose recipients do not want to be tracked."""

    suppressed: dict[uuid.UUID, "Suppressed"]
    untracked: frozenset[uuid.UUID]


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Why it does not: the entry that stood first, and its type in the contract's words."""

    suppression_id: uuid.UUID
    type: str


def suppressed(cursor: "psycopg.Cursor[Any]", asked: Sequence[Asked]) -> dict[uuid.UUID, Suppressed]:
    """Those of `asked` whose recipients are suppressed."""
    return wishes(cursor, asked).suppressed


def wishes(cursor: "psycopg.Cursor[Any]", asked: Sequence[Asked]) -> Wishes:
    """What the recipients of `asked` do not want, in one statement."""
    if not asked:
        return Wishes({}, frozenset())
    # One line for each way in which the address may be written, so that each is a look-up of its own.
    lines = [(one, way) for one in asked for way in written(one.account_id, same_address(one.recipient))]
    parameters = {
        "messages": Column("uuid", [one.message_id for one, _ in lines]),
        "accounts": Column("bigint", [one.account_id for one, _ in lines]),
        "domains": Column("bigint", [one.domain_id for one, _ in lines]),
        "streams": Column("text", [one.stream for one, _ in lines]),
        "emails": Column("text", [way for _, way in lines]),
    }
    cursor.execute(_WISHES, parameters, prepare=True)
    rows = cursor.fetchall()
    standing = sorted(
        ((found, message_id, kind) for message_id, found, kind in rows if found is not None), reverse=True
    )
    return Wishes(
        # The oldest entry comes last and stays.
        {message_id: Suppressed(found, kind) for found, message_id, kind in standing},
        frozenset(message_id for message_id, found, _ in rows if found is None),
    )


def suppressed_among(
    cursor: "psycopg.Cursor[Any]", account_id: int, recipients: Mapping[uuid.UUID, str]
) -> dict[uuid.UUID, str]:
    """Of these messages of one submission of the account, by id, those whose recipients are suppressed now, with the
    type of the entry. For an answer alone: the claim decides."""
    if not recipients:
        return {}
    lines = [(one, way) for one, email in recipients.items() for way in written(account_id, same_address(email))]
    parameters = {
        "ids": Column("uuid", [one for one, _ in lines]),
        "emails": Column("text", [way for _, way in lines]),
        "low": min(recipients),
        "high": max(recipients),
    }
    cursor.execute(_AMONG, parameters, prepare=True)
    return dict(cursor.fetchall())


_WISHES = statement("""
WITH w AS MATERIALIZED (
    SELECT * FROM unnest(%(messages)b::uuid[], %(accounts)b::bigint[], %(domains)b::bigint[], %(streams)b::text[],
        %(emails)b::text[]) w(message_id, account_id, domain_id, stream, email)
)
SELECT w.message_id, s.id, s.type FROM w
CROSS JOIN LATERAL (
    SELECT id, type FROM {suppression} s
    WHERE s.account_id = w.account_id AND s.email = w.email
        AND (s.domain_id IS NULL OR s.domain_id = w.domain_id) AND (s.stream = 'any' OR s.stream = w.stream)
    ORDER BY s.id LIMIT 1) s
UNION ALL
SELECT w.message_id, NULL, NULL FROM w
JOIN {tracking_opt_out} t ON t.account_id = w.account_id AND t.email = w.email AND t.domain_id = w.domain_id""")
_AMONG = statement("""
SELECT m.id, s.type FROM unnest(%(ids)b::uuid[], %(emails)b::text[]) w(id, email)
JOIN {message} m ON m.id = w.id AND m.id >= %(low)s AND m.id <= %(high)s
CROSS JOIN LATERAL (
    SELECT type FROM {suppression} s
    WHERE s.account_id = m.account_id AND s.email = w.email
        AND (s.domain_id IS NULL OR s.domain_id = m.domain_id) AND (s.stream = 'any' OR s.stream = m.stream)
    ORDER BY s.id LIMIT 1) s""")
