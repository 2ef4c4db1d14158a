"""The proof on services as others run them: a PostgreSQL that we did not start, with RabbitMQ's quorum queues and then
with Redis as Celery's broker.

The database is made for it and dropped afterwards; the brokers are private servers on free ports, so that they can be
killed.
"""

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from mailtrap_site.proof import brokers
from mailtrap_site.proof.brokers import PrivateServer
from mailtrap_site.proof.context import Form
from mailtrap_site.proof.prove import prove

DATABASE_SETTING = "SERVICES_DATABASE_URL"
DATABASE_URL = "postgres://postgres@127.0.0.1:5432/postgres"
BROKERS: dict[str, tuple[Callable[[Path], AbstractContextManager[PrivateServer]], Callable[[], str | None]]] = {
    "RabbitMQ": (brokers.rabbitmq, brokers.rabbitmq_program),
    "Redis": (brokers.redis, lambda: shutil.which("redis-server")),
}
"""How each is started, and where its program is."""


def prove_on_services(only: str = "") -> bool:
    """Whether every promise was kept on each of the services that are here. What is missing is said, and with
    REQUIRE_OUTSIDE it fails."""
    server = os.environ.get(DATABASE_SETTING, DATABASE_URL)
    missing = missing_services(server)
    for sentence in missing:
        print(f"{'Missing' if os.environ.get('REQUIRE_OUTSIDE') else 'Skipped'}: {sentence}")
    kept = not (missing and os.environ.get("REQUIRE_OUTSIDE"))
    if any(sentence.startswith("PostgreSQL") for sentence in missing):
        return kept
    for name, (start, program) in BROKERS.items():
        if program() is None:
            continue
        with (
            tempfile.TemporaryDirectory(prefix="broker-") as folder,
            database(server) as url,
            start(Path(folder)) as broker,
        ):
            print(f"\nExternal PostgreSQL with {name}", flush=True)
            settings = {"DATABASE_URL": url, "CELERY_BROKER_URL": broker.url}
            kept = prove(Form.SERVICES, only, settings, broker) and kept
    return kept


def missing_services(server: str) -> list[str]:
    """A sentence for each service that is not here."""
    missing = [f"{name}, whose server program is not installed." for name, (_, find) in BROKERS.items() if not find()]
    try:
        psycopg.connect(server, connect_timeout=5).close()
    except psycopg.OperationalError as problem:
        reason = str(problem).strip().splitlines()[0]
        missing.append(f"PostgreSQL, which does not answer: {reason}. {DATABASE_SETTING} names another one.")
    return missing


@contextlib.contextmanager
def database(server: str) -> Iterator[str]:
    """A new database on the server that `server` leads to, and its URL; dropped afterwards."""
    name = f"proof_{secrets.token_hex(4)}"
    _execute(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        _execute(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _execute(server: str, statement: sql.Composed) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
