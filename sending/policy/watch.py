"""The thread of an SMTP server that looks about: once a second it exchanges the counts of connections with the other
processes, which tells whether the database answers, and looks at the disk. So nobody asks them for each connection."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import psycopg
import structlog
from django.db import connection
from django.db.utils import Error as DjangoDatabaseError

from sending.models.shared_counts import SharedCounts, exchange
from sending.models.statements import raw_cursor
from sending.policy import overload

log = structlog.get_logger(__name__)

INTERVAL = 1.0
LONGEST_END = 5.0
"""Seconds; the rows of a process that cannot say goodbye are forgotten after ten."""
_SESSION = "SET statement_timeout = '3s'; SET lock_timeout = '1s'; SET synchronous_commit = off"


class Watch:
    """Runs from `start` to `close`, to be called after every fork."""

    def __init__(self, counts: Sequence[SharedCounts]) -> None:
        self._counts = counts
        self._is_ending = threading.Event()
        self._is_failing = False
        self._thread = threading.Thread(target=self._run, name="smtp-watch", daemon=True)

    def start(self) -> None:
        overload.note_database()
        self._thread.start()

    def close(self) -> None:
        """Gives back what this process counted, then ends."""
        self._is_ending.set()
        self._thread.join(LONGEST_END)
        overload.forget_database()

    def _run(self) -> None:
        while True:
            is_last = self._is_ending.wait(INTERVAL)
            try:
                overload.look_at_disk()
                self._exchange()
            except Exception:
                # Without this thread nobody would be let in any more.
                log.exception("watch_failed")
            if is_last:
                connection.close()
                return

    def _exchange(self) -> None:
        """A failing database leaves the own counts in force."""
        try:
            if connection.connection is None:
                connection.ensure_connection()
                raw_cursor().execute(_SESSION)
            exchange(raw_cursor(), self._counts, datetime.now(UTC))
        except (psycopg.Error, DjangoDatabaseError) as problem:
            connection.close()
            if not self._is_failing:
                log.error("database_does_not_answer", problem=type(problem).__name__)
            self._is_failing = True
            return
        overload.note_database()
        if self._is_failing:
            log.info("database_answers_again")
        self._is_failing = False
