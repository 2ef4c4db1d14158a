"""Delivers claimed messages: grouped by site, over few connections that are used again, each with its evidence."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from django.conf import settings

from sending.delivery.classify import Phase
from sending.delivery.compose import Composed
from sending.delivery.evidence import NOBODY, Contact, Ending, ending_of, ending_of_failure, result_of
from sending.delivery.marks import Marks
from sending.delivery.routes import NO_ROUTE_FOUND, NoRoute, Route, addresses_of
from sending.delivery.session import OpeningFailed, Session
from sending.events.record import Result
from sending.models import Attempt
from sending.protocol.smtp_client_events import ClientPhase, RecipientOutcome, Transaction
from sending.queue.claim import Claim
from sending.queue.pacing import Pace, pace_of

log = structlog.get_logger(__name__)

JOBS_PER_CONNECTION = 5
"""Another connection is opened when more than this wait for each that stands…"""
PATIENCE = 0.2
"""… or when a job has waited this many seconds: one slow conversation must not hold up the next."""
REFUSED_FOR = 5.0
"""Seconds without another connection after a site has granted some and refused one more."""


@dataclass(slots=True)
class Job:
    """One claimed message on its way. `compose` makes its bytes when its turn comes, or raises `Undeliverable`."""

    claim: Claim
    reverse_path: str
    compose: Callable[[], Composed]
    started_at: datetime
    was_put_back: bool = False


class Undeliverable(Exception):
    """The message cannot be made; `ending` says why."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(str(ending.reply))
        self.ending = ending


Report = Callable[[Result], None]


class Site:
    """The connections of one worker process to one site, and the jobs that wait for them."""

    def __init__(self, route: Route, marks: Marks, report: Report) -> None:
        self.route = route
        self.pace: Pace = pace_of(route.name)
        self._marks = marks
        self._report = report
        self._jobs: asyncio.Queue[Job] = asyncio.Queue()
        self._workers: set[asyncio.Task[None]] = set()
        self._idle = 0
        self._connected = 0
        self._refused_until = 0.0
        self._patience: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        return not self._workers and self._jobs.empty()

    def put(self, job: Job) -> None:
        """Queues a job and sees to it that somebody does it."""
        self._jobs.put_nowait(job)
        if not self._workers or self._jobs.qsize() - self._idle > JOBS_PER_CONNECTION * len(self._workers):
            self._hire()
        self._look_again()

    def take_back(self) -> list[Job]:
        """Removes and returns the jobs that nobody has begun."""
        jobs = []
        while not self._jobs.empty():
            jobs.append(self._jobs.get_nowait())
        return jobs

    def close(self) -> None:
        """Cuts everything."""
        if self._patience is not None:
            self._patience.cancel()
        for worker in self._workers:
            worker.cancel()

    def _hire(self) -> None:
        if len(self._workers) >= self.pace.connections:
            return
        loop = asyncio.get_running_loop()
        if self._connected and loop.time() < self._refused_until:
            return
        worker = loop.create_task(self._work())
        self._workers.add(worker)
        worker.add_done_callback(self._worker_ended)

    def _look_again(self) -> None:
        if self._patience is None and not self._jobs.empty():
            self._patience = asyncio.get_running_loop().call_later(PATIENCE, self._patience_ended)

    def _patience_ended(self) -> None:
        self._patience = None
        if not self._jobs.empty():
            self._hire()
            self._look_again()

    def _worker_ended(self, worker: "asyncio.Task[None]") -> None:
        self._workers.discard(worker)
        if worker.cancelled():
            return
        if problem := worker.exception():
            log.error("delivery_worker_failed", site=self.route.site, exc_info=problem)
        if not self._workers and not self._jobs.empty():
            self._hire()

    async def _work(self) -> None:
        session: Session | None = None
        try:
            while (job := await self._next_job(session)) is not None:
                if session is not None and not self._may_be_used(session):
                    await self._leave(session)
                    session = None
                if session is None:
                    session = await self._open(job)
                    if session is None:
                        return
                await self._deliver_or_defer(job, session)
        finally:
            if session is not None:
                await self._leave(session)

    async def _next_job(self, session: Session | None) -> Job | None:
        """A job, waited for only while a connection stands."""
        if not self._jobs.empty():
            return self._jobs.get_nowait()
        if session is None or not session.is_ready:
            return None
        self._idle += 1
        try:
            async with asyncio.timeout(self.pace.idle_seconds):
                return await self._jobs.get()
        except TimeoutError:
            return None
        finally:
            self._idle -= 1

    def _may_be_used(self, session: Session) -> bool:
        return session.is_ready and session.sent < self.pace.messages_per_connection

    async def _leave(self, session: Session) -> None:
        self._connected -= 1
        await session.quit()

    async def _open(self, job: Job) -> Session | None:
        """A session for `job`. When there is none, the job waits for another worker's, or fails with all that wait."""
        try:
            session = await open_session(self.route)
        except NoSession as none:
            self._no_session(job, none.ending, none.contact)
            return None
        except Exception:
            log.exception("connecting_failed", site=self.route.site)
            self._no_session(job, no_route_ending(NO_ROUTE_FOUND), NOBODY)
            return None
        self._connected += 1
        return session

    def _no_session(self, job: Job, ending: Ending, contact: Contact) -> None:
        if self._connected:
            self._refused_until = asyncio.get_running_loop().time() + REFUSED_FOR
            self._jobs.put_nowait(job)
            return
        for failed in (job, *self.take_back()):
            self._end(failed, ending, contact, None)

    async def _deliver_or_defer(self, job: Job, session: Session) -> None:
        try:
            await self._deliver(job, session)
        except Exception:
            # A fault of ours must neither lose the message nor hold its lease for ever.
            log.exception("delivery_failed", message=job.claim.message_id)
            session.abort()
            self._end(job, no_route_ending(NO_ROUTE_FOUND), contact_of(session), None)

    async def _deliver(self, job: Job, session: Session) -> None:
        try:
            composed = job.compose()
        except Undeliverable as problem:
            self._end(job, problem.ending, NOBODY, None)
            return
        claim = job.claim
        transaction = Transaction(
            job.reverse_path,
            (claim.recipient,),
            composed.message,
            body_8bit=claim.needs_8bit,
            smtputf8=claim.needs_smtputf8,
        )
        reused = session.sent > 0
        job.started_at = datetime.now(UTC)
        done = await session.send(transaction, lambda: self._marks.mark(claim))
        outcome = done.outcomes[0]
        if reused and not job.was_put_back and _is_stale(outcome, session):
            # The server closed a connection at rest; that says nothing about this message.
            job.was_put_back = True
            self._jobs.put_nowait(job)
            return
        self._end(job, ending_of(outcome, done.transcript), contact_of(session), composed.sha256)

    def _end(self, job: Job, ending: Ending, contact: Contact, content_sha256: bytes | None) -> None:
        now = datetime.now(UTC)
        self._report(
            result_of(job.claim, ending, contact, started_at=job.started_at, now=now, content_sha256=content_sha256)
        )


class NoSession(Exception):
    """No exchanger of the route took a connection; the ending and the contact are the last one's."""

    def __init__(self, ending: Ending, contact: Contact) -> None:
        super().__init__(str(ending.reply))
        self.ending = ending
        self.contact = contact


async def open_session(route: Route) -> Session:
    """A session with the first exchanger that grants one, in order of preference. Raises `NoSession`."""
    failures: list[tuple[Ending, Contact]] = []
    for exchanger in route.exchangers:
        host = Contact(host=exchanger.host, preference=exchanger.preference)
        addresses = await addresses_of(exchanger, route)
        if isinstance(addresses, NoRoute):
            failures.append((no_route_ending(addresses), host))
            continue
        for address in addresses:
            try:
                return await Session.open(exchanger, address, route, settings.PLATFORM_DOMAIN)
            except OpeningFailed as failed:
                contact = Contact(host=exchanger.host, ip=_ip(address), preference=exchanger.preference)
                failures.append((ending_of_failure(failed.failure), contact))
    # One temporary failure leaves hope for the whole route.
    temporary = [one for one in failures if one[0].verdict.outcome is not Attempt.Outcome.BOUNCED]
    ending, contact = (temporary or failures)[-1]
    raise NoSession(ending, contact)


def no_route_ending(route: NoRoute) -> Ending:
    """What it means that there is no route."""
    return Ending(route.verdict, Phase.DNS, route.reply, is_local=True)


def contact_of(session: Session) -> Contact:
    """Whom a session spoke to."""
    return Contact(
        host=session.exchanger.host,
        ip=session.address,
        preference=session.exchanger.preference,
        source_ip=session.source_ip,
        tls=session.tls,
        timing=dict(session.timing),
    )


def _is_stale(outcome: RecipientOutcome, session: Session) -> bool:
    lost = outcome.is_local or outcome.reply.code == 421
    return lost and not session.is_ready and outcome.phase in (ClientPhase.RSET, ClientPhase.MAIL)


def _ip(address: str) -> str | None:
    return address if address[:1].isdigit() or ":" in address else None
