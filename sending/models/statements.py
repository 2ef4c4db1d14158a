"""Raw SQL for the hot path, with the names of tables taken from the models."""

from typing import Any, LiteralString

import psycopg
from django.db import connection
from psycopg import sql

from accounts.models import Account
from domains.models import DkimKey, SendingDomain
from sending.models.attempt import Attempt
from sending.models.content import Content
from sending.models.event import Event
from sending.models.feed import EventBatch
from sending.models.idempotency import IdempotencyKey
from sending.models.message import Message
from sending.models.queue_control import QueuePause
from sending.models.queue_entry import QueueEntry
from sending.models.statistics import CountedOnce, DailyCount, HourlyCount
from sending.models.stream_setting import StreamSetting
from sending.models.submission import Submission
from sending.models.suppression import Suppression
from sending.models.tracking_opt_out import TrackingOptOut
from sending.models.webhook import WebhookDelivery

_MODELS = {
    "queue": QueueEntry,
    "message": Message,
    "submission": Submission,
    "content": Content,
    "attempt": Attempt,
    "event": Event,
    "batch": EventBatch,
    "idempotency": IdempotencyKey,
    "domain": SendingDomain,
    "dkim_key": DkimKey,
    "accounts": Account,
    "pause": QueuePause,
    "stream_setting": StreamSetting,
    "suppression": Suppression,
    "tracking_opt_out": TrackingOptOut,
    "webhook_delivery": WebhookDelivery,
    "counted_once": CountedOnce,
    "hourly_count": HourlyCount,
    "daily_count": DailyCount,
}
_TABLES = {name: sql.Identifier(model._meta.db_table) for name, model in _MODELS.items()}


def statement(text: LiteralString, **parts: sql.Composable) -> bytes:
    """`fragment`, ready to be executed."""
    return fragment(text, **parts).as_bytes()


def fragment(text: LiteralString, **parts: sql.Composable) -> sql.Composed:
    """`text` with the names above in braces (`{queue}`, `{message}` …) replaced by their tables, and `parts` by what
    they are; other braces are doubled."""
    return sql.SQL(text).format(**{**_TABLES, **parts})


def raw_cursor() -> "psycopg.Cursor[Any]":
    """A cursor of psycopg itself on this thread's connection: parameters are bound by the server, plans are kept."""
    connection.ensure_connection()
    return psycopg.Cursor(connection.connection)
