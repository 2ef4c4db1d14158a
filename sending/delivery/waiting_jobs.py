"""Jobs that wait for a connection, and connections that wait for a job."""

import asyncio
from collections import deque
from datetime import UTC, datetime

from sending.delivery.job import Job


class WaitingJobs:
    """Those of one pool, the first first, and who has nothing to do."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._idle: deque[asyncio.Future[Job | None]] = deque()
        self._loop = asyncio.get_running_loop()
        self._moved_at = self._loop.time()

    def __len__(self) -> int:
        return len(self._jobs)

    def put(self, job: Job) -> None:
        """Behind the others, or to somebody idle: the one who has just become so, as the others' connections may then
        end."""
        while self._idle:
            waiting = self._idle.pop()
            if not waiting.done():
                waiting.set_result(job)
                self._moved_at = self._loop.time()
                return
        self._jobs.append(job)

    def put_first(self, job: Job) -> None:
        """Before the others: it was begun, and is to be begun again."""
        self._jobs.appendleft(job)

    def take(self) -> Job | None:
        """The first, if there is one."""
        if not self._jobs:
            return None
        self._moved_at = self._loop.time()
        return self._jobs.popleft()

    async def wait(self, seconds: float) -> Job | None:
        """The next to come; None if none does for so long."""
        waiting: asyncio.Future[Job | None] = self._loop.create_future()
        self._idle.append(waiting)
        timer = self._loop.call_later(seconds, self._stop_waiting, waiting)
        try:
            return await waiting
        finally:
            timer.cancel()

    def take_back(self, *, but: int = 0) -> list[Job]:
        """Removes and returns them, but for the first so many."""
        jobs = list(self._jobs)
        self._jobs = deque(jobs[:but])
        return jobs[but:]

    @property
    def still_for(self) -> float:
        """Seconds since one was last begun."""
        return self._loop.time() - self._moved_at

    @property
    def first_waits_for(self) -> float:
        """Seconds."""
        return (datetime.now(UTC) - self._jobs[0].started_at).total_seconds()

    def _stop_waiting(self, waiting: "asyncio.Future[Job | None]") -> None:
        if not waiting.done():
            self._idle.remove(waiting)
            waiting.set_result(None)
