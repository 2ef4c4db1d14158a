"""Columns of values as PostgreSQL's binary arrays: how the hot path hands over many rows in one statement.

psycopg dumps a list value by value, through an object each; here a column is one join. The format is that of
PostgreSQL's `array_recv` (src/backend/utils/adt/arrayfuncs.c) with one dimension.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEADER = struct.Struct("!iiIii").pack
_LENGTH = struct.Struct("!i").pack
_INT2, _INT4, _INT8 = (struct.Struct(code).pack for code in ("!h", "!i", "!q"))
_NULL = _LENGTH(-1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST_DAY = date(2000, 1, 1)


def _timestamp(moment: datetime) -> bytes:
    return _INT8((moment - _EPOCH) // _MICROSECOND)


_KINDS: dict[str, tuple[int, Callable[[Any], bytes]]] = {
    "text": (25, str.encode),
    "jsonb": (3802, lambda text: b"\1" + text.encode()),
    "bytea": (17, bytes),
    "uuid": (2950, lambda value: value.bytes),
    "smallint": (21, _INT2),
    "integer": (23, _INT4),
    "bigint": (20, _INT8),
    "boolean": (16, lambda value: b"\1" if value else b"\0"),
    "timestamptz": (1184, _timestamp),
    "date": (1082, lambda day: _INT4((day - _FIRST_DAY).days)),
}
"""By PostgreSQL's type: its oid (pg_type.dat) and what its `…_recv` function reads."""


class Column:
    """One bound parameter: the array of a column's values, for a placeholder `%b::kind[]`."""

    __slots__ = ("data",)

    def __init__(self, kind: str, values: Sequence[Any]) -> None:
        """`kind` is one of PostgreSQL's types in `_KINDS`; jsonb takes JSON text, timestamptz aware datetimes."""
        oid, encode = _KINDS[kind]
        parts = [_HEADER(1, 1, oid, len(values), 1)] if values else [_HEADER(0, 0, oid, 0, 0)[:12]]
        for value in values:
            if value is None:
                parts.append(_NULL)
            else:
                encoded = encode(value)
                parts += (_LENGTH(len(encoded)), encoded)
        self.data = b"".join(parts)


class _ColumnDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Column) -> bytes:
        return obj.data


psycopg.adapters.register_dumper(Column, _ColumnDumper)
