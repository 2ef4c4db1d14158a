"""pytest plugin: after a test with transactions of its own only the tables that it filled are emptied.

Django truncates them all and makes permissions and content types anew, which takes longer than most of these tests.
"""

from functools import cache

import pytest
from django.db import connection, transaction

KEPT = {"django_content_type", "auth_permission"}
"""Made by migrations and the same for every test."""


def pytest_configure(config: pytest.Config) -> None:
    from django.test import TransactionTestCase

    TransactionTestCase._fixture_teardown = lambda self: empty_what_was_filled()  # type: ignore[attr-defined]


def empty_what_was_filled() -> None:
    """Every table but `KEPT`. Rows go one by one and no trigger minds: most tests leave a few dozen."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_question())
        filled = [name for (name,) in cursor.fetchall()]
        if filled:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("; ".join(f"DELETE FROM {connection.ops.quote_name(name)}" for name in filled))


@cache
def _question() -> str:
    """The names of the tables that have rows."""
    names = sorted(set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT)
    return " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT FROM {connection.ops.quote_name(name)})" for name in names
    )
