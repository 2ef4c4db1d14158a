"""Celery's entry points of this app; each may run twice or late."""

from celery import shared_task
from django.utils import timezone

from accounts import closing, support_visits, token_warnings


@shared_task(name="accounts.warn_of_tokens")
def warn_of_tokens() -> None:
    """Say which API tokens end."""
    token_warnings.tell_due(timezone.now())


@shared_task(name="accounts.end_visits")
def end_visits() -> None:
    """End the visits of support whose time is over."""
    support_visits.end_overdue(timezone.now())


@shared_task(name="accounts.tell_of_closing")
def tell_of_closing() -> None:
    """Says which accounts are deleted soon."""
    closing.tell_due(timezone.now())
