"""pytest plugin: after a test with transactions of its own only the tables that it filled are emptied.

Django truncates them all and makes permissions and content types anew, which takes longer than most of these tests.
"""

from itertools import count

import pytest
from django.db import connection, transaction

KEPT = ("django_content_type", "auth_permission", "django_migrations")
"""Made by migrations and the same for every test."""
VACUUM_AFTER = 25
"""Tests; what they deleted is then cleared away, or the next would read ever longer files."""
_FILLED = """
SELECT oid::regclass::text FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0 AND relname != ALL(%s)"""
_emptied = count(1)


def pytest_configure(config: pytest.Config) -> None:
    from django.test import TransactionTestCase

    TransactionTestCase._fixture_teardown = lambda self: empty_what_was_filled()  # type: ignore[attr-defined]


def empty_what_was_filled() -> None:
    """Every table but `KEPT`, each partition by itself. Row by row, for most tests leave few; no trigger minds."""
    with connection.cursor() as cursor:
        with transaction.atomic():
            cursor.execute(_FILLED, [list(KEPT)])
            filled = [name for (name,) in cursor.fetchall()]
            if filled:
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute("; ".join(f"DELETE FROM {name}" for name in filled))
        if filled and next(_emptied) % VACUUM_AFTER == 0:
            cursor.execute(f"VACUUM {', '.join(filled)}")
