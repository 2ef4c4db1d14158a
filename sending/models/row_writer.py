"""Writes many rows of a model with one statement: INSERT … SELECT FROM unnest, an array a column."""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import models

from mailtrap_site.bulk_values import Column

Row = tuple[Any, ...]


class RowWriter:
    """Takes tuples in the order of `fields`. Columns and types come from the model; JSON travels as text."""

    def __init__(self, model: type[models.Model], fields: Sequence[str]) -> None:
        columns = [_column(model, name) for name in fields]
        self._kinds = [kind for _, kind in columns]
        names = ", ".join(name for name, _ in columns)
        values = ", ".join(f"r.{name}::inet" if kind == "inet" else f"r.{name}" for name, kind in columns)
        arrays = ", ".join(f"%b::{_travels_as(kind)}[]" for kind in self._kinds)
        table = model._meta.db_table
        # The names of table and columns come from the model.
        self._insert = f"INSERT INTO {table} ({names}) SELECT {values} FROM unnest({arrays}) AS r({names})"  # noqa: S608

    def write(self, cursor: "psycopg.Cursor[Any]", rows: Sequence[Row]) -> None:
        """Appends the rows in the caller's transaction."""
        if not rows:
            return
        columns = zip(*rows, strict=True)
        arrays = [Column(_travels_as(kind), values) for kind, values in zip(self._kinds, columns, strict=True)]
        cursor.execute(self._insert, arrays, prepare=True)


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
    """A field's column and its type in PostgreSQL; a foreign key has the type of what it points to."""
    field: Any = model._meta.get_field(name)
    column = field.column
    while field.is_relation:
        field = field.target_field
    return column, _TYPES[field.get_internal_type()]


def _travels_as(kind: str) -> str:
    """Addresses come as text, which PostgreSQL reads better than we would."""
    return "text" if kind == "inet" else kind
