"""One whole instance for a proof: started by the one command in a folder of its own, and broken process by process."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from mailtrap_site.embedded import processes
from mailtrap_site.embedded.postgres import free_port
from mailtrap_site.environment import BASE_DIR
from mailtrap_site.proof.doors import Tenant
from mailtrap_site.proof.waiting import NotInTime, wait_for

LEASE_SECONDS = 6
TENANTS = 4
PORTS = ("WEB_PORT", "SMTP_PORT", "SMTPS_PORT", "MX_PORT", "DNS_PORT", "POSTGRES_PORT")
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH")
"""Of the environment: settings of an operator have no business in a proof."""
START_SECONDS = 150
WORD = {"web": "granian", "smtpd": "smtpd", "mx": "mx", "upkeep": "u@h", "beat": "beat", "postgres": "postgres"}
"""What tells each program by its command line; the delivery workers are found by their node's name."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A running instance. `settings` is the environment that it was started with."""

    process: "subprocess.Popen[bytes]"
    var_dir: Path
    settings: Mapping[str, str]

    @property
    def database_url(self) -> str:
        return self.stored("DATABASE_URL")

    @property
    def output(self) -> str:
        return _output(self.var_dir).read_text(errors="replace")

    def stored(self, name: str) -> str:
        """A setting that the instance made for itself."""
        lines = (self.var_dir / "instance.env").read_text().splitlines()
        return next(value for key, _, value in (line.partition("=") for line in lines) if key == name)

    def port(self, name: str) -> int:
        return int(self.settings[name])

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a statement, run and committed on a connection of its own."""
        with psycopg.connect(self.database_url, connect_timeout=5) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def tenants(self) -> list[Tenant]:
        """New tenants, each with a verified domain."""
        command = [sys.executable, "-m", "mailtrap_site.proof.tenants", str(TENANTS)]
        made = subprocess.run(
            command, cwd=BASE_DIR, env=dict(self.settings), check=True, capture_output=True, text=True, timeout=60
        )
        return [Tenant(*line.split()) for line in made.stdout.splitlines()]

    # Processes.

    def programs(self) -> dict[str, int]:
        """The process id of each supervised program that runs now, by its name in the supervisor."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess, IndexError):
                words = child.cmdline()
                if name := _name_of(words):
                    found[name] = child.pid
        return found

    def workers(self) -> list[str]:
        """The names of the delivery workers that run now."""
        return sorted(name for name in self.programs() if name.startswith("deliveries-"))

    def signal(self, names: Sequence[str], number: signal.Signals) -> set[int]:
        """To each program and to what it started; to PostgreSQL's first process alone. The process ids."""
        running = self.programs()
        for name in names:
            with contextlib.suppress(ProcessLookupError, KeyError):
                (os.kill if name == "postgres" else os.killpg)(running[name], number)
        return {running[name] for name in names if name in running}

    def wait_until_all_run(self, names: Sequence[str], without: AbstractSet[int]) -> None:
        """Until each of the programs runs, in another process than those in `without`."""

        def run() -> bool:
            running = self.programs()
            return all(name in running and running[name] not in without for name in names)

        wait_for(run, f"{', '.join(names)} running again")


def _name_of(words: Sequence[str]) -> str | None:
    node = next((word for word in words if word.endswith("@h") and word.startswith("d")), None)
    if node:
        return f"deliveries-{node[1:-2]}"
    return next((name for name, word in WORD.items() if word in words or words[0].endswith(f"/{word}")), None)


@contextlib.contextmanager
def running(folder: Path, settings: Mapping[str, str]) -> Iterator[Instance]:
    """Starts an instance whose data lie in `folder` and waits for it. Afterwards it is stopped in order."""
    var_dir = folder / "var"
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment = kept | {name: str(free_port()) for name in PORTS} | _SETTINGS | {"VAR_DIR": str(var_dir)}
    environment |= {"FAKE_STRIPE_PORT": "0", **settings}
    with _output(var_dir).open("wb") as output:
        command = [sys.executable, "-m", "mailtrap_site.embedded", "up"]
        # Whoever ends the proof ends the instance with it.
        process = processes.spawn(
            command, environment, folder=BASE_DIR, parent_death=signal.SIGINT, output=output.fileno()
        )
    instance = Instance(process, var_dir, environment)
    try:
        _wait_until_ready(instance)
        yield instance
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


_SETTINGS = {
    "ROUTE": "mx",
    "DEBUG": "false",
    "LEASE_SECONDS": str(LEASE_SECONDS),
    "OUTBOUND_PUBLIC_ONLY": "false",
    "WEB_WORKERS": "1",
    "RATE_LIMIT_FACTOR": "1000",
    "SMTP_CONNECTIONS_PER_ADDRESS": "100",
    "SMTP_MESSAGES_PER_CONNECTION": "10000",
    "STOP_SECONDS": "2",
    "LOG_LEVEL": "WARNING",
    "PYTHONUNBUFFERED": "1",
}


def _wait_until_ready(instance: Instance) -> None:
    def is_ready() -> bool:
        return instance.process.poll() is not None or "Everything is ready" in instance.output

    try:
        wait_for(is_ready, "the instance ready", START_SECONDS)
    except NotInTime as problem:
        raise NotInTime(f"{problem}\n{instance.output[-3000:]}") from None
    if instance.process.poll() is not None:
        raise NotInTime(f"The instance did not start.\n{instance.output[-3000:]}")


def _output(var_dir: Path) -> Path:
    return var_dir.parent / "output.txt"
