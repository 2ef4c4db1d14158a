"""Celery's settings by broker. Celery only wakes workers: the rows of the queue are the truth."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kombu import Exchange, Queue

if TYPE_CHECKING:
    # The settings read this module before Celery is wanted.
    from celery import Celery

QUEUES = ("deliveries", "webhooks", "upkeep")
DRAIN_SECONDS = 30
"""How long one drain task may claim; the visibility time-out is four times that, or the task would run twice."""

_TRANSPORT_OPTIONS: dict[str, dict[str, Any]] = {
    "pgmq": {
        "init_extension": False,
        "use_notify": True,
        "notify_throttle_interval_ms": 0,
        "wait_time_seconds": 0,
        "polling_interval": 5,
        "visibility_timeout": 4 * DRAIN_SECONDS,
        "pool_size": 4,
        "pool_timeout": 5,
    },
    "redis": {
        "visibility_timeout": 4 * DRAIN_SECONDS,
        "unacked_restore_throttle": 1,
        "socket_keepalive": True,
    },
}


def has_exchanges(broker_url: str) -> bool:
    """Whether the broker is RabbitMQ, where queues and exchanges have to stand before the first worker starts."""
    return urlsplit(broker_url).scheme in ("amqp", "amqps", "pyamqp")


def declare_queues(app: "Celery", *, seconds: int) -> list[str]:
    """Declares all queues and their exchanges; a second time changes nothing. Their names.

    Each worker binds every queue at its start, also those that only another one would declare. Waits `seconds` for a
    broker that does not answer; then raises kombu's OperationalError. A queue that stands with another type raises
    amqp's PreconditionFailed: it has to be deleted by hand.
    """
    with app.connection_for_write() as connection:
        connection.ensure_connection(
            max_retries=max(int(seconds), 1), interval_start=1, interval_step=0, timeout=seconds
        )
        channel = connection.default_channel
        for queue in app.amqp.queues.values():
            queue(channel).declare()
    return list(app.amqp.queues)


def celery_settings(broker_url: str) -> dict[str, Any]:
    """Django settings (`CELERY_…`) for the broker at `broker_url` (pgmq, redis, amqp or memory)."""
    scheme = urlsplit(broker_url).scheme
    durable_log = has_exchanges(broker_url)
    return {
        "CELERY_BROKER_URL": broker_url,
        "CELERY_BROKER_TRANSPORT_OPTIONS": _TRANSPORT_OPTIONS.get(scheme, {}) | _address(scheme, broker_url),
        "CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP": True,
        "CELERY_BROKER_CONNECTION_MAX_RETRIES": None,
        "CELERY_TASK_IGNORE_RESULT": True,
        "CELERY_TASK_ACKS_LATE": True,
        "CELERY_TASK_REJECT_ON_WORKER_LOST": True,
        "CELERY_TASK_CREATE_MISSING_QUEUES": False,
        "CELERY_TASK_DEFAULT_QUEUE": "upkeep",
        "CELERY_TASK_QUEUES": [_queue(name, durable_log=durable_log) for name in QUEUES],
        "CELERY_WORKER_PREFETCH_MULTIPLIER": 1,
        "CELERY_WORKER_ENABLE_REMOTE_CONTROL": False,
        "CELERY_WORKER_SEND_TASK_EVENTS": False,
        "CELERY_WORKER_HIJACK_ROOT_LOGGER": False,
        "CELERY_TIMEZONE": "UTC",
    }


def _address(scheme: str, broker_url: str) -> dict[str, str]:
    """pgmq's client takes DATABASE_URL from the environment over the broker's own URL, unless it gets this option."""
    return {"conn_string": "postgresql" + broker_url.removeprefix("pgmq")} if scheme == "pgmq" else {}


def _queue(name: str, *, durable_log: bool) -> Queue:
    exchange = Exchange(name, type="topic" if durable_log else "direct")
    arguments = {"x-queue-type": "quorum"} if durable_log else None
    return Queue(name, exchange, routing_key=name, queue_arguments=arguments)
