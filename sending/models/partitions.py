"""Weekly partitions of the growing tables, by the time that their UUIDv7 id carries.

New ones are made by LIKE + ATTACH, which never blocks an insert into the parent (CREATE … PARTITION OF would).
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.utils import OperationalError
from psycopg import sql
from psycopg.errors import LockNotAvailable

from sending.models.identifiers import id_floor

TABLES = (
    "sending_submission",
    "sending_content",
    "sending_message",
    "sending_attempt",
    "sending_event",
    "sending_countedonce",
)
WEEK = timedelta(weeks=1)
AHEAD = timedelta(weeks=2)
CONTENT_AHEAD = timedelta(days=75)
"""Content is partitioned by its expiry: the furthest time that mail may be scheduled for, and the longest retention
after it."""
LOCK_TIMEOUT = "500ms"


@dataclass(frozen=True, slots=True)
class Window:
    """The ids of one made partition: `low <= id < high`."""

    low: uuid.UUID
    high: uuid.UUID


def make_partitions(now: datetime) -> list[str]:
    """Makes what is missing from this week to the horizon; returns the names made. Locked tables are left for later."""
    made = []
    for table in TABLES:
        horizon = now + (CONTENT_AHEAD if table == "sending_content" else AHEAD)
        existing = set(partition_names(table))
        start = week_start(now)
        while start <= horizon:
            name = f"{table}_{start:%G_w%V}"
            if name not in existing and _make(table, name, start):
                made.append(name)
            start += WEEK
    return made


def windows_newest_first(table: str) -> Iterator[Window]:
    """The id bounds of the made partitions of `table`, newest first.

    A page query that stays inside one of them never visits the DEFAULT partition, which would cost an ordered scan.
    """
    starts = sorted((_start_of(name) for name in partition_names(table)), reverse=True)
    for start in starts:
        yield Window(id_floor(start), id_floor(start + WEEK))


def partition_names(table: str) -> list[str]:
    """Names of the weekly partitions attached to `table`, the DEFAULT one left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = %s::regclass",
            [table],
        )
        return [name for (name,) in cursor.fetchall() if _PARTITION.search(name)]


def partition_starts(table: str) -> list[tuple[str, datetime]]:
    """The weekly partitions of `table` with the start of their week, oldest first."""
    return sorted(((name, _start_of(name)) for name in partition_names(table)), key=lambda one: one[1])


def drop_partition(table: str, name: str) -> bool:
    """Drops one with all its rows; False when somebody holds it, and DROP would make everybody else wait."""
    if name not in partition_names(table):
        raise ValueError(f"{name} is no weekly partition of {table}")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(LOCK_TIMEOUT)).as_string())
            cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)).as_string())
    except OperationalError as problem:
        if isinstance(problem.__cause__, LockNotAvailable):
            return False
        raise
    return True


def week_start(moment: datetime) -> datetime:
    """Monday 00:00 UTC of `moment`'s week."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


_PARTITION = re.compile(r"_(\d{4})_w(\d{2})$")


def _start_of(name: str) -> datetime:
    match = _PARTITION.search(name)
    if match is None:
        raise ValueError(f"{name} is no weekly partition")
    return datetime.fromisocalendar(int(match[1]), int(match[2]), 1).replace(tzinfo=UTC)


def _make(table: str, name: str, start: datetime) -> bool:
    """One transaction: the table, the rows of its range that fell into DEFAULT, the attachment."""
    low, high = sql.Literal(str(id_floor(start))), sql.Literal(str(id_floor(start + WEEK)))
    parent, default, child = (sql.Identifier(text) for text in (table, f"{table}_default", name))
    statements = (
        sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(LOCK_TIMEOUT)),
        sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(child, parent),
        sql.SQL(
            "WITH moved AS (DELETE FROM {} WHERE id >= {} AND id < {} RETURNING *) INSERT INTO {} SELECT * FROM moved"
        ).format(default, low, high, child),
        sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(parent, child, low, high),
    )
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except OperationalError as problem:
        if isinstance(problem.__cause__, LockNotAvailable):
            return False
        raise
    return True
