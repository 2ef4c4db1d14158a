"""Celery's entry points of this app; each may run twice or late."""

from celery import shared_task
from django.utils import timezone

from domains import demo, rotation, verification
from domains.compliance import automatic
from domains.reports import store


@shared_task(name="domains.check_due")
def check_due() -> None:
    """Ask DNS about the domains whose time has come."""
    verification.check_due()


@shared_task(name="domains.review")
def review() -> None:
    """Take the compliance reviews that wait for the rules one step on."""
    automatic.review_waiting()


@shared_task(name="domains.prune_reports")
def prune_reports() -> None:
    """Forget the reports about times long ago."""
    store.prune(timezone.now())


@shared_task(name="domains.rotate_keys")
def rotate_keys() -> None:
    """Replace the DKIM keys whose time has come, and let those sign that DNS gives by now."""
    rotation.rotate()


@shared_task(name=demo.MAKE)
def make_demo() -> None:
    """Give new accounts their demo domain."""
    demo.make_missing()
