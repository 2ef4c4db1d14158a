"""Counts that all processes of the service see, without database work at the moment of counting.

Each process counts in memory and exchanges about once a second: it publishes its own counts and reads the others'.
The table is unlogged (migration 0002), since its rows are worth nothing after a crash.
"""

import os
import threading
import time
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import psycopg
from django.db import models
from psycopg import sql

FRESH = timedelta(seconds=10)
"""Rows count so long after their process published them: its counts end with it."""
REPUBLISH_SECONDS = 3.0
"""A count that does not change is published so often, to stay fresh."""
KEPT = timedelta(minutes=1)
"""After this anybody removes the rows of a process that ended."""


class SharedCount(models.Model):
    """What one process holds of one key."""

    pk = models.CompositePrimaryKey("kind", "key", "process")
    kind = models.CharField(max_length=32)
    key = models.CharField(max_length=253)
    process = models.UUIDField()
    count = models.IntegerField()
    seen_at = models.DateTimeField()

    objects: ClassVar[models.Manager["SharedCount"]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.kind} {self.key}: {self.count}"


class SharedCounts:
    """Counts of one kind, such as `smtp-account`: this process's own, exact, and the others' as of the last exchange.

    Thread-safe. Where no exchange succeeds for `FRESH`, the own counts alone are in force.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._lock = threading.Lock()
        self._own: dict[str, int] = {}
        self._published: dict[str, int] = {}
        self._published_all_at = float("-inf")
        self._others: dict[str, int] = {}
        self._others_end_at = 0.0

    def add(self, key: str, number: int = 1) -> None:
        """Counts `number` more; a negative number gives back."""
        with self._lock:
            count = self._own.get(key, 0) + number
            if count:
                self._own[key] = count
            else:
                self._own.pop(key, None)

    def total(self, key: str) -> int:
        """The own count now, and the others' as of the last exchange."""
        others = self._others.get(key, 0) if time.monotonic() < self._others_end_at else 0
        return self._own.get(key, 0) + others

    def own(self, key: str) -> int:
        """This process's count."""
        return self._own.get(key, 0)

    def _snapshot(self) -> tuple[dict[str, int], dict[str, int]]:
        """All own counts, and what is to be published of them: 0 for a key that is gone."""
        with self._lock:
            own = dict(self._own)
        if time.monotonic() - self._published_all_at >= REPUBLISH_SECONDS:
            news = dict.fromkeys(self._published, 0) | own
        else:
            keys = self._published.keys() | own.keys()
            news = {key: own.get(key, 0) for key in keys if own.get(key, 0) != self._published.get(key, 0)}
        return own, news

    def _exchanged(self, own: dict[str, int], news: dict[str, int], others: dict[str, int]) -> None:
        now = time.monotonic()
        if own.keys() <= news.keys():
            self._published_all_at = now
        self._published = own
        self._others, self._others_end_at = others, now + FRESH.total_seconds()


def exchange(cursor: "psycopg.Cursor[Any]", counts: Sequence[SharedCounts], now: datetime) -> None:
    """Publishes all own counts and reads the others', in one statement; for one thread at a time, off the event loop.

    Raises psycopg.Error; then nothing has changed.
    """
    snapshots = [(one, *one._snapshot()) for one in counts]
    rows = [(one.kind, key, count) for one, _, news in snapshots for key, count in news.items()]
    parameters = {
        "kinds": [kind for kind, _, _ in rows],
        "keys": [key for _, key, _ in rows],
        "counts": [count for _, _, count in rows],
        "asked": [one.kind for one in counts],
        "process": _process,
        "now": now,
        "fresh": now - FRESH,
        "kept": now - KEPT,
    }
    others: dict[str, dict[str, int]] = {one.kind: {} for one in counts}
    for kind, key, count in cursor.execute(_EXCHANGE, parameters, prepare=True).fetchall():
        others[kind][key] = count
    for one, own, news in snapshots:
        one._exchanged(own, news, others[one.kind])


_EXCHANGE = (
    sql.SQL("""
WITH own AS (
    SELECT * FROM unnest(%(kinds)s::text[], %(keys)s::text[], %(counts)s::int[]) o(kind, key, count)
), published AS (
    INSERT INTO {table} (kind, key, process, count, seen_at)
    SELECT kind, key, %(process)s::uuid, count, %(now)s FROM own WHERE count <> 0
    ON CONFLICT (kind, key, process) DO UPDATE SET count = excluded.count, seen_at = excluded.seen_at
), given_back AS (
    DELETE FROM {table} t USING own
    WHERE t.kind = own.kind AND t.key = own.key AND t.process = %(process)s::uuid AND own.count = 0
), outlived AS (
    DELETE FROM {table} WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM {table} WHERE seen_at < %(kept)s AND process <> %(process)s::uuid FOR UPDATE SKIP LOCKED
    ))
)
SELECT kind, key, sum(count)::int FROM {table}
WHERE kind = ANY(%(asked)s::text[]) AND process <> %(process)s::uuid AND seen_at > %(fresh)s
GROUP BY kind, key""")
    .format(table=sql.Identifier(SharedCount._meta.db_table))
    .as_bytes()
)

_process = uuid.uuid4()


def _become_another() -> None:
    global _process
    _process = uuid.uuid4()


os.register_at_fork(after_in_child=_become_another)
