"""Keeps programs running: starts them, relays what they write, restarts with back-off what ends, stops all in time."""

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailtrap_site.embedded import processes
from mailtrap_site.embedded.console import Console

FIRST_DELAY, LONGEST_DELAY, STEADY_AFTER = 0.5, 30.0, 30.0
"""Seconds before the first restart, between later ones at most, and of running after which the count starts again."""

_BEAT = 0.1
_LONGEST_LINE = 65_536


class StopRequested(Exception):
    """Someone pressed Ctrl-C or sent SIGTERM."""


@dataclass(frozen=True)
class Program:
    """One program to keep running."""

    name: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    ready: Callable[[int], bool] | None = None
    """Asked with the process id until it answers True; must answer within a second."""
    start: "Callable[[], subprocess.Popen[bytes]] | None" = None
    """Replaces the plain start by `command`."""
    hidden: tuple[str, ...] = ()
    """Lines that begin so go to the log file only."""
    ready_file: Path | None = None
    """Removed before each start; the program touches it when it serves."""
    last: bool = False
    """Stopped after all others, by SIGINT."""

    def serves(self, pid: int) -> bool:
        """Whether the run with process id `pid` does its work by now."""
        if self.ready_file and not self.ready_file.exists():
            return False
        return self.ready is None or self.ready(pid)


class Child:
    """The present and past runs of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.delay = FIRST_DELAY
        self.started = 0.0
        self.start_at: float | None = 0.0
        self.ready_after: float | None = None
        self.ask_at = 0.0
        self.rest = b""
        self.restarts = 0


class Supervisor:
    """One thread, one loop. `stop_seconds`: patience between SIGTERM and SIGKILL."""

    def __init__(self, console: Console, *, stop_seconds: float) -> None:
        self.console = console
        self.stop_seconds = stop_seconds
        self._children: dict[str, Child] = {}
        self._selector = selectors.DefaultSelector()
        self._stop_asked = False
        self._stopping = False
        self._also_stop_when: Callable[[], bool] = lambda: False
        self._wake_in, self._wake_out = socket.socketpair()
        for end in (self._wake_in, self._wake_out):
            end.setblocking(False)
        self._selector.register(self._wake_out, selectors.EVENT_READ, None)

    def listen_to_signals(self, also_stop_when: Callable[[], bool] = lambda: False) -> None:
        """From now on Ctrl-C, SIGTERM and a closed terminal raise StopRequested in the methods that wait."""
        self._also_stop_when = also_stop_when
        signal.set_wakeup_fd(self._wake_in.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def add(self, program: Program) -> None:
        """Starts a program and keeps it running."""
        child = self._children[program.name] = Child(program)
        self._start(child)

    def run(self, program: Program) -> int:
        """Runs a program once to its end; its exit code."""
        child = Child(program)
        self._start(child)
        process = child.process
        assert process is not None
        try:
            while process.poll() is None:
                self._turn()
        finally:
            if process.poll() is None:
                processes.signal_group(process.pid, signal.SIGKILL)
                process.wait()
            self._close_output(child)
        return process.returncode

    def wait_until_ready(self, names: Iterable[str], seconds: float) -> list[str]:
        """Waits until all are ready; the names of those that are not after `seconds`."""
        deadline = time.monotonic() + seconds
        waiting = list(names)
        while waiting and time.monotonic() < deadline:
            self._turn()
            waiting = [name for name in waiting if self._children[name].ready_after is None]
        return waiting

    def ready_after(self, name: str) -> float | None:
        """Seconds that the present run of a program took to be ready; None when it is not."""
        return self._children[name].ready_after

    def watch(self) -> None:
        """Keeps all running until StopRequested."""
        while True:
            self._turn()

    def stop(self) -> None:
        """Ends everything; a second Ctrl-C ends it at once."""
        self._stopping = True
        self._stop_asked = False
        self._end([child for child in self._children.values() if not child.program.last], signal.SIGTERM)
        self._end([child for child in self._children.values() if child.program.last], signal.SIGINT)
        self._children.clear()

    def _end(self, children: list[Child], number: signal.Signals) -> None:
        running = [child for child in children if child.process and child.process.poll() is None]
        for child in running:
            assert child.process is not None
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(number)
        deadline = time.monotonic() + (self.stop_seconds if number == signal.SIGTERM else max(5.0, self.stop_seconds))
        while time.monotonic() < deadline and not self._stop_asked:
            if all(child.process is None or child.process.poll() is not None for child in running):
                break
            self._turn()
        for child in children:
            if child.process is not None:
                processes.signal_group(child.process.pid, signal.SIGKILL)
                child.process.wait()
                self._close_output(child)
                child.process = None

    def _ask_to_stop(self, *_: object) -> None:
        self._stop_asked = True

    def _turn(self) -> None:
        """Relays output, reaps, restarts and asks for readiness, for about `_BEAT` seconds."""
        for key, _ in self._selector.select(_BEAT):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    self._wake_out.recv(4096)
            else:
                self._read(key.data)
        if self._stopping:
            return
        if self._stop_asked or self._also_stop_when():
            raise StopRequested
        now = time.monotonic()
        for child in self._children.values():
            self._look_after(child, now)

    def _look_after(self, child: Child, now: float) -> None:
        process = child.process
        if process is None:
            if child.start_at is not None and now >= child.start_at:
                child.restarts += 1
                self._start(child)
        elif process.poll() is not None:
            self._bury(child, process, now)
        elif child.ready_after is None and now >= child.ask_at:
            # Ever more rarely: each question may cost a broken program a page of its log.
            child.ask_at = now + min((now - child.started) / 10, 2.0)
            if not child.program.serves(process.pid):
                return
            child.ready_after = time.monotonic() - child.started
            if child.restarts:
                self.console.say(f"{child.program.name} is ready again after {child.ready_after:.1f} s.")

    def _start(self, child: Child) -> None:
        program = child.program
        child.started = time.monotonic()
        child.ready_after = child.start_at = None
        child.ask_at = 0.0
        if program.ready_file:
            program.ready_file.unlink(missing_ok=True)
        child.process = (
            program.start()
            if program.start
            else processes.spawn(program.command, program.environment, folder=program.folder)
        )
        assert child.process.stdout is not None
        os.set_blocking(child.process.stdout.fileno(), False)
        self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _bury(self, child: Child, process: "subprocess.Popen[bytes]", now: float) -> None:
        # What it started may hold its ports and would hold its pipe.
        processes.signal_group(process.pid, signal.SIGKILL)
        self._close_output(child)
        if now - child.started >= STEADY_AFTER:
            child.delay = FIRST_DELAY
        child.process, child.ready_after = None, None
        child.start_at = now + child.delay
        self.console.say(f"{child.program.name} {_end_of(process.returncode)}; it starts again in {child.delay:g} s.")
        child.delay = min(child.delay * 2, LONGEST_DELAY)

    def _read(self, child: Child) -> bool:
        """Relays what is in the pipe now; False when there is nothing, or never will be."""
        pipe = child.process.stdout if child.process else None
        if pipe is None or pipe.closed:
            return False
        try:
            data = os.read(pipe.fileno(), 65_536)
        except BlockingIOError:
            return False
        if not data:
            self._selector.unregister(pipe)
            pipe.close()
        *lines, child.rest = (child.rest + data).split(b"\n")
        if not data or len(child.rest) > _LONGEST_LINE:
            lines, child.rest = [*lines, child.rest], b""
        for line in lines:
            if text := line.decode(errors="replace").rstrip():
                self.console.relay(child.program.name, text, hidden=text.startswith(child.program.hidden))
        return bool(data)

    def _close_output(self, child: Child) -> None:
        """Relays the rest and closes the pipe; a grandchild that still holds it is not waited for."""
        while self._read(child):
            pass
        pipe = child.process.stdout if child.process else None
        if pipe is not None and not pipe.closed:
            self._selector.unregister(pipe)
            pipe.close()


def _end_of(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
