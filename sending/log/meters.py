"""The meter's second opinion: what a usage period shows as used, against what was accepted in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db.models import Q, Sum

from billing.models import UsagePeriod
from sending.models import HourBalance, MeterDifference

log = structlog.get_logger(__name__)

ENDED_SINCE = timedelta(hours=3)
"""How long after its end a period is still compared."""


@dataclass(frozen=True, slots=True)
class Meter:
    """One usage period: its account, what its meter shows, and the accepted events of its time."""

    period_id: int
    account_id: int
    used: int
    accepted: int


def compare(now: datetime) -> list[Meter]:
    """Compares the periods that run, have just ended, or differed before; keeps, logs and returns those that differ.

    Every hour up to now must have been counted in the caller's snapshot, in which `used` is read too.
    """
    running = Q(starts_at__lte=now, ends_at__gt=now - ENDED_SINCE)
    periods = UsagePeriod.objects.filter(running | Q(pk__in=MeterDifference.objects.values("period_id")))
    used = list(periods.values_list("pk", "account_id", "used"))
    sums = HourBalance.objects.filter(period_id__in=[row[0] for row in used]).order_by().values_list("period_id")
    accepted = dict(sums.annotate(Sum("accepted")))
    found = differing([Meter(key, account_id, shown, accepted.get(key, 0)) for key, account_id, shown in used])
    _keep(found, now)
    return found


def differing(meters: Sequence[Meter]) -> list[Meter]:
    """Those whose two figures are not the same. Pure."""
    return [one for one in meters if one.used != one.accepted]


def _keep(found: Sequence[Meter], now: datetime) -> None:
    before = {one.period_id: (one.used, one.accepted) for one in MeterDifference.objects.all()}
    MeterDifference.objects.exclude(period_id__in=[one.period_id for one in found]).delete()
    for one in found:
        if before.get(one.period_id) == (one.used, one.accepted):
            continue
        MeterDifference.objects.update_or_create(
            period_id=one.period_id,
            defaults={"used": one.used, "accepted": one.accepted},
            create_defaults={"used": one.used, "accepted": one.accepted, "found_at": now},
        )
        log.error("balance_difference", account=one.account_id, period=one.period_id, meter=one.used - one.accepted)
