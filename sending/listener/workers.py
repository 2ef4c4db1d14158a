"""Several processes that do the same work: started, started again when one dies, and ended together."""

import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Callable

import structlog
from django.db import connections

from mailtrap_site.embedded.follow_parent import ask_for_signal

log = structlog.get_logger(__name__)

START_AGAIN_SECONDS = 1.0
MISCONFIGURED = os.EX_CONFIG
"""Exit status of a worker that would fail again: then all end."""
_STOP = (signal.SIGTERM, signal.SIGINT)
_HEARD = (*_STOP, signal.SIGCHLD)


def run_in_processes(count: int, work: Callable[[], int]) -> int:
    """Runs `work` in `count` forked processes until SIGTERM or SIGINT, which they get too, and waits for their ends.

    `work` answers an exit status. Answers 0, or `MISCONFIGURED` where a worker said so."""
    connections.close_all()
    # What is loaded by now is garbage of nobody: kept out of collections it stays shared with the children.
    gc.collect()
    gc.freeze()
    signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    children = {_start(work) for _ in range(count)}
    missing: list[float] = []
    is_ending, status = False, 0
    while children or (missing and not is_ending):
        heard = signal.sigtimedwait(_HEARD, START_AGAIN_SECONDS)
        is_ending = is_ending or (heard is not None and heard.si_signo in _STOP)
        for child, code in _ended(children):
            children.discard(child)
            if code == MISCONFIGURED:
                is_ending, status = True, MISCONFIGURED
            elif not is_ending:
                log.error("worker_ended", worker=child, status=code)
                missing.append(time.monotonic() + START_AGAIN_SECONDS)
        if is_ending:
            _signal(children)
        elif missing and missing[0] <= time.monotonic():
            missing.pop(0)
            children.add(_start(work))
    return status


def _start(work: Callable[[], int]) -> int:
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        ask_for_signal(signal.SIGTERM, adopted=parent != 1)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
        status = work()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        log.exception("worker_failed")
    finally:
        os._exit(status)


def _ended(children: set[int]) -> list[tuple[int, int]]:
    """Those that ended, with their exit statuses; a signal is negative."""
    found = ((child, os.waitpid(child, os.WNOHANG)) for child in children)
    return [(child, os.waitstatus_to_exitcode(status)) for child, (pid, status) in found if pid]


def _signal(children: set[int]) -> None:
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
