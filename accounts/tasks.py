"""Celery's entry points of this app; each may run twice or late."""

from celery import shared_task
from django.utils import timezone

from accounts import closing, token_warnings


@shared_task(name="accounts.warn_of_tokens")
def warn_of_tokens() -> None:
    """Say which API tokens end."""
    token_warnings.tell_due(timezone.now())


@shared_task(name="accounts.tell_of_closing")
def tell_of_closing() -> None:
    """Says which accounts are deleted soon."""
    closing.tell_due(timezone.now())
