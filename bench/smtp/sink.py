"""Where all mail ends: Postfix's own `smtp-sink`, the same for every peer. It takes mail, counts it and forgets it."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from mailtrap_site.embedded import readiness

PROGRAM = "/usr/sbin/smtp-sink"
LOOK = 0.01
"""Seconds between two looks at the counter."""


class Sink:
    """A running sink on 127.0.0.1:`port`."""

    def __init__(self, port: int, pid: int, counter: Path) -> None:
        self.port = port
        self.pid = pid
        self._counter = counter

    def count(self) -> int:
        """Mails so far, as the sink's own counter says."""
        with self._counter.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - 200, 0))
            last = file.read().rstrip(b"\r").rpartition(b"\r")[2]
        return int(last.rpartition(b"mesg=")[2] or 0)

    def wait_for(self, count: int, seconds: float) -> float:
        """When the sink had `count` mails, on the monotonic clock. Ends the program where it takes longer."""
        deadline = time.monotonic() + seconds
        while (present := self.count()) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"After {seconds:g} s the sink has {present} mails and waits for {count}.")
            time.sleep(LOOK)
        return time.monotonic()


@contextlib.contextmanager
def running(port: int, folder: Path, *, dump: Path | None = None) -> Iterator[Sink]:
    """`dump`: a file, writable for all, that gets every mail (slow; not for rounds that are measured)."""
    counter = folder / "sink.count"
    options = ["-c", "-u", "nobody", *(["-D", str(dump)] if dump else [])]
    with counter.open("wb") as output:
        server = subprocess.Popen(
            [PROGRAM, *options, f"127.0.0.1:{port}", "512"], stdout=output, cwd="/", process_group=0
        )
        try:
            _wait_until_ready(port)
            yield Sink(port, server.pid, counter)
        finally:
            server.terminate()
            server.wait()


def _wait_until_ready(port: int) -> None:
    greets = readiness.greets("127.0.0.1", port)
    deadline = time.monotonic() + 10
    while not greets(0):
        if time.monotonic() > deadline:
            raise SystemExit("smtp-sink does not answer.")
        time.sleep(0.05)
