"""A drain: claims what is due, has it delivered, writes the results, until nothing is due or its time is up.

The engine behind it lives as long as its worker process: an event loop in a thread of its own, open connections, and
two threads with a database connection each, so that marks never wait behind results.
"""

import asyncio
import os
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from django.db import connection
from django.db.utils import InterfaceError, OperationalError

from sending.delivery.deliver import Job, Site, no_route_ending
from sending.delivery.evidence import NOBODY, result_of
from sending.delivery.load import Load, jobs_of, load
from sending.delivery.marks import Marks
from sending.delivery.routes import NO_ROUTE_FOUND, NoRoute, route_to
from sending.events.record import Result, record_results
from sending.models.statements import raw_cursor
from sending.queue import claim as queue
from sending.queue.claim import Claim

log = structlog.get_logger(__name__)

T = TypeVar("T")

MOST_IN_FLIGHT = 400
"""Messages held at once, those for busy destinations left out."""
MOST_OF_A_DESTINATION = 100
"""From here on a destination is busy: nothing more is claimed for it until some are done."""
MOST_HELD = 1_200
"""All messages held at once."""
LOOK_AGAIN = 0.25
"""Seconds between two looks at the queue while conversations last."""
GATHER = 0.005
"""Seconds in which further results may join a transaction."""
STOP_SECONDS = 20.0
"""How long a drain that was told to stop waits for the conversations that have begun."""
WRITE_RETRIES = 60


@dataclass(frozen=True, slots=True)
class Drained:
    """What a drain did: messages claimed; `is_more`: its time was up while more was due."""

    claimed: int
    is_more: bool


class Engine:
    """One process's deliveries. `lease` and `batch` are the queue's own unless a test wants them shorter."""

    def __init__(self, *, lease: timedelta = queue.LEASE, batch: int = queue.BATCH) -> None:
        self._lease = lease
        self._batch = batch
        self._loop = asyncio.new_event_loop()
        self._ledger = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._mark_writer = ThreadPoolExecutor(1, thread_name_prefix="marks")
        self._marks = Marks(self._write_marks)
        self._sites: dict[str, Site] = {}
        self._held: dict[uuid.UUID, Claim] = {}
        self._results: list[Result] = []
        self._something_ended = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._writing: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="delivery", daemon=True)
        self._thread.start()
        self._call(self._start()).result()

    def drain(self, seconds: float, should_stop: Callable[[], bool] = lambda: False) -> Drained:
        """Blocks until nothing is due and nothing in flight, or for `seconds`; slow conversations then go on alone."""
        return self._call(self._drain(seconds, should_stop)).result()

    def close(self) -> None:
        """Cuts all connections, those to the database as well. What was in flight is found by its lease."""
        self._call(self._stop()).result()
        for executor in (self._ledger, self._mark_writer):
            executor.submit(lambda: connection.close()).result()
            executor.shutdown()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _drain(self, seconds: float, should_stop: Callable[[], bool]) -> Drained:
        loop = asyncio.get_running_loop()
        deadline, claimed, is_more = loop.time() + seconds, 0, False
        while not should_stop():
            if loop.time() >= deadline:
                return Drained(claimed, is_more)
            busy = self._busy_destinations()
            if self._is_full(busy):
                await self._wait_for_an_end()
                continue
            loaded = await self._in(self._ledger, partial(self._claim, busy))
            is_more = bool(loaded.claims)
            if loaded.claims:
                claimed += len(loaded.claims)
                self._dispatch(loaded)
            elif not self._held:
                return Drained(claimed, is_more=False)
            else:
                await self._wait_for_an_end()
        await self._wind_up(loop.time() + STOP_SECONDS)
        return Drained(claimed, is_more=False)

    async def _wind_up(self, deadline: float) -> None:
        """Gives back what has not begun and waits for what has."""
        unbegun = [job.claim for site in self._sites.values() for job in site.take_back()]
        if unbegun:
            await self._in(self._ledger, lambda: queue.release(raw_cursor(), unbegun))
            for claim in unbegun:
                self._held.pop(claim.message_id, None)
        while self._held and asyncio.get_running_loop().time() < deadline:
            await self._wait_for_an_end()

    async def _wait_for_an_end(self) -> None:
        self._something_ended.clear()
        try:
            async with asyncio.timeout(LOOK_AGAIN):
                await self._something_ended.wait()
        except TimeoutError:
            pass

    # Claims.

    def _busy_destinations(self) -> set[str]:
        """Those that hold so many messages already that more would only wait here instead of in the queue."""
        held = Counter(claim.destination for claim in self._held.values())
        return {destination for destination, count in held.items() if count >= MOST_OF_A_DESTINATION}

    def _is_full(self, busy: set[str]) -> bool:
        """A slow destination does not count against the others, up to a bound of memory."""
        if len(self._held) < MOST_IN_FLIGHT:
            return False
        others = sum(claim.destination not in busy for claim in self._held.values())
        return others >= MOST_IN_FLIGHT or len(self._held) >= MOST_HELD

    def _claim(self, busy: set[str]) -> Load:
        return load(raw_cursor(), now=datetime.now(UTC), lease=self._lease, limit=self._batch, busy=busy)

    def _dispatch(self, loaded: Load) -> None:
        for claim in loaded.claims:
            self._held[claim.message_id] = claim
        by_destination: dict[str, list[Job]] = {}
        for job in jobs_of(loaded):
            by_destination.setdefault(job.claim.destination, []).append(job)
        for destination, jobs in by_destination.items():
            self._spawn(self._place(destination, jobs))

    async def _place(self, destination: str, jobs: Sequence[Job]) -> None:
        """Finds the route of a destination, which may take a while, and hands its jobs to the site."""
        try:
            route = await route_to(destination)
        except Exception:
            log.exception("route_failed", destination=destination)
            route = NO_ROUTE_FOUND
        if isinstance(route, NoRoute):
            for job in jobs:
                now = datetime.now(UTC)
                ending = no_route_ending(route)
                self._report(
                    result_of(job.claim, ending, NOBODY, started_at=job.started_at, now=now, content_sha256=None)
                )
            return
        site = self._sites.get(route.site)
        if site is None or site.route != route:
            site = self._sites[route.site] = Site(route, self._marks, self._report)
        for job in jobs:
            site.put(job)

    # Results.

    def _report(self, result: Result) -> None:
        self._results.append(result)
        if self._writing is None:
            self._writing = self._spawn(self._write_results())

    async def _write_results(self) -> None:
        try:
            while self._results:
                await asyncio.sleep(GATHER)
                batch, self._results = self._results, []
                await self._write(batch)
                # What could not be written is let go as well: its lease runs out, and the sweep finds it.
                for result in batch:
                    self._held.pop(result.message_id, None)
                self._something_ended.set()
        finally:
            self._writing = None

    async def _write(self, batch: list[Result]) -> None:
        """Keeps trying while the database is away: a delivery that is not recorded is a duplicate later."""
        for _ in range(WRITE_RETRIES):
            try:
                written = await self._in(self._ledger, partial(record_results, batch))
            except (OperationalError, InterfaceError) as problem:
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
            for result in batch:
                self._log(result, was_written=result.message_id in written)
            return
        log.error("results_lost", messages=len(batch))

    def _log(self, result: Result, *, was_written: bool) -> None:
        evidence = result.evidence
        log.info(
            str(evidence.outcome) if was_written else "result_without_lease",
            message=result.message_id,
            attempt=result.number,
            mx=evidence.mx_host,
            code=evidence.reply_code,
            phase=evidence.phase,
        )

    # Leases.

    async def _write_marks(self, claims: Sequence[Claim]) -> set[uuid.UUID]:
        now = datetime.now(UTC)
        return await self._in(self._mark_writer, lambda: queue.mark_uncertain(raw_cursor(), claims, now=now))

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            if held := list(self._held.values()):
                until = datetime.now(UTC) + self._lease
                try:
                    await self._in(self._mark_writer, partial(_renew, held, until))
                except (OperationalError, InterfaceError) as problem:
                    log.warning("leases_not_renewed", messages=len(held), problem=type(problem).__name__)

    # The machinery.

    async def _start(self) -> None:
        self._spawn(self._renew_leases())

    async def _stop(self) -> None:
        for site in self._sites.values():
            site.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)
        return task

    def _task_ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            log.error("delivery_task_failed", exc_info=problem)

    async def _in(self, executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(executor, _with_connection, work)

    def _call(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)


def _renew(held: Sequence[Claim], until: datetime) -> int:
    return queue.renew(raw_cursor(), held, until=until)


def _with_connection(work: Callable[[], T]) -> T:
    """Runs `work` on this thread's connection, which is dropped after a failure so that the next one connects anew."""
    try:
        return work()
    except (OperationalError, InterfaceError):
        connection.close()
        raise


_engine: tuple[int, Engine] | None = None


def engine() -> Engine:
    """This process's engine; a forked child makes its own."""
    global _engine
    if _engine is None or _engine[0] != os.getpid():
        _engine = (os.getpid(), Engine())
    return _engine[1]


def close_engine() -> None:
    """Ends this process's engine, if it has one."""
    global _engine
    if _engine is not None and _engine[0] == os.getpid():
        _engine[1].close()
    _engine = None
