"""Whether recipients are suppressed at this moment: one look-up for a whole claim, which is what counts."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from mailtrap_site.bulk_values import Column
from sending.models.statements import statement
from sending.suppressions import same_address


@dataclass(frozen=True, slots=True)
class Asked:
    """One message that is about to leave."""

    message_id: uuid.UUID
    account_id: int
    domain_id: int
    stream: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Why it does not: the entry that stood first, and its type in the contract's words."""

    suppression_id: uuid.UUID
    type: str


def suppressed(cursor: "psycopg.Cursor[Any]", asked: Sequence[Asked]) -> dict[uuid.UUID, Suppressed]:
    """Those of `asked` whose recipients are suppressed."""
    if not asked:
        return {}
    parameters = {
        "messages": Column("uuid", [one.message_id for one in asked]),
        "accounts": Column("bigint", [one.account_id for one in asked]),
        "domains": Column("bigint", [one.domain_id for one in asked]),
        "streams": Column("text", [one.stream for one in asked]),
        "emails": Column("text", [same_address(one.recipient) for one in asked]),
    }
    cursor.execute(_SUPPRESSED, parameters, prepare=True)
    return {message_id: Suppressed(found, kind) for message_id, found, kind in cursor.fetchall()}


def suppressed_among(cursor: "psycopg.Cursor[Any]", recipients: Mapping[uuid.UUID, str]) -> dict[uuid.UUID, str]:
    """Of these messages of one submission, by id, those whose recipients are suppressed now, with the type of the
    entry. For an answer alone: the claim decides."""
    if not recipients:
        return {}
    parameters = {
        "ids": Column("uuid", list(recipients)),
        "emails": Column("text", [same_address(one) for one in recipients.values()]),
        "low": min(recipients),
        "high": max(recipients),
    }
    cursor.execute(_AMONG, parameters, prepare=True)
    return dict(cursor.fetchall())


_SUPPRESSED = statement("""
SELECT w.message_id, s.id, s.type
FROM unnest(%(messages)b::uuid[], %(accounts)b::bigint[], %(domains)b::bigint[], %(streams)b::text[],
    %(emails)b::text[]) w(message_id, account_id, domain_id, stream, email)
CROSS JOIN LATERAL (
    SELECT id, type FROM {suppression} s
    WHERE s.account_id = w.account_id AND s.email = w.email
        AND (s.domain_id IS NULL OR s.domain_id = w.domain_id) AND (s.stream = 'any' OR s.stream = w.stream)
    ORDER BY s.id LIMIT 1) s""")
_AMONG = statement("""
SELECT m.id, s.type FROM unnest(%(ids)b::uuid[], %(emails)b::text[]) w(id, email)
JOIN {message} m ON m.id = w.id AND m.id >= %(low)s AND m.id <= %(high)s
CROSS JOIN LATERAL (
    SELECT type FROM {suppression} s
    WHERE s.account_id = m.account_id AND s.email = w.email
        AND (s.domain_id IS NULL OR s.domain_id = m.domain_id) AND (s.stream = 'any' OR s.stream = m.stream)
    ORDER BY s.id LIMIT 1) s""")
