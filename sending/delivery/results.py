"""Writes results as they gather, in one transaction each time, and keeps trying while the database is away."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import psycopg
import structlog
from django.db.utils import InterfaceError, OperationalError

from sending.events.record import Result
from sending.models import Attempt

log = structlog.get_logger(__name__)

GATHER = 0.025
"""Seconds in which further results may join a transaction."""
WRITE_RETRIES = 60
DATABASE_AWAY = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
"""Django's errors come from connecting, psycopg's own from a connection that broke under a raw cursor."""


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

    async def _write_waiting(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(GATHER)
                batch, self._waiting = self._waiting, []
                await self._write(batch)
                # What could not be written is let go as well: its lease runs out, and the sweep finds it.
                self._ended([result.message_id for result in batch])
        finally:
            self._writing = None

    async def _write(self, batch: list[Result]) -> None:
        """Keeps trying while the database is away: a delivery that is not recorded is a duplicate later."""
        for _ in range(WRITE_RETRIES):
            try:
                written = await self._record(batch)
            except DATABASE_AWAY as problem:
                log.warning("results_not_written", messages=len(batch), problem=type(problem).__name__)
                await asyncio.sleep(1.0)
                continue
            except Exception:
                if len(batch) == 1:
                    log.exception("result_not_written", message=batch[0].message_id)
                    return
                for result in batch:
                    await self._write([result])
                return
            _log(batch, written)
            return
        log.error("results_lost", messages=len(batch))


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
