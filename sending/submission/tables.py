"""Writes many rows of a model at once: INSERT … SELECT FROM unnest for few, COPY for many, behind one function."""

import ipaddress
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from django.db import models
from psycopg.types.json import Jsonb

COPY_FROM_ROWS = 50
"""Below it, a pipelined INSERT costs fewer round trips; above it, COPY costs less per row."""

_Row = tuple[Any, ...]


class RowWriter:
    """Takes tuples in the order of `fields`. Columns and types come from the model; JSON travels as text.

    Fields that have no value here but one in the model (`attempts`, `opens_count`) belong into `constants`.
    """

    def __init__(
        self, model: type[models.Model], fields: Sequence[str], constants: dict[str, Any] | None = None
    ) -> None:
        self._constants = tuple((constants or {}).values())
        columns = [_column(model, name) for name in (*fields, *(constants or {}))]
        types = [kind for _, kind in columns]
        table = model._meta.db_table
        names = ", ".join(name for name, _ in columns)
        values = ", ".join(f"r.{name}::{kind}" for name, kind in columns)
        arrays = ", ".join(_array(kind) for kind in types)
        # The names of table and columns come from the model.
        self._insert = f"INSERT INTO {table} ({names}) SELECT {values} FROM unnest({arrays}) AS r({names})"  # noqa: S608
        self._copy = f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)"
        self._types = types
        self._for_copy = [(number, _FOR_COPY[kind]) for number, kind in enumerate(types) if kind in _FOR_COPY]

    def write(self, cursor: "psycopg.Cursor[Any]", rows: Sequence[_Row], *, copy: bool) -> None:
        """Appends the rows in the caller's transaction. COPY cannot run inside a pipeline."""
        if not rows:
            return
        if copy:
            self._copy_in(cursor, rows)
            return
        columns = [list(column) for column in zip(*rows, strict=True)]
        columns += [[constant] * len(rows) for constant in self._constants]
        cursor.execute(self._insert, columns, prepare=True)

    def _copy_in(self, cursor: "psycopg.Cursor[Any]", rows: Sequence[_Row]) -> None:
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


def _column(model: type[models.Model], name: str) -> tuple[str, str]:
    """Name and PostgreSQL type of a field's column; a foreign key has the type of what it points to."""
    field: Any = model._meta.get_field(name)
    column: str = field.column
    while field.is_relation:
        field = field.target_field
    return column, _TYPES[field.get_internal_type()]


def _array(kind: str) -> str:
    """The placeholder of a column's values; bytes and ids in binary, since text would double them."""
    if kind in ("bytea", "uuid"):
        return f"%b::{kind}[]"
    return "%s::text[]" if kind in ("jsonb", "inet") else f"%s::{kind}[]"
