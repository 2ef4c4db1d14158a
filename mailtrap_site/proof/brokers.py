"""The brokers that a proof breaks: the embedded one, and private servers of RabbitMQ and Redis."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psutil
import psycopg

from mailtrap_site.embedded import processes
from mailtrap_site.embedded.postgres import free_port
from mailtrap_site.proof.instance import Instance
from mailtrap_site.proof.waiting import wait_for

START_SECONDS = 60.0
STOP_SECONDS = 30.0


class Broker(Protocol):
    """What may happen to a broker."""

    @property
    def name(self) -> str: ...

    def wipe(self) -> None:
        """Loses every message."""

    def restart(self) -> None:
        """kill -9, and a start with what lies on its disk."""


@dataclass(frozen=True, slots=True)
class EmbeddedBroker:
    """Celery's queues in the embedded PostgreSQL."""

    instance: Instance
    name: str = "pgmq"

    def wipe(self) -> None:
        url = "postgresql" + self.instance.stored("CELERY_BROKER_URL").removeprefix("pgmq")
        with psycopg.connect(url) as connection:
            connection.execute("SELECT pgmq.purge_queue(queue_name) FROM pgmq.list_queues()")

    def restart(self) -> None:
        killed = self.instance.signal(["postgres"], signal.SIGKILL)
        self.instance.wait_until_all_run(["postgres"], without=killed)


@dataclass
class PrivateServer:
    """A broker's server of the proof's own. `command` runs in the foreground; it answers on `port`."""

    name: str
    url: str
    port: int
    command: Sequence[str]
    folder: Path
    environment: dict[str, str]
    keeps_messages: bool
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self) -> None:
        with (self.folder / "output.txt").open("ab") as output:
            self._process = processes.spawn(self.command, self.environment, folder=self.folder, output=output.fileno())
        wait_for(self._listens, f"{self.name} listening", START_SECONDS)

    def stop(self) -> None:
        """kill -9 of the whole group. Its leader may be a shell: the server itself has to be gone, too, before another
        takes its name, its port and its folder."""
        if self._process is None or self._process.poll() is not None:
            return
        group = [self._process.pid, *(child.pid for child in psutil.Process(self._process.pid).children(True))]
        processes.signal_group(self._process.pid, signal.SIGKILL)
        self._process.wait(STOP_SECONDS)
        wait_for(lambda: not any(map(processes.command_of, group)), f"the end of {self.name}", STOP_SECONDS)

    def restart(self) -> None:
        self.stop()
        self.start()

    def wipe(self) -> None:
        """With the server's disk: not even its queues are left."""
        self.stop()
        for entry in self.folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
        self.start()

    def _listens(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"{self.name} ended: {(self.folder / 'output.txt').read_text()[-2000:]}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[PrivateServer]:
    """A Redis that writes nothing to disk: each restart loses every message."""
    port = free_port()
    command = (
        *("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--daemonize", "no"),
        *("--save", "", "--appendonly", "no", "--dir", str(folder)),
    )
    yield from _running(
        PrivateServer("Redis", f"redis://127.0.0.1:{port}/0", port, command, folder, _environment(folder), False)
    )


@contextlib.contextmanager
def rabbitmq(folder: Path) -> Iterator[PrivateServer]:
    """A RabbitMQ node of its own, run by this account; Debian's wrapper would change to another."""
    port = free_port()
    (folder / "data").mkdir()
    environment = _environment(folder) | {
        "RABBITMQ_NODENAME": f"proof{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
    }
    (folder / "enabled_plugins").write_text("[].\n")
    url = f"amqp://guest:guest@127.0.0.1:{port}//"
    command = (rabbitmq_program() or "rabbitmq-server",)
    yield from _running(PrivateServer("RabbitMQ", url, port, command, folder, environment, True))


def rabbitmq_program() -> str | None:
    """The server itself where Debian keeps it, or one on the path."""
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    return str(found[-1]) if found else shutil.which("rabbitmq-server")


def _running(server: PrivateServer) -> Iterator[PrivateServer]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "LANG": "C.UTF-8"}
