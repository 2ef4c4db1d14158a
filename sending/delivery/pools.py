"""The pools of one worker process, one a route, and how jobs come to them: by the route of their destination."""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from sending.delivery.database_thread import DatabaseThread
from sending.delivery.deliver import Pool
from sending.delivery.evidence import NOBODY, result_of
from sending.delivery.job import Ends, Job
from sending.delivery.marks import Marks
from sending.delivery.opening import no_route_ending
from sending.delivery.routes import NO_ROUTE_FOUND, NoRoute, Route, route_to
from sending.delivery.sites import Site, Sites
from sending.events.record import Result
from sending.models.statements import raw_cursor

log = structlog.get_logger(__name__)


class Pools:
    """Of one event loop. What has no route ends at once."""

    def __init__(
        self,
        sites: Sites,
        ledger: DatabaseThread,
        marks: Marks,
        ends: Ends,
        spawn: Callable[[Coroutine[Any, Any, None]], Any],
    ) -> None:
        self._sites = sites
        self._ledger = ledger
        self._marks = marks
        self._ends = ends
        self._spawn = spawn
        self._pools: dict[Route, Pool] = {}

    def put(self, jobs: Iterable[Job]) -> None:
        """Has the routes found that these want, each once."""
        together: dict[tuple[str, str, bool], list[Job]] = {}
        for job in jobs:
            claim = job.claim
            together.setdefault((claim.destination, claim.stream, claim.requires_tls), []).append(job)
        for (destination, stream, requires_tls), some in together.items():
            self._spawn(self._place(destination, stream, requires_tls, some))

    def lead(self, jobs: Sequence[Job], route: Route) -> None:
        """By this route."""
        self._spawn(self._lead(jobs, route))

    def leave(self, route: Route) -> None:
        """Forgets the pool of `route`."""
        self._pools.pop(route, None)

    def take_back(self) -> list[Job]:
        """Removes and returns the jobs that nobody has begun."""
        return [job for pool in self._pools.values() for job in pool.take_back()]

    def close(self) -> None:
        """Cuts everything."""
        for pool in self._pools.values():
            pool.close()

    async def _place(self, destination: str, stream: str, requires_tls: bool, jobs: Sequence[Job]) -> None:
        """Finds the route of a destination, which may take a while, and hands it the jobs."""
        try:
            route = await route_to(destination, stream)
            if not isinstance(route, NoRoute):
                await self._put(jobs, route.with_tls if requires_tls else route)
                return
        except Exception:
            log.exception("route_failed", destination=destination)
            route = NO_ROUTE_FOUND
        self._end(jobs, route)

    async def _lead(self, jobs: Sequence[Job], route: Route) -> None:
        try:
            await self._put(jobs, route)
        except Exception:
            log.exception("route_failed", site=route.site)
            self._end(jobs, NO_ROUTE_FOUND)

    async def _put(self, jobs: Sequence[Job], route: Route) -> None:
        site = self._sites.get(route.site) or await self._new_site(route)
        pool = self._pools.get(route)
        if pool is None:
            pool = self._pools[route] = Pool(route, site, self._marks, self._ends)
        pool.put(jobs)

    async def _new_site(self, route: Route) -> Site:
        limits = route.limits
        if not limits.learns:
            return self._sites.add(route.site, limits)
        now = datetime.now(UTC)
        learnt = await self._ledger.run(lambda: self._sites.read(raw_cursor(), [route.site], now))
        return self._sites.add(route.site, limits, learnt)

    def _end(self, jobs: Sequence[Job], route: NoRoute) -> None:
        for job in jobs:
            self._ends.report(without_route(job, route))


def without_route(job: Job, route: NoRoute) -> Result:
    """The attempt of a job for which there is no route, or none now."""
    ending, now = no_route_ending(route), datetime.now(UTC)
    return result_of(job.claim, ending, NOBODY, started_at=job.started_at, now=now, content_sha256=None)
