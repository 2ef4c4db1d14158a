"""One flush: standing, policy, meter and rows of what has gathered, in one transaction: a 250 means committed."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from math import inf
from typing import Any

import psycopg

from billing.metering import Demand, look, reserve
from sending.policy.checks import judge
from sending.policy.refusal import Reason, Refusal
from sending.policy.standing import Key, Standing, read_standings
from sending.submission import rows
from sending.submission.auto_bcc import with_copies
from sending.submission.draft import Accepted
from sending.submission.idempotency import free_keys, repeats, reserve_keys
from sending.submission.payload import Payload

STORED_FIRST_BYTES = 256 * 1024
"""Packed content above this is committed before the transaction that locks the accounts' meters."""

Outcome = Accepted | Refusal
Connection = psycopg.Connection[Any]

_DATA_ERRORS = (
    psycopg.DataError,
    UnicodeEncodeError,
    psycopg.errors.PipelineAborted,
    psycopg.IntegrityError,
    # Class 54, an OperationalError to psycopg: one row is more than the database holds.
    psycopg.errors.ProgramLimitExceeded,
)


def flush(connection: Connection, payloads: Sequence[Payload], now: datetime) -> list[Outcome]:
    """An outcome for each payload, committed when this returns (unless the caller's own transaction is open).

    Content that the database refuses costs only its own submission. Raises psycopg.Error when the database fails.
    """
    stored, refused = _store_large(connection, payloads, now)
    outcomes: dict[uuid.UUID, Outcome] = dict(refused)
    outcomes |= _flush(connection, [one for one in payloads if one.submission_id not in refused], stored, now)
    return [outcomes[payload.submission_id] for payload in payloads]


def _flush(
    connection: Connection, payloads: Sequence[Payload], stored: dict[uuid.UUID, uuid.UUID], now: datetime
) -> dict[uuid.UUID, Outcome]:
    if not payloads:
        return {}
    try:
        return _write(connection, payloads, stored, now)
    except _DATA_ERRORS:
        if len(payloads) == 1:
            return {payloads[0].submission_id: Refusal(Reason.UNSTORABLE_TEXT)}
    outcomes: dict[uuid.UUID, Outcome] = {}
    for payload in payloads:
        outcomes |= _flush(connection, [payload], stored, now)
    return outcomes


def _write(
    connection: Connection, payloads: Sequence[Payload], stored: dict[uuid.UUID, uuid.UUID], now: datetime
) -> dict[uuid.UUID, Outcome]:
    with connection.pipeline(), connection.transaction(), psycopg.Cursor(connection) as cursor:
        standings = read_standings(cursor, (payload.key for payload in payloads))
        outcomes: dict[uuid.UUID, Outcome] = {}
        passed = []
        for payload in payloads:
            standing = standings.get(payload.key, Standing())
            refusal = judge(payload, standing, now)
            if refusal is None:
                passed.append(with_copies(payload, standing))
            else:
                outcomes[payload.submission_id] = refusal
        repeated = reserve_keys(cursor, passed, now)
        fresh = [payload for payload in passed if payload.submission_id not in repeated] if repeated else passed
        fitting = _reserve(cursor, fresh, standings, now)
        admitted, excess = [], []
        for payload in fresh:
            if payload.submission_id not in fitting:
                outcomes[payload.submission_id] = Refusal(Reason.MONTHLY_LIMIT)
                excess.append(payload)
                continue
            outcomes[payload.submission_id] = Accepted(payload.submission_id, payload.message_ids)
            admitted.append(_admitted(payload, standings[payload.key], stored, now))
        free_keys(cursor, excess)
        rows.write(cursor, admitted, now)
    outcomes |= repeated.answers
    for submission_id, first in repeated.followed.items():
        outcome = outcomes[first]
        outcomes[submission_id] = replace(outcome, is_replay=True) if isinstance(outcome, Accepted) else outcome
    return outcomes


def _admitted(payload: Payload, standing: Standing, stored: dict[uuid.UUID, uuid.UUID], now: datetime) -> rows.Admitted:
    assert standing.domain_id is not None
    send_at = payload.send_at if payload.send_at and payload.send_at > now else None
    content_id = stored.get(payload.submission_id)
    if content_id is not None:
        return rows.Admitted(payload, standing.domain_id, content_id, send_at, is_stored=True)
    return rows.Admitted(payload, standing.domain_id, rows.content_id(payload.account_id, send_at or now), send_at)


def _reserve(
    cursor: "psycopg.Cursor[Any]", payloads: Sequence[Payload], standings: dict[Key, Standing], now: datetime
) -> set[uuid.UUID]:
    """The submissions that fit. One statement for all; where an account's sum is too much, one each, in order."""
    by_account: defaultdict[int, list[Payload]] = defaultdict(list)
    for payload in payloads:
        by_account[payload.account_id].append(payload)
    if not by_account:
        return set()
    demands = {
        account_id: Demand(account_id, sum(len(one.recipients) for one in own), *_meter(standings[own[0].key]))
        for account_id, own in by_account.items()
    }
    reservations = reserve(cursor, list(demands.values()), now)
    fitting: set[uuid.UUID] = set()
    for account_id, own in sorted(by_account.items()):
        if reservations[account_id].accepted:
            fitting.update(one.submission_id for one in own)
        elif len(own) > 1:
            for one in own:
                alone = Demand(account_id, len(one.recipients), *_meter(standings[one.key]))
                if reserve(cursor, [alone], now)[account_id].accepted:
                    fitting.add(one.submission_id)
    return fitting


def _meter(standing: Standing) -> tuple[datetime, bool]:
    assert standing.signed_up_at is not None
    return standing.signed_up_at, not standing.is_platform


def _store_large(
    connection: Connection, payloads: Sequence[Payload], now: datetime
) -> tuple[dict[uuid.UUID, uuid.UUID], dict[uuid.UUID, Outcome]]:
    """Commits large content that has a good chance to be accepted: (content ids, refusals) by submission.

    What stays unused, because the quota ran out in between, goes with its partition.
    """
    large = [payload for payload in payloads if len(payload.content) > STORED_FIRST_BYTES]
    stored: dict[uuid.UUID, uuid.UUID] = {}
    refused: dict[uuid.UUID, Outcome] = {}
    if not large:
        return stored, refused
    with connection.pipeline(), connection.transaction(), psycopg.Cursor(connection) as cursor:
        standings = read_standings(cursor, (payload.key for payload in large))
        repeated = repeats(cursor, large, now)
        passed = []
        for payload in large:
            if payload.submission_id in repeated:
                continue
            refusal = judge(payload, standings.get(payload.key, Standing()), now)
            if refusal is None:
                passed.append(payload)
            else:
                refused[payload.submission_id] = refusal
        left = _left(cursor, passed, standings, now)
        contents = []
        for payload in passed:
            if len(payload.recipients) > left[payload.account_id]:
                refused[payload.submission_id] = Refusal(Reason.MONTHLY_LIMIT)
                continue
            leaves_at = max(now, payload.send_at or now)
            stored[payload.submission_id] = rows.content_id(payload.account_id, leaves_at)
            contents.append((stored[payload.submission_id], payload.content))
        if contents:
            rows.write_content(cursor, contents)
    return stored, refused


def _left(
    cursor: "psycopg.Cursor[Any]", payloads: Sequence[Payload], standings: dict[Key, Standing], now: datetime
) -> dict[int, float]:
    """How many more recipients each account's meter takes at this moment."""
    demands = [Demand(one.account_id, 0, *_meter(standings[one.key])) for one in payloads]
    meters = look(cursor, demands, now)
    return {account: inf if one.limit is None else one.limit - one.used for account, one in meters.items()}
