"""A drain: claims what is due, has it delivered, writes the results, until nothing is due or its time is up.

The engine behind it lives as long as its worker process: an event loop in a thread of its own, open connections, and
two threads with a database connection each, so that marks never wait behind results.
"""

import asyncio
import contextlib
import os
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from django.conf import settings

from sending.delivery.database_thread import DatabaseThread
from sending.delivery.in_flight import InFlight
from sending.delivery.job import Job
from sending.delivery.load import Load, jobs_of, load
from sending.delivery.loop_thread import LoopThread
from sending.delivery.marks import Marks
from sending.delivery.pools import Pools, without_route
from sending.delivery.results import DATABASE_AWAY, Results
from sending.delivery.routes import Route, asked_to_wait
from sending.delivery.sites import Sites
from sending.events.record import Result, record_results
from sending.models.statements import raw_cursor
from sending.queue import claim as queue
from sending.queue.claim import Claim
from sending.queue.schedule import DELAYS

log = structlog.get_logger(__name__)

LOOK_AGAIN = 0.25
"""Seconds between two looks at the queue while conversations last, at most …"""
GATHER = 0.05
"""… and at least, unless the last look found a full batch: a few messages at a time would cost a look each."""
LINGER = 0.5
"""Seconds for which a worker's drain goes on looking before it ends: mail that comes in a trickle needs no wake-up."""
LOOK_BY_ITSELF = 5.0
"""Seconds between two looks that nobody asked for: with the broker away or its messages lost, mail leaves later."""
STOP_SECONDS = 20.0
"""How long a drain that was told to stop waits for the conversations that have begun."""
WRITE_SECONDS = 5.0
"""How long an end waits for the results to be written then."""
EXCHANGE_SECONDS = 1.0
"""Between two exchanges with the other processes about the sites."""
UNTRIED_FOR = sum(DELAYS, timedelta())
"""Mail that is older is no longer put back untried: what its site asks of us then counts as an attempt."""


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
        self._loop = LoopThread("delivery")
        self._ledger = DatabaseThread("ledger")
        self._mark_writer = DatabaseThread("marks")
        self._marks = Marks(self._write_marks)
        self._sites = Sites()
        self._pools = Pools(self._sites, self._ledger, self._marks, self, self._loop.spawn)
        self._held = InFlight()
        self._results = Results(self._write_results, self._let_go, self._loop.spawn)
        self._something_ended = asyncio.Event()
        self._draining = asyncio.Lock()
        self._is_ending = False
        self._queued: list[Callable[[], bool]] = []
        self._stop_by: float | None = None
        self._loop.call(self._start())

    def drain(self, seconds: float, should_stop: Callable[[], bool] = lambda: False, *, linger: float = 0.0) -> Drained:
        """Blocks until nothing is due and nothing in flight, or for `seconds`; slow conversations then go on alone.

        With `linger` it ends only once nothing has come for so many seconds.
        """
        return self._loop.call(self._drain(seconds, should_stop, linger))

    def look_by_itself(self, seconds: float) -> None:
        """From now on drains, for at most `seconds` at a time, although nobody calls."""
        self._loop.call(self._start_looking(seconds))

    def close(self) -> None:
        """Lets a drain of its own wind up, then cuts all connections. What is in flight is found by its lease."""
        self._is_ending = True
        self._loop.call(self._stop())
        self._ledger.close()
        self._mark_writer.close()
        self._loop.close()

    async def _drain(self, seconds: float, should_stop: Callable[[], bool], linger: float) -> Drained:
        self._queued.append(should_stop)
        try:
            await self._draining.acquire()
        finally:
            self._queued.remove(should_stop)
        try:
            return await self._drain_alone(seconds, should_stop, linger)
        finally:
            self._draining.release()

    def _has_to_end(self) -> bool:
        """Whether the engine ends, or one that waits for the end of its own look is told to stop."""
        return self._is_ending or any(should_stop() for should_stop in self._queued)

    async def _look(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(LOOK_BY_ITSELF)
            if self._draining.locked():
                continue
            try:
                await self._drain(seconds, self._has_to_end, 0.0)
            except DATABASE_AWAY as problem:
                log.warning("queue_not_looked_at", problem=type(problem).__name__)
            except Exception:
                log.exception("queue_not_looked_at")

    async def _drain_alone(self, seconds: float, should_stop: Callable[[], bool], linger: float) -> Drained:
        loop = asyncio.get_running_loop()
        found_at = loop.time()
        deadline, claimed, is_more = found_at + seconds, 0, False
        while not should_stop():
            self._stop_by = None
            if loop.time() >= deadline:
                return Drained(claimed, is_more)
            busy = self._held.busy(datetime.now(UTC))
            if self._held.is_full(busy):
                await self._wait_for_an_end()
                continue
            loaded = await self._ledger.run(partial(self._claim, busy))
            is_more = bool(loaded.claims)
            if loaded.claims:
                found_at = loop.time()
                claimed += len(loaded.claims)
                self._held.add(loaded.claims)
                self._pools.put(jobs_of(loaded))
            elif not len(self._held) and loop.time() - found_at >= linger:
                return Drained(claimed, is_more=False)
            if len(loaded.claims) < self._batch:
                await asyncio.sleep(GATHER)
                if len(self._held) and not loaded.claims:
                    await self._wait_for_an_end()
        await self._wind_up()
        return Drained(claimed, is_more=False)

    def _claim(self, busy: set[str]) -> Load:
        return load(raw_cursor(), now=datetime.now(UTC), lease=self._lease, limit=self._batch, busy=busy)

    async def _wind_up(self) -> None:
        """Gives back what has not begun and waits for what has: for STOP_SECONDS from the first call on."""
        if self._stop_by is None:
            self._stop_by = asyncio.get_running_loop().time() + STOP_SECONDS
        unbegun = [job.claim for job in self._pools.take_back()]
        if unbegun:
            await self._give_back(unbegun, None)
        while len(self._held) and asyncio.get_running_loop().time() < self._stop_by:
            await self._wait_for_an_end()

    async def _wait_for_an_end(self) -> None:
        self._something_ended.clear()
        try:
            async with asyncio.timeout(LOOK_AGAIN):
                await self._something_ended.wait()
        except TimeoutError:
            pass

    # The ends of jobs (`job.Ends`).

    def report(self, result: Result) -> None:
        self._results.add(result)

    def put_back(self, jobs: Sequence[Job], until: datetime, why: str) -> None:
        now = datetime.now(UTC)
        claims = []
        for job in jobs:
            if now - job.claim.leaves_since > UNTRIED_FOR:
                self.report(without_route(job, asked_to_wait(why)))
            else:
                claims.append(job.claim)
        self._held.rests({claim.destination for claim in claims}, until)
        log.info("put_back", messages=len(claims), until=until.isoformat())
        self._loop.spawn(self._give_back(claims, until))

    def lead(self, jobs: Sequence[Job], route: Route) -> None:
        self._pools.lead(jobs, route)

    def leave(self, route: Route) -> None:
        self._pools.leave(route)

    async def _give_back(self, claims: Sequence[Claim], due_at: datetime | None) -> None:
        try:
            await self._ledger.run(lambda: queue.release(raw_cursor(), claims, due_at=due_at))
        except DATABASE_AWAY as problem:
            # Their leases run out, and the sweep finds them.
            log.warning("claims_not_given_back", messages=len(claims), problem=type(problem).__name__)
        except Exception:
            log.exception("claims_not_given_back", messages=len(claims))
        self._let_go([claim.message_id for claim in claims])

    async def _write_results(self, batch: Sequence[Result]) -> set[uuid.UUID]:
        return await self._ledger.run(partial(record_results, batch))

    def _let_go(self, message_ids: Sequence[uuid.UUID]) -> None:
        self._held.remove(message_ids)
        self._something_ended.set()

    # Leases.

    async def _write_marks(self, claims: Sequence[Claim]) -> set[uuid.UUID]:
        now = datetime.now(UTC)

        def write() -> set[uuid.UUID]:
            return queue.mark_uncertain(raw_cursor(), claims, now=now, lease=self._lease)

        try:
            return await self._mark_writer.run(write)
        except DATABASE_AWAY:
            # Most likely the connection broke while nobody used it; on a new one the mail need not wait for minutes.
            return await self._mark_writer.run(write)

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            if held := self._held.claims():
                until = datetime.now(UTC) + self._lease
                try:
                    await self._mark_writer.run(partial(_renew, held, until))
                except DATABASE_AWAY as problem:
                    log.warning("leases_not_renewed", messages=len(held), problem=type(problem).__name__)
                except Exception:
                    log.exception("leases_not_renewed", messages=len(held))

    # The other processes.

    async def _exchange(self) -> None:
        while True:
            await asyncio.sleep(EXCHANGE_SECONDS)
            if not self._sites.has_to_exchange:
                continue
            try:
                self._sites.take(await self._ledger.run(lambda: self._sites.exchange(raw_cursor(), datetime.now(UTC))))
            except DATABASE_AWAY as problem:
                log.warning("sites_not_exchanged", problem=type(problem).__name__)
            except Exception:
                log.exception("sites_not_exchanged")

    # Beginning and end.

    async def _start(self) -> None:
        self._loop.spawn(self._renew_leases())
        self._loop.spawn(self._exchange())

    async def _start_looking(self, seconds: float) -> None:
        self._loop.spawn(self._look(seconds))

    async def _stop(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS), self._draining:
                await self._wind_up()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WRITE_SECONDS):
                await self._results.finish()
        self._pools.close()
        await self._loop.cancel()


def _renew(held: Sequence[Claim], until: datetime) -> int:
    return queue.renew(raw_cursor(), held, until=until)


_engine: tuple[int, Engine] | None = None


def engine() -> Engine:
    """This process's engine; a forked child makes its own."""
    global _engine
    if _engine is None or _engine[0] != os.getpid():
        _engine = (os.getpid(), Engine(lease=timedelta(seconds=settings.ENVIRONMENT.lease_seconds)))
    return _engine[1]


def close_engine() -> None:
    """Ends this process's engine, if it has one."""
    global _engine
    if _engine is not None and _engine[0] == os.getpid():
        _engine[1].close()
    _engine = None
