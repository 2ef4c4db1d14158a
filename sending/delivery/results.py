"""Writes results as they gather, in one transaction each time, and keeps trying while the database is away."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import psycopg
import structlog
from django.db.utils import InterfaceError, InternalError, NotSupportedError, OperationalError

from sending.events.record import Result
from sending.models import Attempt

log = structlog.get_logger(__name__)

GATHER = 0.05
"""Seconds in which further results may join a transaction."""
TRY_AGAIN = 1.0
"""Seconds until the next try while the database is away."""
TRIES_TOGETHER = 5
"""What a database that answers has refused so often is written one by one."""
DATABASE_AWAY = (
    OperationalError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.InternalError,
    psycopg.NotSupportedError,
)
"""Django's errors come from connecting, psycopg's own from a connection that broke under a raw cursor. A database that
is read-only for now (a standby) is away as well, and so is one whose tables no longer fit a connection's plans."""
_OUR_WORDS = frozenset({"bounce_category", "response_code", "cure", "uncertain", "asks", "gave_up", "next_attempt_at"})
_OUT_OF_ORDER = ("08", "25", "53", "57P", "58")
"""Beginnings of SQLSTATEs that say nothing about the statement."""


class Results:
    """Collects results on one event loop. `record` writes some and answers the messages whose lease held; `ended`
    hears of all that are let go, written or not."""

    def __init__(
        self,
        record: Callable[[Sequence[Result]], Awaitable[set[uuid.UUID]]],
        ended: Callable[[Sequence[uuid.UUID]], None],
        spawn: "Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]",
    ) -> None:
        self._record = record
        self._ended = ended
        self._spawn = spawn
        self._waiting: list[Result] = []
        self._writing: asyncio.Task[None] | None = None

    def add(self, result: Result) -> None:
        """To be written soon."""
        self._waiting.append(result)
        if self._writing is None:
            self._writing = self._spawn(self._write_waiting())

    async def finish(self) -> None:
        """Waits until all are written."""
        if self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write_waiting(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(GATHER)
                batch, self._waiting = self._waiting, []
                await self._write(batch)
                # What the database refuses is let go as well: its lease runs out, and the sweep finds it.
                self._ended([result.message_id for result in batch])
        finally:
            self._writing = None

    async def _write(self, batch: list[Result]) -> None:
        """Keeps trying while the database is away: a delivery that is not recorded is a duplicate later."""
        for number in count(1):
            try:
                written = await self._record(batch)
            except DATABASE_AWAY as problem:
                if number >= TRIES_TOGETHER and _is_about_the_statement(problem):
                    await self._write_apart(batch)
                    return
                log.warning("results_not_written", messages=len(batch), problem=type(problem).__name__)
                await asyncio.sleep(TRY_AGAIN)
            except Exception:
                await self._write_apart(batch)
                return
            else:
                _log(batch, written)
                return

    async def _write_apart(self, batch: list[Result]) -> None:
        if len(batch) > 1:
            for result in batch:
                await self._write([result])
            return
        [result] = batch
        log.exception("result_refused", message=result.message_id)
        lesser = _without_evidence(result)
        if lesser != result:
            await self._write([lesser])


def _is_about_the_statement(problem: Exception) -> bool:
    """Whether the database is there, and this is too much for it."""
    state = getattr(problem, "sqlstate", None) or getattr(problem.__cause__, "sqlstate", None)
    return state is not None and not state.startswith(_OUT_OF_ORDER)


def _without_evidence(result: Result) -> Result:
    """The outcome alone, without anything that another server has said: better that than to send again for ever."""
    evidence = replace(
        result.evidence,
        mx_host=None,
        mx_ip=None,
        mx_preference=None,
        source_ip=None,
        tls=None,
        enhanced_code=None,
        reply_text=None,
        conversation=(),
        timing={},
    )
    details = {name: value for name, value in result.details.items() if name in _OUR_WORDS}
    return replace(result, evidence=evidence, details=details)


def _log(batch: Sequence[Result], written: set[uuid.UUID]) -> None:
    """One line for what was delivered, one each for all that somebody may want to look into."""
    delivered = []
    for result in batch:
        evidence = result.evidence
        if result.message_id not in written:
            log.warning("result_without_lease", message=result.message_id, attempt=result.number)
        elif evidence.outcome is Attempt.Outcome.DELIVERED:
            delivered.append(result.message_id)
        else:
            log.info(
                str(evidence.outcome),
                message=result.message_id,
                attempt=result.number,
                mx=evidence.mx_host,
                code=evidence.reply_code,
                phase=evidence.phase,
            )
    if delivered:
        log.info("delivered", messages=",".join(map(str, delivered)))
