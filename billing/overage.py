"""Tells Stripe of emails above the limit that accounts agreed to pay for: each of them once."""

from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Sum

from billing import stripe_gateway, subscriptions
from billing.models import OverageReport, QuotaOverride, Subscription, UsagePeriod
from billing.periods import period_of
from billing.terms import terms_of

log = structlog.get_logger(__name__)

LAST_LOOK = timedelta(hours=2)
"""How long a period that ended is looked at once more: Stripe closes its invoice an hour later."""


def report(now: datetime) -> int:
    """Reports of this run. What Stripe did not confirm goes again next time under the same identifier."""
    for row in Subscription.objects.select_related("account").exclude(stripe_subscription_id=""):
        for moment in {period_of(row.anchor, at).starts_at for at in (now, now - LAST_LOOK)}:
            _write_down(row, max(moment, row.anchor), now)
    return sum(_tell(one, now) for one in OverageReport.objects.filter(told_at=None).order_by("pk"))


def _write_down(row: Subscription, period_starts_at: datetime, now: datetime) -> None:
    period = UsagePeriod.objects.filter(account=row.account, starts_at=period_starts_at).first()
    rate = subscriptions.plan_of(row).overage_cents_per_thousand
    if period is None or not rate or (period.ends_at <= now and row.updated_at >= period.ends_at):
        # Terms that changed since say nothing about a period that was over then.
        return
    above = _above(row, period, now)
    reports = OverageReport.objects.filter(account=row.account, period_starts_at=period_starts_at)
    told = reports.aggregate(sum=Sum("emails"))["sum"] or 0
    if above <= told:
        return
    emails = above - told
    try:
        with transaction.atomic():
            OverageReport.objects.create(
                account=row.account,
                period_starts_at=period_starts_at,
                begins_after=told,
                emails=emails,
                units=emails * rate,
                customer_id=row.stripe_customer_id,
                identifier=f"{row.account.pk}-{period_starts_at:%Y%m%dT%H%M%S}-{told}",
                happened_at=min(now, period.ends_at - timedelta(seconds=1)),
            )
    except IntegrityError:
        # Another run wrote the same part down.
        return


def _above(row: Subscription, period: UsagePeriod, now: datetime) -> int:
    """Emails that are paid for: above the highest limit that held at any time of the period, up to what was agreed."""
    terms = terms_of(row.account, now)
    granted = list(
        QuotaOverride.objects.filter(
            account=row.account, term=QuotaOverride.Term.EMAILS_PER_MONTH, starts_at__lt=period.ends_at
        )
        .exclude(ends_at__lte=period.starts_at)
        .values_list("value", flat=True)
    )
    limits = [terms.emails_per_month, *granted]
    if None in limits:
        return 0
    return min(max(period.used - max(limit for limit in limits if limit is not None), 0), terms.overage_cap)


def _tell(one: OverageReport, now: datetime) -> bool:
    try:
        stripe_gateway.report_usage(one.customer_id, one.units, one.identifier, int(one.happened_at.timestamp()))
    except stripe_gateway.StripeTrouble as problem:
        log.warning("overage_waits", report=one.pk, problem=type(problem).__name__)
        return False
    return bool(OverageReport.objects.filter(pk=one.pk, told_at=None).update(told_at=now))
