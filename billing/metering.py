"""The meter: the only writer of UsagePeriod. Reserves recipients inside the transaction that accepts them, and takes
back what was cancelled before its first attempt."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.utils import timezone

from accounts.models import Account
from billing.models import UsagePeriod
from billing.periods import Period, period_of
from billing.plans import FREE, Plan
from billing.quota import Usage, judge
from mailtrap_site.bulk_values import Column

Cursor = psycopg.Cursor[Any]
"""Of psycopg itself: the parameters are bound by the server."""


@dataclass(frozen=True, slots=True)
class Demand:
    """`recipients` more for one account. `anchor` is when it signed up; the platform's own account is not metered."""

    account_id: int
    recipients: int
    anchor: datetime
    metered: bool = True


@dataclass(frozen=True, slots=True)
class Reservation:
    """Whether the account's whole demand fitted, and what its meter shows now. `limit` is None where none applies."""

    accepted: bool
    used: int
    limit: int | None


_TABLE = UsagePeriod._meta.db_table

# The row is locked and read again before the condition is judged, so the limit holds whoever else is sending; accounts
# come in order, so two batches wait for each other and never deadlock. A row is locked even where nothing is added.
_RESERVE = f"""
INSERT INTO {_TABLE} AS meter (account_id, starts_at, ends_at, used, message_limit)
SELECT account_id, starts_at, ends_at, recipients, message_limit
FROM unnest(%b::bigint[], %b::timestamptz[], %b::timestamptz[], %b::bigint[], %b::bigint[])
  AS demand (account_id, starts_at, ends_at, recipients, message_limit)
WHERE recipients <= message_limit
ORDER BY account_id
ON CONFLICT (account_id, starts_at) DO UPDATE
SET used = meter.used + excluded.used, message_limit = excluded.message_limit
WHERE meter.used + excluded.used <= excluded.message_limit
RETURNING account_id, used
"""  # noqa: S608 the table's name comes from the model

_READ = f"""
SELECT account_id, used FROM {_TABLE}
WHERE (account_id, starts_at) IN (SELECT * FROM unnest(%b::bigint[], %b::timestamptz[]))
"""  # noqa: S608 the table's name comes from the model


# Locked in the order of all who lock several meters. What has no meter, the platform's own, is given back to none.
_GIVE_BACK = f"""
WITH given AS MATERIALIZED (
    SELECT period.id, count(*) AS recipients
    FROM unnest(%b::bigint[], %b::timestamptz[]) AS cancelled (account_id, accepted_at)
    JOIN {_TABLE} AS period ON period.account_id = cancelled.account_id
      AND period.starts_at <= cancelled.accepted_at AND cancelled.accepted_at < period.ends_at
    GROUP BY period.id
), locked AS MATERIALIZED (
    SELECT period.id FROM {_TABLE} AS period JOIN given USING (id)
    ORDER BY period.account_id, period.starts_at FOR UPDATE OF period
)
UPDATE {_TABLE} AS meter
SET used = greatest(meter.used - given.recipients, 0), given_back = meter.given_back + given.recipients
FROM given JOIN locked USING (id) WHERE meter.id = given.id
"""  # noqa: S608 the table's name comes from the model


@dataclass(frozen=True, slots=True)
class _Need:
    """The demands of one account, added up, with its period and limit."""

    account_id: int
    recipients: int
    period: Period
    limit: int


def reserve(cursor: Cursor, demands: Sequence[Demand], now: datetime) -> dict[int, Reservation]:
    """Adds each account's demand to its meter if all of it fits, on the caller's transaction; by account id.

    Several demands of one account are one whole: all of them fit, or none does. Works in READ COMMITTED.
    """
    reservations = {one.account_id: Reservation(True, 0, None) for one in demands if not one.metered}
    needs = _needs(demands, now)
    if not needs:
        return reservations
    cursor.execute(
        _RESERVE,
        (
            Column("bigint", [need.account_id for need in needs]),
            Column("timestamptz", [need.period.starts_at for need in needs]),
            Column("timestamptz", [need.period.ends_at for need in needs]),
            Column("bigint", [need.recipients for need in needs]),
            Column("bigint", [need.limit for need in needs]),
        ),
    )
    taken: dict[int, int] = dict(cursor.fetchall())
    refused = [need for need in needs if need.account_id not in taken]
    standing = _read(cursor, refused)
    for need in needs:
        accepted = need.account_id in taken
        used = taken[need.account_id] if accepted else standing.get(need.account_id, 0)
        reservations[need.account_id] = Reservation(accepted, used, need.limit)
    return reservations


def give_back(cursor: Cursor, cancelled: Sequence[tuple[int, datetime]]) -> None:
    """Takes recipients off the meters that counted them, on the caller's transaction: an account id and the moment of
    acceptance each. Once each, and the meter ends at zero."""
    if not cancelled:
        return
    accounts, moments = zip(*cancelled, strict=True)
    cursor.execute(_GIVE_BACK, (Column("bigint", accounts), Column("timestamptz", moments)))


def look(cursor: Cursor, demands: Sequence[Demand], now: datetime) -> dict[int, Reservation]:
    """What `reserve` would answer right now, without taking anything; for an early refusal (SMTP AUTH)."""
    reservations = {one.account_id: Reservation(True, 0, None) for one in demands if not one.metered}
    needs = _needs(demands, now)
    standing = _read(cursor, needs)
    for need in needs:
        used = standing.get(need.account_id, 0)
        reservations[need.account_id] = Reservation(used + need.recipients <= need.limit, used, need.limit)
    return reservations


def begin_period(account: Account, starts_at: datetime) -> None:
    """The account's periods are counted from `starts_at` now: the one that runs ends there, so that none overlaps."""
    running = UsagePeriod.objects.filter(account=account, starts_at__lt=starts_at, ends_at__gt=starts_at)
    running.update(ends_at=starts_at)


def usage(account: Account, now: datetime | None = None) -> Usage:
    """The account's meter for pages and the API, in one query."""
    moment = now or timezone.now()
    period = period_of(account.created_at, moment)
    used = (
        UsagePeriod.objects.filter(account=account, starts_at=period.starts_at).values_list("used", flat=True).first()
    )
    limit = None if account.is_platform else plan_of(account.pk).emails_per_month
    return judge(used or 0, limit, period, moment)


def plan_of(account_id: int) -> Plan:
    """The plan in force: no subscription means Free, and subscriptions do not exist yet."""
    return FREE


def _needs(demands: Sequence[Demand], now: datetime) -> list[_Need]:
    recipients: Counter[int] = Counter()
    anchors: dict[int, datetime] = {}
    for demand in demands:
        if demand.metered:
            recipients[demand.account_id] += demand.recipients
            anchors[demand.account_id] = demand.anchor
    return [
        _Need(account_id, recipients[account_id], period_of(anchor, now), plan_of(account_id).emails_per_month)
        for account_id, anchor in sorted(anchors.items())
    ]


def _read(cursor: Cursor, needs: Sequence[_Need]) -> dict[int, int]:
    if not needs:
        return {}
    accounts, starts = [need.account_id for need in needs], [need.period.starts_at for need in needs]
    cursor.execute(_READ, (Column("bigint", accounts), Column("timestamptz", starts)))
    return dict(cursor.fetchall())
