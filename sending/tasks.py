"""Celery tasks: thin shells. Each may run twice, late, or not at all; the rows of the queue are the truth."""

import os
import signal
import time
from types import FrameType
from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_process_shutdown, worker_shutdown
from django.utils import timezone

from mailtrap_site.broker import DRAIN_SECONDS
from mailtrap_site.wake import send_now
from sending import followers
from sending.alerts import critical, new_accounts, streams, weekly
from sending.capture import upkeep
from sending.delivery import drain
from sending.log import balance_check, export_job
from sending.models import partitions
from sending.phishing import reading as link_reading
from sending.phishing import store as link_store
from sending.privacy import archive, archive_files, deletion, erasure
from sending.queue import hourly, orders, parked
from sending.queue import sweep as queue_sweep
from sending.retention import upkeep as retention_upkeep
from sending.stats import upkeep as statistics_upkeep
from sending.submission import idempotency
from sending.suppressions import importing
from sending.webhooks import audit_log
from sending.webhooks import drain as webhook_drain
from sending.webhooks import upkeep as webhook_upkeep

GIVES_WAY = 10
"""Niceness of a delivering process: where the processor is short, mail is accepted first and leaves a moment later."""
POST_SECONDS = 50.0
"""In which one run posts webhooks; it ends when the last server has answered, at most half a minute later."""
TEND_SECONDS = 20.0
"""One run of `tend_queue`, or of what removes old rows; what is left is the next one's."""


@shared_task(name="sending.deliver")
def deliver() -> None:
    """Drains the queue for at most DRAIN_SECONDS, and asks for another drain where more is due."""
    with _Stop() as stop:
        drained = drain.engine().drain(DRAIN_SECONDS, stop, linger=drain.LINGER)
    if drained.is_more and not stop():
        send_now("sending.deliver", queue="deliveries")


@shared_task(name="sending.sweep")
def sweep() -> None:
    """Finds what no one woke, and what was cut off."""
    if queue_sweep.sweep(timezone.now()).due:
        send_now("sending.deliver", queue="deliveries")


@shared_task(name="sending.tend_queue")
def tend_queue() -> None:
    """Works off orders about queued mail, and sets free what is held without reason."""
    now, until = timezone.now(), time.monotonic() + TEND_SECONDS
    is_more = orders.work_off(now, until)
    freed = parked.set_free(now, until)
    if freed.released:
        send_now("sending.deliver", queue="deliveries")
    if is_more or freed.is_more:
        send_now("sending.tend_queue", queue="upkeep")


@shared_task(name="sending.make_room")
def make_room() -> None:
    """Brings forward what waits for an hour with room, once a limit was raised."""
    if hourly.make_room(timezone.now(), time.monotonic() + TEND_SECONDS):
        send_now("sending.make_room", queue="upkeep")
    send_now("sending.deliver", queue="deliveries")


@shared_task(name="sending.follow_events")
def follow_events() -> None:
    """Numbers new events and lets each reader of the feed act on them."""
    if followers.follow(time.monotonic() + TEND_SECONDS):
        send_now("sending.follow_events", queue="upkeep")


@shared_task(name="sending.forget_hours")
def forget_hours() -> None:
    """Removes the counts of old hours, whose days are kept."""
    if statistics_upkeep.forget_hours(timezone.now(), time.monotonic() + TEND_SECONDS):
        send_now("sending.forget_hours", queue="upkeep")


@shared_task(name="sending.judge_domains")
def judge_domains() -> None:
    """Tells the people of a domain that its bounces or complaints have become critical."""
    critical.judge(timezone.now())


@shared_task(name="sending.judge_streams")
def judge_streams() -> None:
    """Warns of, begins and ends suspensions of streams by their rates."""
    streams.judge(timezone.now())


@shared_task(name="sending.read_links")
def read_links() -> None:
    """Reads recent mail for links that deceive, and forgets what the log keeps no more."""
    now = timezone.now()
    link_store.forget(now)
    if link_reading.tend(now, time.monotonic() + TEND_SECONDS):
        send_now("sending.read_links", queue="upkeep")


@shared_task(name="sending.judge_new_accounts")
def judge_new_accounts() -> None:
    """Lets new accounts send more an hour once their mail has fared well."""
    new_accounts.judge(timezone.now())


@shared_task(name="sending.write_weekly_summaries")
def write_weekly_summaries() -> None:
    """On Mondays, writes how each domain fared last week."""
    weekly.write_due(timezone.now())


@shared_task(name=importing.TASK)
def import_suppressions() -> None:
    """Puts uploaded files of addresses on the suppression list."""
    if importing.work_off(time.monotonic() + TEND_SECONDS):
        send_now(importing.TASK, queue="upkeep")


@shared_task(name="sending.follow_audit_log")
def follow_audit_log() -> None:
    """Queues new entries of the audit log for the webhooks that are told of them."""
    audit_log.follow()


@shared_task(name="sending.post_webhooks")
def post_webhooks() -> None:
    """Posts to customers' servers what is due."""
    webhook_drain.drain(POST_SECONDS)


@shared_task(name="sending.forget_webhooks")
def forget_webhooks() -> None:
    """Removes deliveries that are older than we keep them."""
    if webhook_upkeep.forget(timezone.now(), time.monotonic() + TEND_SECONDS):
        send_now("sending.forget_webhooks", queue="upkeep")


@shared_task(name="sending.check_balance")
def check_balance() -> None:
    """Counts the hours of mail whose messages may have moved, and compares what the tables say."""
    balance_check.check(timezone.now())


@shared_task(name="sending.make_partitions")
def make_partitions() -> None:
    """Makes the partitions of the coming weeks."""
    partitions.make_partitions(timezone.now())


@shared_task(name="sending.retain")
def retain() -> None:
    """Deletes what no plan keeps any more."""
    if retention_upkeep.tend(timezone.now(), time.monotonic() + TEND_SECONDS):
        send_now("sending.retain", queue="upkeep")


@shared_task(name="sending.write_exports")
def write_exports() -> None:
    """Writes files of log rows that were asked for, and deletes old ones."""
    export_job.delete_old(timezone.now())
    if export_job.work_off(time.monotonic() + TEND_SECONDS):
        send_now("sending.write_exports", queue="upkeep")


@shared_task(name=erasure.TASK)
def erase_recipients() -> None:
    """Erases recipients for whom that was asked."""
    if erasure.work_off(time.monotonic() + TEND_SECONDS):
        send_now(erasure.TASK, queue="upkeep")


@shared_task(name=archive.TASK)
def write_archives() -> None:
    """Writes archives of accounts that were asked for, and deletes old ones."""
    archive_files.delete_old(timezone.now())
    if archive.work_off(time.monotonic() + TEND_SECONDS):
        send_now(archive.TASK, queue="upkeep")


@shared_task(name=deletion.TASK)
def close_accounts() -> None:
    """Deletes accounts whose grace is over."""
    if deletion.work_off(timezone.now(), time.monotonic() + TEND_SECONDS):
        send_now(deletion.TASK, queue="upkeep")


@shared_task(name="sending.trim_captured")
def trim_captured() -> None:
    """Keeps the captured mailboxes within their bounds."""
    if upkeep.tend(timezone.now(), time.monotonic() + TEND_SECONDS):
        send_now("sending.trim_captured", queue="upkeep")


@shared_task(name="sending.forget_old_keys")
def forget_old_keys() -> None:
    """Removes the idempotency keys that count as absent."""
    if idempotency.forget_old_keys(timezone.now(), time.monotonic() + TEND_SECONDS):
        send_now("sending.forget_old_keys", queue="upkeep")


class _Stop:
    """Whether to stop claiming: SIGTERM came while a drain ran. Celery is told of it afterwards."""

    def __init__(self) -> None:
        self._signalled = False
        self._previous: Any = None
        self._installed = False

    def __call__(self) -> bool:
        return self._signalled

    def __enter__(self) -> "_Stop":
        try:
            self._previous = signal.signal(signal.SIGTERM, self._note)
            self._installed = True
        except ValueError:
            # Only the main thread hears signals; elsewhere the drain's own time is its bound.
            self._installed = False
        return self

    def __exit__(self, *_: object) -> None:
        if self._installed:
            signal.signal(signal.SIGTERM, self._previous)
            if self._signalled:
                os.kill(os.getpid(), signal.SIGTERM)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signalled = True


@worker_init.connect
def _look_without_being_asked(sender: Any, **_: Any) -> None:
    """A worker of the deliveries looks at the queue by itself as well: mail leaves though the broker be broken, also
    where the worker starts beside a broker that does not answer."""
    if "deliveries" in sender.app.amqp.queues.consume_from:
        # Before the engine's threads start, which inherit it.
        os.nice(GIVES_WAY)
        drain.engine().look_by_itself(DRAIN_SECONDS)


@worker_process_shutdown.connect
@worker_shutdown.connect
def _close_engine(**_: Any) -> None:
    drain.close_engine()
