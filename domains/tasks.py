"""Celery's entry points of this app; each may run twice or late."""

from celery import shared_task

from domains import demo, verification


@shared_task(name="domains.check_due")
def check_due() -> None:
    """Ask DNS about the domains whose time has come."""
    verification.check_due()


@shared_task(name=demo.MAKE)
def make_demo() -> None:
    """Give new accounts their demo domain."""
    demo.make_missing()
