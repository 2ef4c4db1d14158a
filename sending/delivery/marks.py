"""Uncertain marks: before a final dot leaves, the queue entry says so, for many sessions in one statement."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence

import structlog

from sending.queue.claim import Claim

log = structlog.get_logger(__name__)

LINGER = 0.003
"""Seconds in which further sessions may join a statement."""

WriteMarks = Callable[[Sequence[Claim]], Awaitable[set[uuid.UUID]]]


class Marks:
    """Collects marks on one event loop. `write` answers the messages whose lease still held."""

    def __init__(self, write: WriteMarks) -> None:
        self._write = write
        self._waiting: list[tuple[Claim, asyncio.Future[bool]]] = []
        self._task: asyncio.Task[None] | None = None

    async def mark(self, claim: Claim) -> bool:
        """Whether the mark is committed and the lease is ours: only then may the final dot be sent."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((claim, answer))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._write_waiting())
        return await answer

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
                if not answer.done():
                    answer.set_result(claim.message_id in held)
        self._task = None
