"""Group commit: callers hand payloads over, one thread writes what has gathered, answers follow the commit.

The thread starts with the first payload, so after every fork; it has a connection of its own.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import psycopg
import structlog
from django.conf import settings
from django.db import connection as django_connection
from django.db.utils import Error as DjangoDatabaseError
from django.utils import timezone

from mailtrap_site import wake
from sending.policy.refusal import Reason, Refusal
from sending.submission.draft import Accepted
from sending.submission.flush import Outcome, flush
from sending.submission.payload import Payload

log = structlog.get_logger(__name__)

MOST_WAITING = 2_000
MOST_WAITING_BYTES = 256 * 1024 * 1024
"""Beyond either, new payloads are refused at once: what is not committed is not hoarded."""
MOST_IN_A_FLUSH = 256
MOST_BYTES_IN_A_FLUSH = 16 * 1024 * 1024
LONGEST_WAIT = 20.0
"""Seconds after which a payload that is still waiting is answered "try later" instead of being written."""
GATHER = 0.004
"""Seconds in which further payloads may join a flush, when there are several senders: it costs little more than one."""
SEVERAL = 3
CHECK_AFTER_IDLE = 1.0
_SESSION = (
    "SET synchronous_commit = on; SET statement_timeout = '10s'; SET lock_timeout = '5s'; "
    "SET idle_in_transaction_session_timeout = '30s'; SET plan_cache_mode = force_generic_plan"
)
"""The few statements of a flush are planned once: planning them anew took half of PostgreSQL's time for small ones."""


@dataclass(slots=True)
class _Waiting:
    payload: Payload
    future: "Future[Outcome]" = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)


def hand_over(payload: Payload) -> "Future[Outcome]":
    """The outcome, once it is committed. Never blocks, except inline (`settings.GROUP_COMMIT_INLINE`, for tests)."""
    if settings.GROUP_COMMIT_INLINE:
        future: Future[Outcome] = Future()
        future.set_result(_flush_inline([payload])[0])
        return future
    return _flusher().add(payload)


def close() -> None:
    """Writes what is waiting, then ends the thread and its connection. A later payload starts a new one."""
    global _current
    with _start_lock:
        flusher, _current = _current, None
    if flusher is not None and flusher.pid == os.getpid():
        flusher.end()


class _Flusher:
    """One process's thread, its queue and the thread that nudges the workers."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._work = threading.Event()
        self._nudge = threading.Event()
        self._has_ended = threading.Event()
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
        self._nudger = threading.Thread(target=self._run_nudges, name="group-commit-nudge", daemon=True)
        self._thread.start()
        self._nudger.start()

    def is_alive(self) -> bool:
        """Whether it works here: in this process, and has not died of a fault."""
        return self.pid == os.getpid() and self._thread.is_alive() and self._nudger.is_alive()

    def add(self, payload: Payload) -> "Future[Outcome]":
        one = _Waiting(payload)
        with self._lock:
            size = len(payload.content)
            is_full = len(self._waiting) >= MOST_WAITING or self._bytes + size > MOST_WAITING_BYTES
            if not (is_full or self._is_ending):
                self._waiting.append(one)
                self._bytes += size
                self._work.set()
                return one.future
        one.future.set_result(Refusal(Reason.OVERLOADED))
        return one.future

    def end(self) -> None:
        with self._lock:
            self._is_ending = True
            self._work.set()
        self._thread.join()
        self._has_ended.set()
        self._nudge.set()
        self._nudger.join()

    def _run(self) -> None:
        last_flush, flushed = 0.0, 0
        while True:
            self._work.wait()
            if flushed >= SEVERAL and not self._is_ending:
                time.sleep(GATHER)
            batch = self._take()
            flushed = len(batch)
            if not batch:
                break
            outcomes = self._flush_batch(batch, check=time.monotonic() - last_flush > CHECK_AFTER_IDLE)
            last_flush = time.monotonic()
            for one, outcome in zip(batch, outcomes, strict=True):
                # A caller that went away has cancelled its future; its mail is accepted all the same.
                if one.future.set_running_or_notify_cancel():
                    one.future.set_result(outcome)
            if accepted := [one for one in outcomes if isinstance(one, Accepted) and not one.is_replay]:
                self._nudge.set()
                log.info(
                    "accepted",
                    submissions=",".join(str(one.submission_id) for one in accepted),
                    recipients=sum(len(one.message_ids) for one in accepted),
                )
        django_connection.close()

    def _take(self) -> list[_Waiting]:
        """What has gathered, up to the bounds of one flush; empty when the thread is to end."""
        batch: list[_Waiting] = []
        size = 0
        with self._lock:
            while self._waiting and len(batch) < MOST_IN_A_FLUSH and size < MOST_BYTES_IN_A_FLUSH:
                one = self._waiting.popleft()
                size += len(one.payload.content)
                batch.append(one)
            self._bytes -= size
            if not self._waiting and not self._is_ending:
                self._work.clear()
        return batch

    def _flush_batch(self, batch: Sequence[_Waiting], *, check: bool) -> list[Outcome]:
        oldest = time.monotonic() - LONGEST_WAIT
        fresh = [one.payload for one in batch if one.since > oldest]
        outcomes = iter(self._write(fresh, check=check)) if fresh else iter(())
        return [next(outcomes) if one.since > oldest else Refusal(Reason.OVERLOADED) for one in batch]

    def _write(self, payloads: Sequence[Payload], *, check: bool) -> list[Outcome]:
        """A failing database is answered "try later"; whether a broken COMMIT took effect nobody can know."""
        try:
            return list(flush(_connection(check=check), payloads, timezone.now()))
        except (psycopg.Error, DjangoDatabaseError) as problem:
            log.error("acceptance_failed", submissions=len(payloads), problem=type(problem).__name__)
        except Exception:
            log.exception("acceptance_failed", submissions=len(payloads))
        django_connection.close()
        return [Refusal(Reason.TEMPORARY) for _ in payloads]

    def _run_nudges(self) -> None:
        while not self._has_ended.is_set():
            self._nudge.wait()
            self._nudge.clear()
            wake.send_now("sending.deliver", queue="deliveries")
            # `send_now` drops what comes sooner; waiting here makes sure that the last flush is nudged for.
            self._has_ended.wait(wake.MIN_INTERVAL)


def _connection(*, check: bool) -> "psycopg.Connection[tuple[object, ...]]":
    """This thread's connection, opened or renewed where needed. Raises psycopg.Error or Django's Error."""
    raw = django_connection.connection
    if raw is not None and not raw.closed and check:
        try:
            raw.execute("SELECT 1")
        except psycopg.Error:
            django_connection.close()
            raw = None
    if raw is None or raw.closed:
        django_connection.close()
        django_connection.connect()
        raw = django_connection.connection
        raw.execute(_SESSION)
        raw.prepare_threshold = 0
    return raw


def _flush_inline(payloads: Sequence[Payload]) -> list[Outcome]:
    django_connection.ensure_connection()
    outcomes = flush(django_connection.connection, payloads, timezone.now())
    if any(not isinstance(outcome, Refusal) for outcome in outcomes):
        wake.nudge("sending.deliver", queue="deliveries")
    return outcomes


_current: _Flusher | None = None
_start_lock = threading.Lock()


def _flusher() -> _Flusher:
    global _current
    flusher = _current
    if flusher is None or not flusher.is_alive():
        with _start_lock:
            flusher = _current
            if flusher is None or not flusher.is_alive():
                flusher = _current = _Flusher()
    return flusher


def _forget_after_fork() -> None:
    """The child has no thread; a lock that the parent held would never be released."""
    global _current, _start_lock
    _current, _start_lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_after_fork)
