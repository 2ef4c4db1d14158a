"""Starting, recognising and ending processes, with nothing but the standard library."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from mailtrap_site.embedded.follow_parent import ask_for_signal
from mailtrap_site.embedded.identity import Identity


def spawn(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    folder: Path,
    identity: Identity | None = None,
    parent_death: signal.Signals = signal.SIGKILL,
    output: int = subprocess.PIPE,
) -> "subprocess.Popen[bytes]":
    """Starts `command` in a process group of its own, stderr joined to stdout. It gets `parent_death` when we end."""
    adopted = os.getpid() != 1

    def between_fork_and_exec() -> None:
        if identity is not None:
            identity.enter()
        # Entering an identity clears the request, so it comes last.
        ask_for_signal(parent_death, adopted=adopted)

    return subprocess.Popen(
        list(command),
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output == subprocess.PIPE else output,
        process_group=0,
        preexec_fn=between_fork_and_exec,
    )


def signal_group(leader: int, number: signal.Signals) -> None:
    """Sends a signal to the whole group that `leader` leads or led; a group that is gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def command_of(pid: int) -> str | None:
    """The command line of a living process; None when it has ended, a zombie included."""
    if sys.platform.startswith("linux"):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return None
        return words.replace(b"\0", b" ").decode(errors="replace").strip() or None
    listed = subprocess.run(["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, command = listed.stdout.strip().partition(" ")
    return command.strip() if state and not state.startswith("Z") else None


def end(pid: int, polite: signal.Signals, seconds: float) -> None:
    """Ends a process that need not be our child: `polite` first, SIGKILL after `seconds`."""
    for number, patience in ((polite, seconds), (signal.SIGKILL, 2.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + patience
        while command_of(pid) is not None and time.monotonic() < deadline:
            time.sleep(0.02)
        if command_of(pid) is None:
            return
