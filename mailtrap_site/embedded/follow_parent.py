"""Lets a process end when the one that started it ends, so that nothing outlives a killed supervisor. Linux only;
elsewhere nothing happens."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """To be called first in a process that may have a parent between itself and the supervisor: a granian worker.

    Does nothing unless MAIL_SUPERVISED, the supervisor's process id, is set.
    """
    supervisor = os.environ.get("MAIL_SUPERVISED")
    if supervisor:
        ask_for_signal(signal.SIGTERM, adopted=supervisor != "1")


def ask_for_signal(number: int, *, adopted: bool = True) -> None:
    """The kernel sends us `number` when the parent ends. `adopted`: a parent with id 1 means that it has ended."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))
    if adopted and os.getppid() == 1:
        os.kill(os.getpid(), number)
