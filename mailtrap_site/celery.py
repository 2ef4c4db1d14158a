"""The Celery application: three queues, and the schedules of `beat`. Tasks live in each app's `tasks.py`."""

import os
from pathlib import Path
from typing import Any

import psycopg
from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init, worker_process_init, worker_ready

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
    "follow events": _every(2, "sending.follow_events"),
    "forget counts of old hours": _every(86_400, "sending.forget_hours"),
    "judge domains": _every(10_800, "sending.judge_domains"),
    "judge new accounts": _every(3600, "sending.judge_new_accounts"),
    "judge streams": _every(600, "sending.judge_streams"),
    "read links": _every(60, "sending.read_links"),
    "write weekly summaries": _every(1800, "sending.write_weekly_summaries"),
    "import suppressions": _every(30, "sending.import_suppressions"),
    "follow the audit log": _every(5, "sending.follow_audit_log"),
    "post webhooks": _every(5, "sending.post_webhooks", "webhooks"),
    "forget old webhook deliveries": _every(3600, "sending.forget_webhooks"),
    "make room": _every(3600, "sending.make_room"),
    "check the balance": _every(600, "sending.check_balance"),
    "make partitions": _every(3600, "sending.make_partitions"),
    "delete what no plan keeps": _every(900, "sending.retain"),
    "write log exports": _every(60, "sending.write_exports"),
    "erase recipients": _every(60, "sending.erase_recipients"),
    "write archives of accounts": _every(60, "sending.write_archives"),
    "tell of accounts that close": _every(3600, "accounts.tell_of_closing"),
    "close accounts": _every(600, "sending.close_accounts"),
    "trim captured mail": _every(300, "sending.trim_captured"),
    "forget old idempotency keys": _every(3600, "sending.forget_old_keys"),
    "apply Stripe's events": _every(30, "billing.apply_events"),
    "warn of API tokens that end": _every(600, "accounts.warn_of_tokens"),
    "end visits of support": _every(60, "accounts.end_visits"),
    "tell usage alerts": _every(600, "billing.tell_alerts"),
    "tell staff of requests and disputes": _every(600, "billing.tell_staff"),
    "report overage": _every(600, "billing.report_overage"),
    "turn plans over": _every(300, "billing.turn_over"),
    "compare with Stripe": _every(86_400, "billing.compare_with_stripe"),
    "check domains that are due": _every(10, "domains.check_due"),
    "review domains": _every(30, "domains.review"),
    "forget old reports": _every(86_400, "domains.prune_reports"),
    "replace DKIM keys": _every(300, "domains.rotate_keys"),
    "make demo domains": _every(60, "domains.make_demo"),
}


@setup_logging.connect
def _keep_logging(**_: Any) -> None:
    """Django's LOGGING stands; Celery would raise the level of every logger to its own."""


_CONNECTING = 0x70676D71
"""The advisory lock of workers that connect to a queue in PostgreSQL."""
_connecting: "psycopg.Connection[Any] | None" = None


@worker_init.connect
def _connect_alone(**_: Any) -> None:
    """pgmq makes its trigger anew for each consumer that connects, and of two who do so at once one fails."""
    global _connecting
    address = app.conf.broker_transport_options.get("conn_string")
    if address is None:
        return
    try:
        _connecting = psycopg.connect(address, autocommit=True)
        _connecting.execute("SET lock_timeout = '30s'")
        _connecting.execute("SELECT pg_advisory_lock(%s)", (_CONNECTING,))
    except psycopg.Error:
        # Then it connects beside the others; if it fails it is started again.
        return


@worker_ready.connect
def _let_others_connect(**_: Any) -> None:
    if _connecting is not None:
        _connecting.close()


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
