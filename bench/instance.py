"""A database of a benchmark's own, with real durability (fsync on), and many tenants to send for."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailtrap_site.embedded import processes
from mailtrap_site.embedded.postgres import Cluster, free_port

BASE_DIR = Path(__file__).resolve().parent.parent
SEALING_KEY = "YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmU="


@dataclass(frozen=True, slots=True)
class Web:
    """A web server on 127.0.0.1:`port`; `pid` is the root of its processes."""

    port: int
    pid: int


@contextlib.contextmanager
def database() -> Iterator[dict[str, str]]:
    """The environment of processes that use a migrated, empty database; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        (folder / "static").mkdir()
        (folder / "postgres").mkdir(mode=0o700)
        cluster = Cluster(folder / "postgres", free_port(), secrets.token_urlsafe(16))
        cluster.create()
        server = cluster.spawn(output=subprocess.DEVNULL)
        try:
            cluster.wait_until_ready(server)
            environment = os.environ | {
                "VAR_DIR": name,
                "SECRET_KEY": "bench",
                "SEALING_KEY": SEALING_KEY,
                "DATABASE_URL": cluster.url("postgres"),
                "CELERY_BROKER_URL": "memory://",
                "CACHE_URL": "locmemcache://",
                "DEBUG": "false",
                "LOG_LEVEL": "WARNING",
                "RATE_LIMIT_FACTOR": "1000",
                "MALLOC_ARENA_MAX": "2",
            }
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=BASE_DIR, env=environment, check=True
            )
            yield environment
        finally:
            processes.end(server.pid, signal.SIGINT, 5)
            server.wait()


@contextlib.contextmanager
def web(application: str, environment: dict[str, str], *, workers: int, threads: int = 0) -> Iterator[Web]:
    """granian serving `module:name`, an ASGI application unless `threads` says how many a WSGI one gets."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--no-ws", "--http", "1", "--log-level", "error"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    command += ["--interface", "wsgi", "--blocking-threads", str(threads)] if threads else ["--interface", "asgi"]
    command += ["--loop", "uvloop", application]
    server = subprocess.Popen(command, cwd=BASE_DIR, env=environment, process_group=0)
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz")
        yield Web(port, server.pid)
    finally:
        processes.signal_group(server.pid, signal.SIGTERM)
        server.wait(15)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5).read()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")
