"""This project as `make run` starts it: every program of the one-command default, with real durability (fsync on)."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psycopg

from bench.instance import BASE_DIR
from bench.smtp.peer import Login, Tls
from mailtrap_site.embedded import processes, readiness
from mailtrap_site.embedded.postgres import free_port

SESSIONS_A_TENANT = 5
"""With as many connections still closing, an account has the ten that are allowed unless the settings say otherwise."""
FREE_PLAN = 4_000
STARTING, STOPPING = 120, 60
LIMITS = {
    "SMTP_CONNECTIONS_PER_ACCOUNT": "1000",
    "SMTP_CONNECTIONS_PER_ADDRESS": "1000",
    "SMTP_MESSAGES_PER_CONNECTION": "1000000",
    "RELAY_CONNECTIONS": "60",
}
_OF_THE_INSTANCE = ("SECRET_KEY", "SEALING_KEY", "DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "EMBEDDED", "DEBUG")


class Ours:
    """A running instance."""

    name = "ours"

    def __init__(self, pid: int, environment: Mapping[str, str], database_url: str, tenants: list[tuple[str, str]]):
        self.port = int(environment["SMTP_PORT"])
        raised = " ".join(f"{name}={environment[name]}" for name in LIMITS)
        self.settings = (
            f"ROUTE=relay without TLS or ramp-up; {raised}; {len(tenants)} tenants, each meter set back before a round"
        )
        self._pid = pid
        self._database_url = database_url
        self._tenants = tenants

    def logins(self, sessions: int) -> list[Login]:
        return [
            Login(f"127.0.0.{2 + number // SESSIONS_A_TENANT}", "api", *self._tenants[number % len(self._tenants)])
            for number in range(sessions)
        ]

    def roots(self) -> list[int]:
        return [self._pid]

    def role(self, words: Sequence[str]) -> str:
        text = " ".join(words)
        if text.startswith("postgres") or "/bin/postgres " in text:
            return "postgres"
        for role in ("smtpd", "mx", "beat", "granian", "up"):
            if role in words:
                return {"granian": "web", "up": "supervisor"}.get(role, role)
        if "-n" in words:
            return {"u@h": "upkeep"}.get(name := words[words.index("-n") + 1], f"deliveries {name[1:2]}")
        return "supervisor" if "mailtrap_site.embedded" in words else "web" if "granian" in text else "other"

    def before_round(self) -> None:
        """A month's limit is not what is measured; the work of metering is."""
        with psycopg.connect(self._database_url) as connection:
            connection.execute("UPDATE billing_usageperiod SET used = 0")

    def unfinished(self) -> int:
        with psycopg.connect(self._database_url) as connection:
            row = connection.execute("SELECT count(*) FROM sending_queueentry").fetchone()
        assert row is not None
        return int(row[0])


def tenants_for(sessions: int, messages: int) -> int:
    """How many it takes for that many sessions, and messages a round."""
    return max(-(-sessions // SESSIONS_A_TENANT), -(-messages * 3 // (2 * FREE_PLAN)))


@contextlib.contextmanager
def running(folder: Path, sink_port: int, tls: Tls, tenants: int) -> Iterator[Ours]:
    """An instance in `folder` with so many tenants."""
    folder.mkdir(mode=0o755)
    environment = _environment(folder, sink_port, tls)
    with (folder / "up.out").open("wb") as output:
        server = processes.spawn(
            [sys.executable, "-m", "mailtrap_site.embedded"],
            environment,
            folder=BASE_DIR,
            parent_death=signal.SIGINT,
            output=output.fileno(),
        )
    try:
        _wait_until_ready(folder, int(environment["SMTP_PORT"]), server)
        made = _tenants(environment, tenants)
        yield Ours(server.pid, environment, _database_url(folder), made)
    finally:
        processes.end(server.pid, signal.SIGINT, STOPPING)
        server.wait()


def _environment(folder: Path, sink_port: int, tls: Tls) -> dict[str, str]:
    ports = {name: str(free_port()) for name in ("WEB_PORT", "SMTP_PORT", "SMTPS_PORT", "MX_PORT", "POSTGRES_PORT")}
    kept = {name: value for name, value in os.environ.items() if name not in _OF_THE_INSTANCE}
    relay = {"ROUTE": "relay", "RELAY_HOST": "127.0.0.1", "RELAY_PORT": str(sink_port), "RELAY_TLS": "none"}
    return (
        {"LOG_LEVEL": "INFO", "STOP_SECONDS": "10"}
        | LIMITS
        | kept
        | relay
        | ports
        | {"VAR_DIR": str(folder / "var"), "TLS_CERTIFICATE": str(tls.certificate), "TLS_KEY": str(tls.key)}
    )


def _wait_until_ready(folder: Path, port: int, server: "subprocess.Popen[bytes]") -> None:
    count = int(os.environ.get("DELIVERY_WORKERS", 0)) or os.cpu_count() or 1
    workers = [f"deliveries-{worker}" for worker in range(1, count + 1)]
    files = [folder / "var" / "run" / name for name in (*workers, "upkeep", "beat")]
    greets = readiness.greets("127.0.0.1", port)
    deadline = time.monotonic() + STARTING
    while not (all(file.exists() for file in files) and greets(0)):
        said = (folder / "up.out").read_text()
        if server.poll() is not None or "it starts again in 4 s" in said or time.monotonic() > deadline:
            raise SystemExit(f"The instance did not start: {said[-2000:]}")
        time.sleep(0.2)


def _tenants(environment: Mapping[str, str], count: int) -> list[tuple[str, str]]:
    """(token, domain) of each."""
    command = [sys.executable, "-m", "bench.tenants", str(count)]
    made = subprocess.run(command, cwd=BASE_DIR, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return [(line.split()[0], line.split()[1]) for line in made.stdout.splitlines()]


def _database_url(folder: Path) -> str:
    lines = (folder / "var" / "instance.env").read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("DATABASE_URL="))
