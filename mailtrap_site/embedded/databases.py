"""The databases: on the embedded PostgreSQL one for the service and one for Celery's messages in the schema `pgmq`."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from pgmq import get_embedded_install_sql
from psycopg import sql

OLDEST = 15
_PREPARING = 0x6D61696C
"""The number of the advisory lock."""


class Unusable(Exception):
    """The server cannot be used; the text is a sentence that names the setting."""


def ensure(server_url: str, names: tuple[str, ...]) -> None:
    """Makes the databases that are missing; `server_url` leads to any database of the server. Raises Unusable."""
    with _connected(server_url, "DATABASE_URL") as connection:
        connection.autocommit = True
        present = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for name in names:
            if name not in present:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def check(url: str) -> None:
    """Raises Unusable when the operator's database does not answer or is too old."""
    with _connected(url, "DATABASE_URL") as connection:
        version = connection.info.server_version // 10_000
        if version < OLDEST:
            raise Unusable(f"DATABASE_URL leads to PostgreSQL {version}; {OLDEST} or newer is needed.")


def ensure_queues(broker_url: str) -> None:
    """Installs the pgmq schema in the database of a `pgmq://` broker unless it is there. Raises Unusable."""
    with _connected("postgresql" + broker_url.removeprefix("pgmq"), "CELERY_BROKER_URL") as connection:
        found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'pgmq'").fetchone()
        if not found:
            connection.execute(get_embedded_install_sql().encode())


@contextlib.contextmanager
def alone(url: str) -> Iterator[None]:
    """Lets one instance at a time prepare a database that several share; the others wait here. Raises Unusable."""
    with _connected(url, "DATABASE_URL") as connection:
        connection.autocommit = True
        connection.execute("SELECT pg_advisory_lock(%s)", (_PREPARING,))
        yield


@contextlib.contextmanager
def _connected(url: str, setting: str) -> Iterator["psycopg.Connection[Any]"]:
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            yield connection
    except psycopg.Error as problem:
        reason = str(problem).strip().splitlines()[0]
        raise Unusable(f"The database of {setting} cannot be used: {reason}. Mend {setting} in .env.") from problem
