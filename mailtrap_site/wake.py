"""Nudges a worker by task name, after commit. A lost nudge costs seconds, never a message: a sweep finds it."""

import time
from threading import Lock, Thread

import structlog
from celery import current_app
from django.db import transaction

log = structlog.get_logger(__name__)

MIN_INTERVAL = 0.25
"""Seconds between two nudges for the same task from one process; less than a drain lingers, so that none is missed."""

_last: dict[str, float] = {}
_lock = Lock()


def nudge(task: str, *, queue: str) -> None:
    """Asks a worker of `queue` to run `task` once this transaction has committed; at most four times a second."""
    transaction.on_commit(lambda: send_now(task, queue=queue))


def nudge_aside(task: str, *, queue: str) -> None:
    """The same from a thread that must not wait for a broker: mail is waiting for it."""
    transaction.on_commit(lambda: Thread(target=send_now, args=[task], kwargs={"queue": queue}, daemon=True).start())


def send_now(task: str, *, queue: str) -> None:
    """The nudge itself, coalesced. An unreachable broker is logged and forgotten."""
    now = time.monotonic()
    with _lock:
        if now - _last.get(task, 0.0) < MIN_INTERVAL:
            return
        _last[task] = now
    try:
        current_app.send_task(task, queue=queue, expires=60, ignore_result=True, retry=False)
    except Exception as problem:
        # Whatever a broker's client raises: the mail is accepted, and found without a nudge too.
        log.warning("nudge_lost", task=task, problem=type(problem).__name__)
