"""Pieces that the tests of the one-command default share."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailtrap_site.embedded import processes
from mailtrap_site.embedded.postgres import Cluster, free_port
from mailtrap_site.environment import BASE_DIR


def wait_for(question: Callable[[], bool], seconds: float = 15) -> None:
    """Returns when `question` is true; fails the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    return processes.command_of(pid) is None


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster whose servers are ended with the test."""
    made = Cluster(tmp_path / "postgres", free_port(), "pass-word", throw_away=True)
    yield made
    made.end_remains()


class Script:
    """A Python program of the test's own in a process group of its own, with what it wrote so far."""

    def __init__(self, folder: Path, source: str, **environment: str) -> None:
        self.folder = folder
        self._output = folder / "output.txt"
        (folder / "script.py").write_text(source)
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(folder / "script.py")],
                env=os.environ | {"PYTHONPATH": str(BASE_DIR), "PYTHONUNBUFFERED": "1"} | environment,
                cwd=folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def says(self, text: str) -> bool:
        return text in self.output


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Callable[..., Script]]:
    """Starts scripts; they are killed with the test, their groups with them."""
    started: list[Script] = []

    def start(source: str, **environment: str) -> Script:
        started.append(Script(tmp_path, source, **environment))
        return started[-1]

    yield start
    for entry in started:
        if entry.process.poll() is None:
            entry.process.kill()
        entry.process.wait()
