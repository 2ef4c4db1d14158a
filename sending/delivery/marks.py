"""Uncertain marks: before a final dot leaves, the queue entry says so, for many sessions in one statement."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence

import structlog

from sending.queue.claim import Claim

log = structlog.get_logger(__name__)

LINGER = 0.01
"""Seconds in which further sessions may join a statement."""

Answer = Callable[[bool], None]
WriteMarks = Callable[[Sequence[Claim]], Awaitable[set[uuid.UUID]]]


class Marks:
    """Collects marks on one event loop. `write` answers the messages whose lease still held."""

    def __init__(self, write: WriteMarks) -> None:
        self._write = write
        self._waiting: list[tuple[Claim, Answer]] = []
        self._task: asyncio.Task[None] | None = None

    def mark(self, claim: Claim, answer: Answer) -> None:
        """Tells `answer` whether the mark is committed and the lease is ours: only then may the final dot be sent."""
        self._waiting.append((claim, answer))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._write_waiting())

    async def _write_waiting(self) -> None:
        while self._waiting:
            await asyncio.sleep(LINGER)
            batch, self._waiting = self._waiting, []
            try:
                held = await self._write([claim for claim, _ in batch])
            except Exception:
                # Nothing is known about the lease, so nothing may be sent.
                log.exception("uncertain_marks_not_written", messages=len(batch))
                held = set()
            for claim, answer in batch:
                try:
                    answer(claim.message_id in held)
                except Exception:
                    log.exception("marked_session_failed", message=claim.message_id)
        self._task = None
