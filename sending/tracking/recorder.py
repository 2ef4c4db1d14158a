"""Gathers what was seen and records it about a second later, so that a reader never waits and a bulk mailing that is
opened costs one short transaction a second.

Each web process has one thread for it, which starts with the first opening, so after every fork. What is seen while the
database does not answer waits in memory, to a bound; what a process has gathered when it is killed is lost.
"""

import os
import threading
from collections import deque
from collections.abc import Sequence
from datetime import timedelta

import psycopg
import structlog
from django.conf import settings
from django.db import close_old_connections, connection
from django.db.utils import InterfaceError, OperationalError
from django.utils import timezone

from sending.tracking.recording import AT_ONCE, record
from sending.tracking.seen import Seen

log = structlog.get_logger(__name__)

MOST_WAITING = 50_000
"""Beyond it the oldest is given up: some 20 MB."""
MOST_AT_ONCE = 2_000
"""Of one transaction."""
TICK = 0.5
"""Seconds between two looks at what is due."""
PAUSE = 2.0
"""Seconds before the database is asked again."""
STOP_SECONDS = 10.0
"""For what is left when the process ends."""
_AWAY = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


def note(seen: Seen) -> None:
    """Takes it in and returns at once. Never raises. Inline (`settings.GROUP_COMMIT_INLINE`, for tests) it is written
    on the caller's connection."""
    if settings.GROUP_COMMIT_INLINE:
        record([seen])
        return
    try:
        _recorder().add(seen)
    except RuntimeError:
        # No thread can be started; the reader gets his answer all the same.
        log.error("tracking_lost", seen=1)


def close() -> None:
    """Records what has gathered, then ends the thread and its connection. A later opening starts a new one."""
    global _current
    with _start_lock:
        recorder, _current = _current, None
    if recorder is not None and recorder.pid == os.getpid():
        recorder.end()


class Recorder:
    """One process's thread and what waits for it."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._waiting: deque[Seen] = deque()
        self._recent: deque[Seen] = deque()
        self._lost = 0
        self._lock = threading.Lock()
        self._work = threading.Event()
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tracking", daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether it works here: in this process, and has not died of a fault."""
        return self.pid == os.getpid() and self._thread.is_alive()

    def add(self, seen: Seen) -> None:
        with self._lock:
            self._waiting.append(seen)
            if len(self._waiting) > MOST_WAITING:
                self._waiting.popleft()
                self._lost += 1
        self._work.set()

    def end(self) -> None:
        """Writes what is left, if the database takes it."""
        self._is_ending.set()
        self._work.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        pause = TICK
        while not (self._is_ending.is_set() and not self._waiting):
            self._work.wait()
            self._is_ending.wait(pause)
            batch, beside = self._take()
            left = self._write(batch, beside) if batch else []
            if left:
                self._give_back(left)
                if self._is_ending.is_set():
                    break
            pause = PAUSE if left else 0.0 if len(batch) == MOST_AT_ONCE else TICK
        self._tell_lost(len(self._waiting))
        connection.close()

    def _take(self) -> tuple[list[Seen], list[Seen]]:
        """What is old enough for all that belongs to it to have come, and the clicks around it."""
        due = timezone.now() - (timedelta() if self._is_ending.is_set() else AT_ONCE)
        batch: list[Seen] = []
        with self._lock:
            while self._waiting and self._waiting[0].at <= due and len(batch) < MOST_AT_ONCE:
                batch.append(self._waiting.popleft())
            if not self._waiting and not self._is_ending.is_set():
                self._work.clear()
            beside = [one for one in self._waiting if one.link.kind == "click"]
            lost, self._lost = self._lost, 0
        self._tell_lost(lost)
        while batch and self._recent and self._recent[0].at < batch[0].at - AT_ONCE:
            self._recent.popleft()
        beside += self._recent
        self._recent.extend(one for one in batch if one.link.kind == "click")
        return batch, beside

    def _write(self, batch: Sequence[Seen], beside: Sequence[Seen]) -> list[Seen]:
        """Those that are still to be written, because the database is away."""
        close_old_connections()
        try:
            record(batch, beside)
        except _AWAY as problem:
            connection.close()
            log.warning("tracking_waits", seen=len(batch), problem=type(problem).__name__)
            return list(batch)
        except Exception:
            connection.close()
            log.exception("tracking_failed", seen=len(batch))
            if len(batch) == 1:
                self._tell_lost(1)
                return []
            # One that cannot be written must not take the others with it.
            return [left for one in batch for left in self._write([one], beside)]
        return []

    def _give_back(self, batch: Sequence[Seen]) -> None:
        with self._lock:
            self._waiting.extendleft(reversed(batch))
        self._work.set()

    def _tell_lost(self, count: int) -> None:
        if count:
            log.error("tracking_lost", seen=count)


_current: Recorder | None = None
_start_lock = threading.Lock()


def _recorder() -> Recorder:
    global _current
    recorder = _current
    if recorder is None or not recorder.is_alive():
        with _start_lock:
            recorder = _current
            if recorder is None or not recorder.is_alive():
                recorder = _current = Recorder()
    return recorder


def _forget_after_fork() -> None:
    """The child has no thread; a lock that the parent held would never be released."""
    global _current, _start_lock
    _current, _start_lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_after_fork)
