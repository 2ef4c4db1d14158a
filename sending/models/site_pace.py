"""What was learnt about a receiving site: shared by the delivering processes, and kept while they restart."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

import psycopg
from django.db import models
from django.utils.translation import gettext_lazy as _
from psycopg import sql
from psycopg.rows import namedtuple_row

MOST_FORGOTTEN = 100


class SitePace(models.Model):
    """One site (and stream, where streams have source addresses of their own); the latest word of any process wins."""

    key = models.CharField(max_length=253, primary_key=True)
    connections = models.PositiveSmallIntegerField()
    messages_per_connection = models.PositiveIntegerField()
    per_minute = models.PositiveIntegerField(null=True)
    """Messages; null for no bound."""
    throttled_until = models.DateTimeField(null=True)
    strikes = models.PositiveSmallIntegerField()
    """Complaints since the last delivery."""
    why = models.CharField(max_length=200)
    """The reply that changed the pace last."""
    learnt_at = models.DateTimeField(db_index=True)

    objects: ClassVar[models.Manager["SitePace"]] = models.Manager()

    class Meta:
        verbose_name = _("site's pace")
        verbose_name_plural = _("sites' paces")

    def __str__(self) -> str:
        return self.key


class Learnt(NamedTuple):
    """A row, by its columns."""

    key: str
    connections: int
    messages_per_connection: int
    per_minute: int | None
    throttled_until: datetime | None
    strikes: int
    why: str
    learnt_at: datetime


def read_paces(cursor: "psycopg.Cursor[Any]", keys: Collection[str], *, since: datetime) -> list[Learnt]:
    """What was learnt about these sites after `since`."""
    with cursor.connection.cursor(row_factory=namedtuple_row) as named:
        rows = named.execute(_READ, {"keys": list(keys), "since": since}, prepare=True).fetchall()
    return [Learnt(*row) for row in rows]


def write_paces(cursor: "psycopg.Cursor[Any]", learnt: Sequence[Learnt], *, forget: datetime) -> None:
    """Keeps these where nobody has learnt something later; of rows from before `forget` some are removed."""
    # One order for all processes, so that two of them never wait for each other.
    rows = sorted(learnt)
    columns = {name: [getattr(row, name) for row in rows] for name in Learnt._fields}
    cursor.execute(_WRITE, {**columns, "forget": forget, "most": MOST_FORGOTTEN}, prepare=True)


_TABLE = sql.Identifier(SitePace._meta.db_table)
_COLUMNS = sql.SQL(", ").join(map(sql.Identifier, Learnt._fields))
_READ = (
    sql.SQL("SELECT {columns} FROM {table} WHERE key = ANY(%(keys)s) AND learnt_at > %(since)s")
    .format(columns=_COLUMNS, table=_TABLE)
    .as_bytes()
)
_WRITE = (
    sql.SQL("""
WITH forgotten AS (
    DELETE FROM {table} WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM {table} WHERE learnt_at < %(forget)s AND key <> ALL(%(key)s::text[])
        LIMIT %(most)s FOR UPDATE SKIP LOCKED))
)
INSERT INTO {table} ({columns})
SELECT * FROM unnest(%(key)s::text[], %(connections)s::smallint[], %(messages_per_connection)s::integer[],
    %(per_minute)s::integer[], %(throttled_until)s::timestamptz[], %(strikes)s::smallint[], %(why)s::text[],
    %(learnt_at)s::timestamptz[])
ON CONFLICT (key) DO UPDATE SET {updates} WHERE {table}.learnt_at < excluded.learnt_at""")
    .format(
        table=_TABLE,
        columns=_COLUMNS,
        updates=sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in Learnt._fields if name != "key"
        ),
    )
    .as_bytes()
)
