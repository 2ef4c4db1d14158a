"""The meter: the only writer of UsagePeriod and UsageDay. Reserves recipients inside the transaction that accepts
them, and takes back what was cancelled before its first attempt.

What a sub-account sends is taken from its own meter and from its organisation's, which counts everybody of it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import psycopg
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Account
from billing import alerts, hours
from billing import meter_statements as sql
from billing.fitting import Demand, Limit, Room
from billing.meter import Meter, meters_for
from billing.models import UsagePeriod
from billing.periods import period_of
from billing.quota import Usage, judge
from billing.terms import Terms, terms_of
from mailtrap_site.bulk_values import Column

Cursor = psycopg.Cursor[Any]
"""Of psycopg itself: the parameters are bound by the server."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """What became of the demands: for each, in order, None where it is taken, or the limit that it is too much for."""

    refusals: list[Limit | None]
    waits: Mapping[int, hours.Waits] = field(default_factory=dict)
    """By the demand's place, where a part has to wait for an hour with room."""
    has_alerts: bool = False
    """Whether an account came near a limit: `billing.tell_alerts` is to be started after the commit."""


@dataclass(frozen=True, slots=True)
class Returned:
    """One accepted recipient that was cancelled before its first attempt: how it was counted."""

    account_id: int
    accepted_at: datetime
    domain: str
    stream: str
    token_id: int


def reserve(cursor: Cursor, demands: Sequence[Demand], terms: Mapping[int, Terms], now: datetime) -> Reserved:
    """Takes the demands that fit, in their order, on the caller's transaction; `terms` were read in it.

    Each is taken whole or not at all, from the month, the day (UTC), its token's month, and those of its organisation
    alike; an hour is each account's own. Exact whoever else is sending, in READ COMMITTED: until the commit the meters
    are locked.
    """
    refusals: list[Limit | None] = [None] * len(demands)
    meters = meters_for(demands, terms, now)
    if not meters:
        return Reserved(refusals)
    today = now.astimezone(UTC).date()
    rooms, added, booked = _lock_and_add(cursor, meters, now)
    by_account = {meter.account_id: meter for meter in meters}
    before = {account_id: dict(of_hours) for account_id, of_hours in booked.items()}
    waits: dict[int, hours.Waits] = {}
    counted: Counter[_Sender] = Counter()
    for place, demand in enumerate(demands):
        if not demand.metered:
            continue
        meter = by_account[demand.account_id]
        pool = by_account.get(meter.terms.organization_id or 0)
        refusals[place] = rooms[meter.account_id].take(demand, rooms[pool.account_id] if pool else None)
        if refusals[place] is not None:
            continue
        if meter.terms.emails_per_hour is not None:
            own = booked.setdefault(meter.account_id, {})
            if found := hours.book(demand, meter.terms.emails_per_hour, own, now):
                waits[place] = found
        meter.accepted += demand.recipients
        if pool:
            pool.accepted += demand.recipients
        counted[meter.account_id, meter.row, demand.domain, demand.stream, demand.token_id] += demand.recipients
    _correct(cursor, [meter for meter in meters if meter.differs_from(added)], added)
    _count_day(cursor, counted, today)
    hours.keep_booked(cursor, before, booked)
    return Reserved(refusals, waits, alerts.record(cursor, [meter.passed for meter in meters], now))


def give_back(cursor: Cursor, returned: Sequence[Returned]) -> None:
    """Takes recipients off the meters and the days that counted them, on the caller's transaction. Once each, and
    neither ends below zero."""
    if not returned:
        return
    accounts = Column("bigint", [one.account_id for one in returned])
    moments = Column("timestamptz", [one.accepted_at for one in returned])
    cursor.execute(sql.GIVE_BACK, (accounts, moments))
    cursor.execute(
        sql.GIVE_DAY_BACK,
        (
            accounts,
            moments,
            Column("text", [one.domain for one in returned]),
            Column("text", [one.stream for one in returned]),
            Column("bigint", [one.token_id for one in returned]),
        ),
    )


def look(cursor: Cursor, terms: Mapping[int, Terms], now: datetime) -> dict[int, int | None]:
    """How many more recipients the month of each account takes right now, and that of its organisation, whose terms
    stand beside; None for "no limit". Locks nothing. For an early refusal (SMTP AUTH): `reserve` decides."""
    starts = [period_of(one.anchor, now).starts_at for one in terms.values()]
    cursor.execute(sql.READ, (Column("bigint", list(terms)), Column("timestamptz", starts)))
    used: dict[int, int] = dict(cursor.fetchall())
    own = {key: one.hard_limit - used.get(key, 0) for key, one in terms.items() if one.hard_limit is not None}
    return {
        key: min((own[meter] for meter in (key, one.organization_id) if meter in own), default=None)
        for key, one in terms.items()
    }


def hold(cursor: Cursor, terms: Mapping[int, Terms], now: datetime) -> None:
    """Locks the meters of these accounts until the commit, as whoever reserves does."""
    meters = [Meter(key, terms[key], period_of(terms[key].anchor, now)) for key in sorted(terms)]
    if meters:
        _lock_and_add(cursor, meters, now)


def begin_period(account: Account, starts_at: datetime) -> None:
    """The periods of the account and its sub-accounts are counted from `starts_at` now: those that run end there, so
    that none overlaps."""
    running = UsagePeriod.objects.filter(starts_at__lt=starts_at, ends_at__gt=starts_at)
    running.filter(Q(account=account) | Q(account__organization=account)).update(ends_at=starts_at)


@transaction.atomic
def keep_of_deleted(account: Account) -> None:
    """What the account sent stays on the meters of its organisation, without what it gave back: all else that says so
    is about to be deleted. May be called again."""
    shared = UsagePeriod.objects.filter(account=account).exclude(organization=None)
    accounts = {account.pk, *shared.values_list("organization_id", flat=True)}
    both = UsagePeriod.objects.filter(
        account__in=accounts, starts_at__in=list(shared.values_list("starts_at", flat=True))
    )
    for own in both.select_for_update().order_by("account_id", "starts_at"):
        if own.account_id == account.pk and own.organization_id is not None:
            pool = UsagePeriod.objects.filter(account=own.organization_id, starts_at=own.starts_at)
            pool.update(of_deleted=F("of_deleted") + own.used, given_back=F("given_back") - own.given_back)
            UsagePeriod.objects.filter(pk=own.pk).update(organization=None)


def usage(account: Account, now: datetime | None = None) -> Usage:
    """The account's meter for pages and the API, in three queries. The limit is the plan's, without what is paid
    above it."""
    moment = now or timezone.now()
    terms = terms_of(account, moment)
    period = period_of(terms.anchor, moment)
    used = (
        UsagePeriod.objects.filter(account=account, starts_at=period.starts_at).values_list("used", flat=True).first()
    )
    limit = None if account.is_platform else terms.emails_per_month
    return judge(used or 0, limit, period, moment, terms.overage_cap)


_Sender = tuple[int, int, str, str, int]
"""Account id, id of the meter's row, domain, stream and token id: who is counted by themselves on a day."""


def _lock_and_add(
    cursor: Cursor, meters: Sequence[Meter], now: datetime
) -> tuple[dict[int, Room], dict[int, int], hours.Booked]:
    """What each account has left; what its meter was moved by already: its whole sum, where the month has room for it;
    and the hours that are booked. That costs one statement, and no trip more where there are limits beside the
    month's."""
    today = now.astimezone(UTC).date()
    if turning := [meter.account_id for meter in meters if meter.turns_on(today)]:
        cursor.execute(sql.LOCK_DAY, (Column("bigint", turning),))
    sums, booked = _execute(cursor, sql.RESERVE, meters, now)
    added = {meter.account_id: meter.at_once for meter in meters if meter.row}
    if short := [meter for meter in meters if not meter.row]:
        short_sums, short_booked = _execute(cursor, sql.HOLD, short, now)
        sums, booked = sums | short_sums, booked | short_booked
    rooms = {}
    for meter in meters:
        meter.before -= added.get(meter.account_id, 0)
        day = meter.terms.emails_per_day
        rooms[meter.account_id] = Room(
            None if meter.terms.hard_limit is None else meter.limit - meter.before,
            None if day is None else day - sums[meter.account_id, 0],
            {token: limit - sums[meter.account_id, token] for token, limit in meter.token_limits.items()},
            meter.domains_left,
        )
    return rooms, added, booked


def _execute(
    cursor: Cursor, statement: str, meters: Sequence[Meter], now: datetime
) -> tuple[dict[tuple[int, int], int], hours.Booked]:
    """Locks the rows and keeps in `meters` what they show; the sums of the day (token 0) and of tokens with a
    limit, and the hours that are booked."""
    cursor.execute(
        statement,
        (
            Column("bigint", [meter.account_id for meter in meters]),
            Column("timestamptz", [meter.period.starts_at for meter in meters]),
            Column("timestamptz", [meter.period.ends_at for meter in meters]),
            Column("bigint", [meter.at_once for meter in meters]),
            Column("bigint", [meter.limit for meter in meters]),
            Column("bigint", [meter.terms.organization_id for meter in meters]),
        ),
    )
    sums = psycopg.Cursor(cursor.connection)
    days = [meter.account_id for meter in meters if meter.terms.emails_per_day is not None]
    tokens = [(meter.account_id, token, meter.period.starts_at) for meter in meters for token in meter.token_limits]
    if days or tokens:
        sums.execute(
            sql.SUMS,
            (
                Column("bigint", days),
                Column("date", [now.astimezone(UTC).date()] * len(days)),
                Column("bigint", [account_id for account_id, _, _ in tokens]),
                Column("bigint", [token for _, token, _ in tokens]),
                Column("timestamptz", [starts_at for _, _, starts_at in tokens]),
            ),
        )
    of_hours = psycopg.Cursor(cursor.connection)
    hourly = [meter.account_id for meter in meters if meter.terms.emails_per_hour is not None]
    if hourly:
        hours.ask_booked(of_hours, hourly, now)
    by_account = {meter.account_id: meter for meter in meters}
    for account_id, *shown in cursor.fetchall():
        meter = by_account[account_id]
        meter.row, meter.before, meter.known_limit = shown
    used = {(account_id, token): used for account_id, token, used in sums.fetchall()} if days or tokens else {}
    return used, hours.answered_booked(of_hours) if hourly else {}


def _correct(cursor: Cursor, meters: Sequence[Meter], added: Mapping[int, int]) -> None:
    """Moves the meters to what was accepted, and notes the limits in force."""
    if not meters:
        return
    cursor.execute(
        sql.CORRECT,
        (
            Column("bigint", [meter.row for meter in meters]),
            Column("bigint", [meter.accepted - added.get(meter.account_id, 0) for meter in meters]),
            Column("bigint", [meter.limit for meter in meters]),
        ),
    )


def _count_day(cursor: Cursor, counted: Mapping[_Sender, int], today: date) -> None:
    if not counted:
        return
    accounts, rows, domains, streams, tokens = zip(*counted, strict=True)
    cursor.execute(
        sql.COUNT_DAY,
        (
            Column("bigint", accounts),
            Column("bigint", rows),
            Column("date", [today] * len(counted)),
            Column("text", domains),
            Column("text", streams),
            Column("bigint", tokens),
            Column("bigint", list(counted.values())),
        ),
    )
