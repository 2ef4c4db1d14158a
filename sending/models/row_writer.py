"""Writes many rows of a model at once: INSERT … SELECT FROM unnest for few, COPY for many, behind one function."""

import ipaddress
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import psycopg
from django.db import models
from psycopg.types.json import Jsonb

COPY_FROM_ROWS = 50
"""Below it, a pipelined INSERT costs fewer round trips; above it, COPY costs less per row."""

Row = tuple[Any, ...]


class RowWriter:
    """Takes tuples in the order of `fields`. Columns and types come from the model; JSON travels as text.

    Fields that have no value here but one in the model (`attempts`, `opens_count`) belong into `constants`.
    """

    def __init__(
        self, model: type[models.Model], fields: Sequence[str], constants: dict[str, Any] | None = None
    ) -> None:
        self._constants = tuple((constants or {}).values())
        columns = [_column(model, name) for name in (*fields, *(constants or {}))]
        types = [column.kind for column in columns]
        table = model._meta.db_table
        names = ", ".join(column.name for column in columns)
        values = ", ".join(f"r.{column.name}::{column.kind}" for column in columns)
        arrays = ", ".join(_array(column) for column in columns)
        # The names of table and columns come from the model.
        self._insert = f"INSERT INTO {table} ({names}) SELECT {values} FROM unnest({arrays}) AS r({names})"  # noqa: S608
        self._copy = f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)"
        self._types = types
        self._for_copy = [(number, _FOR_COPY[kind]) for number, kind in enumerate(types) if kind in _FOR_COPY]

    def write(self, cursor: "psycopg.Cursor[Any]", rows: Sequence[Row], *, copy: bool = False) -> None:
        """Appends the rows in the caller's transaction. COPY cannot run inside a pipeline."""
        if not rows:
            return
        if copy:
            self._copy_in(cursor, rows)
            return
        columns = [list(column) for column in zip(*rows, strict=True)]
        columns += [[constant] * len(rows) for constant in self._constants]
        cursor.execute(self._insert, columns, prepare=True)

    def _copy_in(self, cursor: "psycopg.Cursor[Any]", rows: Sequence[Row]) -> None:
        with cursor.copy(self._copy) as copy:
            copy.set_types(self._types)
            for row in rows:
                values = [*row, *self._constants]
                for number, convert in self._for_copy:
                    if values[number] is not None:
                        values[number] = convert(values[number])
                copy.write_row(values)


def _as_is(text: str) -> str:
    return text


_FOR_COPY: dict[str, Callable[[Any], Any]] = {
    "jsonb": lambda text: Jsonb(text, dumps=_as_is),
    "inet": ipaddress.ip_address,
}
"""Values that COPY wants as objects, where an array wants text."""

_TYPES = {
    "UUIDField": "uuid",
    "DateTimeField": "timestamptz",
    "GenericIPAddressField": "inet",
    "BinaryField": "bytea",
    "JSONField": "jsonb",
    "BooleanField": "boolean",
    "PositiveSmallIntegerField": "smallint",
    "PositiveIntegerField": "integer",
    "BigAutoField": "bigint",
    "CharField": "text",
    "TextField": "text",
}


class _Column(NamedTuple):
    name: str
    kind: str
    """The type in PostgreSQL."""
    is_null: bool


def _column(model: type[models.Model], name: str) -> _Column:
    """A field's column; a foreign key has the type of what it points to."""
    field: Any = model._meta.get_field(name)
    column, is_null = field.column, field.null
    while field.is_relation:
        field = field.target_field
    return _Column(column, _TYPES[field.get_internal_type()], is_null)


def _array(column: _Column) -> str:
    """The placeholder of a column's values; bytes and ids in binary, since text would double them.

    Not where all values may be NULL: such an array would name no type of its elements, which binary must.
    """
    if column.kind in ("bytea", "uuid") and not column.is_null:
        return f"%b::{column.kind}[]"
    return "%s::text[]" if column.kind in ("jsonb", "inet") else f"%s::{column.kind}[]"
