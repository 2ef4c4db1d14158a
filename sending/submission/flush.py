"""One flush: standing, policy, meter and rows of what has gathered, in one transaction: a 250 means committed."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.conf import settings

from billing import alerts
from billing.fitting import Demand, Limit
from billing.hours import Waits
from billing.metering import look, reserve
from billing.terms import Terms, answered_terms, ask_terms
from domains import allowance
from mailtrap_site import wake
from sending.policy.additions import settle
from sending.policy.checks import judge
from sending.policy.refusal import Reason, Refusal
from sending.policy.standing import Key, Standing, read_standings
from sending.protocol.additions import to_text
from sending.submission import rows
from sending.submission.auto_bcc import with_copies
from sending.submission.draft import Accepted
from sending.submission.idempotency import free_keys, repeats, reserve_keys
from sending.submission.payload import Payload

STORED_FIRST_BYTES = 256 * 1024
"""Packed content above this is committed before the transaction that locks the accounts' meters."""

Outcome = Accepted | Refusal
Connection = psycopg.Connection[Any]

JUST_BEGUN = timedelta(seconds=30)
REASONS = {
    Limit.MONTH: Reason.MONTHLY_LIMIT,
    Limit.DAY: Reason.DAILY_LIMIT,
    Limit.TOKEN: Reason.TOKEN_LIMIT,
    Limit.DOMAIN: Reason.DEMO_EXHAUSTED,
}
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
        standings, terms = _read(cursor, payloads, now)
        # An account that went to a paid plan while this flush waited counts in its new period.
        now = max([now, *(one.anchor for one in terms.values() if one.anchor - now < JUST_BEGUN)])
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
        left = _demo_left(cursor, fresh, standings)
        demands = [_demand(payload, standings[payload.key], left) for payload in fresh]
        reserved = reserve(cursor, demands, terms, now)
        admitted, excess = [], []
        for place, (payload, limit) in enumerate(zip(fresh, reserved.refusals, strict=True)):
            if limit is not None:
                outcomes[payload.submission_id] = Refusal(REASONS[limit])
                excess.append(payload)
                continue
            outcomes[payload.submission_id] = Accepted(payload.submission_id, payload.message_ids)
            waits = reserved.waits.get(place, ())
            account_terms = terms[payload.account_id]
            admitted.append(_admitted(payload, standings[payload.key], stored, waits, account_terms, now))
        free_keys(cursor, excess)
        if left:
            _count_demo(cursor, admitted, left)
        rows.write(cursor, admitted, now)
        beginners = {one.domain_id for one in admitted if standings[one.payload.key].awaits_first_email}
        if beginners:
            rows.write_first_email(cursor, beginners, now)
    if reserved.has_alerts:
        wake.nudge_aside(alerts.TELL, queue="upkeep")
    outcomes |= repeated.answers
    for submission_id, first in repeated.followed.items():
        outcome = outcomes[first]
        outcomes[submission_id] = replace(outcome, is_replay=True) if isinstance(outcome, Accepted) else outcome
    return outcomes


def _read(
    cursor: "psycopg.Cursor[Any]", payloads: Sequence[Payload], now: datetime
) -> tuple[dict[Key, Standing], dict[int, Terms]]:
    """How everybody stands, and the terms in force: two statements, one trip."""
    of_terms = psycopg.Cursor(cursor.connection)
    ask_terms(of_terms, (payload.account_id for payload in payloads), now)
    return read_standings(cursor, (payload.key for payload in payloads)), answered_terms(of_terms)


def _demo_left(
    cursor: "psycopg.Cursor[Any]", payloads: Sequence[Payload], standings: Mapping[Key, Standing]
) -> dict[int, int]:
    """What the demo domains among the senders have left; they stay locked until the commit."""
    demos = {
        standings[payload.key].domain_id for payload in payloads if standings[payload.key].demo_reaches is not None
    }
    return allowance.hold(cursor, {domain_id for domain_id in demos if domain_id is not None})


def _count_demo(cursor: "psycopg.Cursor[Any]", admitted: Sequence[rows.Admitted], left: Mapping[int, int]) -> None:
    emails: Counter[int] = Counter()
    for one in admitted:
        if one.domain_id in left:
            emails[one.domain_id] += len(one.payload.recipients)
    allowance.take(cursor, emails)


def _admitted(
    payload: Payload,
    standing: Standing,
    stored: dict[uuid.UUID, uuid.UUID],
    waits: Waits,
    terms: Terms,
    now: datetime,
) -> rows.Admitted:
    assert standing.domain_id is not None
    send_at = payload.send_at if payload.send_at and payload.send_at > now else None
    content_id = stored.get(payload.submission_id)
    is_stored = content_id is not None
    if content_id is None:
        days = _body_days(payload, standing, terms)
        content_id = rows.content_id(waits[-1][0] if waits else send_at or now, days)
    due = tuple(hour if hour > (send_at or now) else None for hour, count in waits for _ in range(count))
    added = _additions(payload, standing, terms)
    return rows.Admitted(payload, standing.domain_id, content_id, send_at, due, is_stored, additions=added)


def _additions(payload: Payload, standing: Standing, terms: Terms) -> str | None:
    settled = settle(
        standing,
        account_id=payload.account_id,
        domain=payload.domain,
        stream=payload.stream,
        category=payload.category,
        wants_opens=payload.tracking.opens,
        wants_clicks=payload.tracking.clicks,
        features=terms.plan.features,
        platform_url=settings.TRACKING_URL,
    )
    return None if settled is None else to_text(settled)


def _body_days(payload: Payload, standing: Standing, terms: Terms) -> int:
    """What is to go as soon as its recipients are settled stays for a day at most, or until then."""
    return min(terms.log_days, max(standing.body_days.get(payload.stream.value, terms.log_days), 1))


def _demand(payload: Payload, standing: Standing, demo_left: Mapping[int, int]) -> Demand:
    return Demand(
        account_id=payload.account_id,
        recipients=len(payload.recipients),
        domain=payload.key[2],
        stream=payload.stream.value,
        token_id=payload.token_id or 0,
        token_limit=standing.token_emails_per_month,
        domain_left=None if standing.domain_id is None else demo_left.get(standing.domain_id),
        metered=not standing.is_platform,
        send_at=payload.send_at,
    )


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
        standings, terms = _read(cursor, large, now)
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
        left = look(cursor, terms, now)
        contents = []
        for payload in passed:
            room = None if standings[payload.key].is_platform else left[payload.account_id]
            if room is not None and len(payload.recipients) > room:
                refused[payload.submission_id] = Refusal(Reason.MONTHLY_LIMIT)
                continue
            leaves_at = max(now, payload.send_at or now)
            stored[payload.submission_id] = rows.content_id(
                leaves_at, _body_days(payload, standings[payload.key], terms[payload.account_id])
            )
            contents.append((stored[payload.submission_id], payload.content))
        if contents:
            rows.write_content(cursor, contents)
    return stored, refused
