"""A column arrives in PostgreSQL as what it was: each type, NULL among the values, nothing at all."""

import struct
import uuid
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from django.db import connection

from mailtrap_site.bulk_values import Column

SOME = uuid.UUID("0192a000-0000-7000-8000-000000000001")
EAST = timezone(timedelta(hours=5, minutes=30))
COLUMNS = {
    "text": ["", "a", 'quote " comma, brace { back\\slash', "Zoë 🎉", None, "NULL"],
    "jsonb": ['{"a": [1, null, "ü"]}', None, "[]"],
    "bytea": [b"", bytes(range(256)), None],
    "uuid": [SOME, None],
    "smallint": [-32768, 0, 32767, None],
    "integer": [-(2**31), 2**31 - 1],
    "bigint": [-(2**63), 2**63 - 1, None],
    "boolean": [True, False, None],
    "timestamptz": [
        datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 11, 22, 9, 0, 0, 1, tzinfo=EAST),
        None,
    ],
}


def read_back(kind: str, values: list) -> list:
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    text = "::text" if kind == "jsonb" else ""
    cursor.execute(
        f"SELECT value{text} FROM unnest(%b::{kind}[]) WITH ORDINALITY AS c(value, n) ORDER BY n",
        [Column(kind, values)],
    )
    return [row[0] for row in cursor.fetchall()]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", COLUMNS)
def test_values_arrive_as_they_were(kind):
    assert read_back(kind, COLUMNS[kind]) == COLUMNS[kind]
    assert read_back(kind, []) == []
    assert read_back(kind, [None, None]) == [None, None]


@pytest.mark.parametrize(("kind", "value"), [("text", 1), ("uuid", "x"), ("integer", 2**31), ("smallint", 40_000)])
def test_a_value_of_another_type_or_size_is_refused_before_it_is_sent(kind, value):
    with pytest.raises((TypeError, AttributeError, struct.error)):
        Column(kind, [value])
