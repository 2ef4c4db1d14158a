"""An event loop in a thread of its own, for callers that block."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog
import uvloop

log = structlog.get_logger(__name__)

T = TypeVar("T")


class LoopThread:
    """The loop, its thread, and the tasks that nobody waits for."""

    def __init__(self, name: str) -> None:
        self._loop = uvloop.new_event_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Blocks until the loop has done it. From another thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Has it done beside all else; its failure is logged. On the loop."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)
        return task

    async def cancel(self) -> None:
        """Ends all that was spawned. On the loop."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)

    def close(self) -> None:
        """Ends the loop and its thread. From another thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _task_ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            log.error("delivery_task_failed", exc_info=problem)
