"""Celery's entry points of this app; each may run twice or late."""

from celery import shared_task
from django.utils import timezone

from domains import verification
from domains.reports import store


@shared_task(name="domains.check_due")
def check_due() -> None:
    """Ask DNS about the domains whose time has come."""
    verification.check_due()


@shared_task(name="domains.prune_reports")
def prune_reports() -> None:
    """Forget the reports about times long ago."""
    store.prune(timezone.now())
