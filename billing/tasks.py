"""Celery's entry points of this app; each may run twice or late."""

from celery import shared_task
from django.utils import timezone

from billing import compare, overage, staff_letters, stripe_events, usage_letters
from billing.stripe_gateway import payments_are_on


@shared_task(name="billing.apply_events")
def apply_events() -> None:
    """Work off what Stripe told us."""
    if payments_are_on():
        stripe_events.apply_due(timezone.now())


@shared_task(name="billing.report_overage")
def report_overage() -> None:
    """Tell Stripe of emails above the limit."""
    if payments_are_on():
        overage.report(timezone.now())


@shared_task(name="billing.turn_over")
def turn_over() -> None:
    """Plans agreed for now, graces that are over."""
    compare.turn_over(timezone.now())


@shared_task(name="billing.compare_with_stripe")
def compare_with_stripe() -> None:
    """Mend what events did not tell."""
    if payments_are_on():
        compare.compare(timezone.now())
        stripe_events.forget_old(timezone.now())


@shared_task(name="billing.tell_alerts")
def tell_alerts() -> None:
    """Write of limits that came near."""
    usage_letters.tell_due(timezone.now())


@shared_task(name="billing.tell_staff")
def tell_staff() -> None:
    """Write to staff of requests and disputes."""
    staff_letters.tell(timezone.now())
