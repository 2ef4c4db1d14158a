"""The Celery application: three queues, and the schedules of `beat`. Tasks live in each app's `tasks.py`."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_process_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailtrap_site.settings")

app = Celery("mailtrap_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def _every(seconds: int, task: str, queue: str = "upkeep") -> dict[str, Any]:
    """A schedule whose message expires with its interval, so that a stopped worker finds no pile of them."""
    return {"task": task, "schedule": seconds, "options": {"queue": queue, "expires": seconds}}


app.conf.beat_schedule = {
    "sweep the queue": _every(5, "sending.sweep"),
    "tend the queue": _every(5, "sending.tend_queue"),
    "check the balance": _every(600, "sending.check_balance"),
    "make partitions": _every(3600, "sending.make_partitions"),
    "trim captured mail": _every(3600, "sending.trim_captured"),
    "check domains that are due": _every(10, "domains.check_due"),
}


@setup_logging.connect
def _keep_logging(**_: Any) -> None:
    """Django's LOGGING stands; Celery would raise the level of every logger to its own."""


@worker_ready.connect
@beat_init.connect
def _say_ready(**_: Any) -> None:
    """Tells the supervisor, which waits for this file, that the process has started."""
    if ready_file := os.environ.get("READY_FILE"):
        Path(ready_file).touch()


@worker_process_init.connect
def _follow_parent(**_: Any) -> None:
    from mailtrap_site.embedded.follow_parent import end_with_parent

    end_with_parent()
