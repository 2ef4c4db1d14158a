"""The databases of the embedded PostgreSQL: one for the service, one for Celery's messages, which live in the pgmq schema."""

import psycopg
from pgmq import get_embedded_install_sql
from psycopg import sql


def ensure(server_url: str, names: tuple[str, ...]) -> None:
    """Makes the databases that are missing; `server_url` leads to any database of the server."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        present = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for name in names:
            if name not in present:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def ensure_queues(broker_url: str) -> None:
    """Installs the pgmq schema in the database of a `pgmq://` broker unless it is there."""
    url = "postgres" + broker_url.removeprefix("pgmq")
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'pgmq'").fetchone()
        if not found:
            connection.execute(get_embedded_install_sql().encode())
