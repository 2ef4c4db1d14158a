"""pytest plugin: a throw-away PostgreSQL and the settings of the test run, in place before Django reads its settings.

TEST_DATABASE_URL names another server instead. The workers of pytest-xdist inherit what the first process set up.
"""

import contextlib
import gc
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from mailtrap_site.embedded import lock, processes
from mailtrap_site.embedded.postgres import Cluster, PostgresUnavailable, free_port

# Python 3.11 may fail to parse a file ("AST constructor recursion depth mismatch") while garbage is collected, and
# pytest parses every test and some libraries; until the tests are collected there is little garbage anyway.
gc.disable()

BASE_DIR = Path(__file__).resolve().parent.parent.parent
FOLDERS = BASE_DIR / "var" / "test"
INHERITED = "TEST_RUN_FOLDER"

SETTINGS = {
    "EMBEDDED": "true",
    "DEBUG": "false",
    "SECRET_KEY": "only-for-tests",
    "SEALING_KEY": "b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMtb28=",
    "CELERY_BROKER_URL": "memory://",
    "CACHE_URL": "locmemcache://",
    "SITE_URL": "http://localhost:8020",
    "PLATFORM_DOMAIN": "platform.test",
    "ROUTE": "development",
    "LOG_LEVEL": "WARNING",
    # Tests knock faster than clients may, and those that run at once count the same ids in one file.
    "RATE_LIMIT_FACTOR": "1000",
}
"""Stronger than `.env`, so that an operator's settings do not change what the tests see."""


@contextlib.contextmanager
def throw_away_server(folder: Path) -> Iterator[Cluster]:
    """A PostgreSQL in `folder`, which is locked as long as the server runs and removed afterwards."""
    folder.mkdir(mode=0o700, parents=True)
    with lock.held(folder / "lock"):
        cluster = Cluster(folder, free_port(), secrets.token_urlsafe(24), throw_away=True)
        cluster.create()
        process = cluster.spawn(output=subprocess.DEVNULL)
        try:
            cluster.wait_until_ready(process)
            yield cluster
        finally:
            processes.end(process.pid, signal.SIGINT, 5)
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell starts what it puts in the background so, and everything that a test starts would inherit it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if INHERITED not in os.environ:
        _set_up(early_config)
    return (yield)


def _set_up(config: pytest.Config) -> None:
    os.environ.update(SETTINGS)
    os.environ["VAR_DIR"] = os.environ[INHERITED] = str(FOLDERS / "none")
    if url := os.environ.get("TEST_DATABASE_URL"):
        os.environ["DATABASE_URL"] = url
        return
    FOLDERS.parent.mkdir(mode=0o700, exist_ok=True)
    FOLDERS.mkdir(exist_ok=True)
    _remove_leftovers()
    folder = FOLDERS / f"{os.getpid()}-{secrets.token_hex(4)}"
    stack = contextlib.ExitStack()
    config.add_cleanup(stack.close)
    try:
        cluster = stack.enter_context(throw_away_server(folder))
    except PostgresUnavailable as problem:
        pytest.exit(f"{problem} For the tests the setting is TEST_DATABASE_URL.", returncode=3)
    os.environ["VAR_DIR"] = os.environ[INHERITED] = str(folder)
    os.environ["DATABASE_URL"] = cluster.url("mail")
    # Pages name their assets; nothing is collected, but the folder is looked for.
    (folder / "static").mkdir()


def _remove_leftovers() -> None:
    """Folders of runs that were killed: whoever gets the lock knows that no run is using them."""
    for folder in FOLDERS.iterdir():
        if not folder.is_dir():
            continue
        try:
            with lock.held(folder / "lock"):
                Cluster(folder, 1, "").end_remains()
                shutil.rmtree(folder, ignore_errors=True)
        except (lock.AlreadyRunning, FileNotFoundError):
            continue


def pytest_collection_finish() -> None:
    gc.enable()
