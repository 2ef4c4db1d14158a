"""The meter's second opinion: what a usage period shows as used, against what was accepted and not given back in it.

The meter of an organisation shows what its sub-accounts sent as well, of which each has a meter of its own."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Q, Sum

from billing.models import UsageDay, UsagePeriod
from sending.log.balance import hour_of, unfinished
from sending.models import HourBalance, MeterDifference

log = structlog.get_logger(__name__)

_FIRST, _DAYS = "0001_initial", "0003_plans"
"""The steps of billing's tables: the first, and that with which days are counted."""
ONE_INSTALLATION = timedelta(hours=1)
"""Steps that were taken closer together belong to one installation, in which nothing was sent between them."""
ENDED_SINCE = timedelta(hours=3)
"""How long after its end a period is still compared."""


@dataclass(frozen=True, slots=True)
class Meter:
    """One usage period: its account, what its meter shows, and what it ought to show."""

    period_id: int
    account_id: int
    used: int
    accepted: int
    """Accepted events of its time, less what was given back; those of sub-accounts as well."""
    days: int
    """What the usage page's days of it add up to."""

    @property
    def agrees(self) -> bool:
        return self.used == self.accepted == self.days


def compare(now: datetime) -> list[Meter]:
    """Compares the periods that run, have just ended, or differed before; keeps, logs and returns those that differ.

    Every hour up to now must have been counted in the caller's snapshot, in which `used` is read too.
    """
    running = Q(starts_at__lte=now, ends_at__gt=now - ENDED_SINCE)
    periods = UsagePeriod.objects.filter(running | Q(pk__in=MeterDifference.objects.values("period_id")))
    shown = list(periods.values_list("pk", "account_id", "starts_at", "used", "given_back", "of_deleted"))
    counts = _periods_counted(shown)
    every = {key for keys in counts.values() for key in keys}
    since = days_counted_since()
    sums = HourBalance.objects.filter(period_id__in=every).order_by().values_list("period_id")
    counted = {key: row for key, *row in sums.annotate(Sum("accepted"), Sum("returned"))}
    days = dict(UsageDay.objects.filter(period_id__in=every).values_list("period_id").annotate(Sum("used")))
    of_all = {
        key: [sum(counted.get(one, [0, 0])[place] for one in keys) for place in (0, 1)] for key, keys in counts.items()
    }
    waiting = _waiting({one for key, *_, given, _ in shown if given != of_all[key][1] for one in counts[key]})
    found = []
    for key, account_id, begins, used, given, of_deleted in shown:
        accepted, returned = of_all[key]
        of_days = of_deleted + sum(days.get(one, 0) for one in counts[key])
        if since is not None and begins < since and of_days != used:
            of_days = completed(of_days, used, *_accepted_before(counts[key], since))
        at_most = returned + sum(waiting[one] for one in counts[key])
        meter = Meter(key, account_id, used, of_deleted + accepted - believed(given, returned, at_most), of_days)
        if not meter.agrees:
            found.append(meter)
    _keep(found, now)
    return found


def believed(given_back: int, at_least: int, at_most: int) -> int:
    """What the meter says of itself that it gave back, as far as the messages bear it out. Pure."""
    return min(max(given_back, at_least), at_most)


def completed(days: int, used: int, at_least: int, at_most: int) -> int:
    """What the days add up to together with what was accepted before anything counted days. Pure.

    >>> completed(days=30, used=100, at_least=60, at_most=75)
    100
    >>> completed(days=10, used=100, at_least=60, at_most=75)
    10
    """
    return used if at_least <= used - days <= at_most else days


def days_counted_since() -> datetime | None:
    """When this instance was upgraded to a version that counts days; None where it has counted them from the first."""
    steps = MigrationRecorder.Migration.objects.filter(app="billing", name__in=(_FIRST, _DAYS))
    applied = dict(steps.values_list("name", "applied"))
    if len(applied) < 2 or applied[_DAYS] - applied[_FIRST] < ONE_INSTALLATION:
        return None
    return applied[_DAYS]


def _periods_counted(shown: Sequence[tuple[Any, ...]]) -> dict[int, set[int]]:
    """By period, itself and those of sub-accounts that its meter counts as well."""
    pools = {(account_id, starts_at): key for key, account_id, starts_at, *_ in shown}
    counts = {key: {key} for key, *_ in shown}
    oldest = min((starts_at for _, _, starts_at, *_ in shown), default=None)
    if oldest is None:
        return counts
    of_subs = UsagePeriod.objects.exclude(organization=None).filter(starts_at__gte=oldest)
    for key, organization_id, starts_at in of_subs.values_list("pk", "organization_id", "starts_at"):
        if pool := pools.get((organization_id, starts_at)):
            counts[pool].add(key)
    return counts


def _accepted_before(period_ids: Collection[int], since: datetime) -> tuple[int, int]:
    """Between how many recipients these periods had when the days began, in the middle of an hour."""
    hours = HourBalance.objects.filter(period_id__in=period_ids)
    least = hours.filter(hour__lt=hour_of(since)).aggregate(a=Sum("accepted", default=0), r=Sum("returned", default=0))
    most = hours.filter(hour__lte=hour_of(since)).aggregate(a=Sum("accepted", default=0))
    return least["a"] - least["r"], most["a"]


def _waiting(period_ids: Collection[int]) -> Counter[int]:
    """The messages of these periods that were not finished when their hours were counted last: some of them may have
    been cancelled since."""
    waiting: Counter[int] = Counter()
    for key, states in HourBalance.objects.filter(period_id__in=period_ids).values_list("period_id", "states"):
        waiting[key] += unfinished(states)
    return waiting


def _keep(found: Sequence[Meter], now: datetime) -> None:
    before = {one.period_id: (one.used, one.accepted, one.days) for one in MeterDifference.objects.all()}
    MeterDifference.objects.exclude(period_id__in=[one.period_id for one in found]).delete()
    for one in found:
        days = None if one.days == one.used else one.days
        if before.get(one.period_id) == (one.used, one.accepted, days):
            continue
        shown = {"used": one.used, "accepted": one.accepted, "days": days}
        MeterDifference.objects.update_or_create(
            period_id=one.period_id,
            defaults=shown,
            create_defaults=shown | {"found_at": now},
        )
        off = {"meter": one.used - one.accepted} | ({} if days is None else {"days": one.days - one.used})
        log.error("balance_difference", account=one.account_id, period=one.period_id, **off)
