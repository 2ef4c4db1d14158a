"""Delivers claimed messages over few connections that are used again, each message with its evidence."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from django.conf import settings

from sending.delivery.evidence import NOBODY, Contact, Ending, ending_of, result_of
from sending.delivery.job import Ends, Job, Undeliverable
from sending.delivery.marks import Marks
from sending.delivery.opening import NoSession, contact_of, no_route_ending, open_session
from sending.delivery.routes import NO_ROUTE_FOUND, Route, fallback_of
from sending.delivery.session import Session
from sending.delivery.sites import Site
from sending.delivery.waiting_jobs import WaitingJobs
from sending.models import Attempt
from sending.protocol.smtp_client_events import ClientPhase, RecipientOutcome, Transaction
from sending.replies.asks import Asks

log = structlog.get_logger(__name__)

JOBS_PER_CONNECTION = 5
"""Another connection is opened when more than this wait for each that stands…"""
PATIENCE = 0.2
"""… or when a job has waited this many seconds: one slow conversation must not hold up the next."""
REFUSED_FOR = 5.0
"""Seconds without another connection after a site has granted some and refused one more."""
NO_CONNECTION_FOR = 3.0
"""Seconds without any, since others have them all; then the jobs go back to the queue, where those others find them…"""
GIVEN_BACK_FOR = timedelta(seconds=1)
"""… for so long at least."""

STUCK_FOR = 10.0
"""Seconds after which jobs that nobody has begun make room for other sites' mail: all of them where conversations have
not moved for so long, else those behind …"""
MOST_WAITING = 100
"""… so many, which keep the connections busy meanwhile, or fail with the attempt to connect."""
STUCK_JOBS_REST = timedelta(seconds=5)
"""How long what made room waits in the queue at least: as long as nothing moves here, up to …"""
LONGEST_REST = timedelta(minutes=5)


class Pool:
    """The connections of one worker process by one route, and the jobs that wait for them."""

    def __init__(self, route: Route, site: Site, marks: Marks, ends: Ends) -> None:
        self.route = route
        self.site = site
        self._marks = marks
        self._ends = ends
        self._jobs = WaitingJobs()
        self._workers: set[asyncio.Task[None]] = set()
        self._opening = 0
        self._refused_until = 0.0
        self._without_since: float | None = None
        self._patience: asyncio.TimerHandle | None = None
        site.used(1)

    def put(self, jobs: Sequence[Job]) -> None:
        """Queues jobs and sees to it that somebody does them."""
        if (until := self.site.rests_until()) is not None:
            self._ends.put_back(jobs, until, self.site.pace.why)
            self._leave_if_unused()
            return
        for job in jobs:
            self._jobs.put(job)
            if not self._workers or len(self._jobs) > JOBS_PER_CONNECTION * len(self._workers):
                self._hire()
        self._look_again()

    def take_back(self) -> list[Job]:
        """Removes and returns the jobs that nobody has begun."""
        return self._jobs.take_back()

    def close(self) -> None:
        """Cuts everything."""
        if self._patience is not None:
            self._patience.cancel()
        for worker in self._workers:
            worker.cancel()

    # Workers, each with a connection.

    def _hire(self) -> None:
        loop = asyncio.get_running_loop()
        if self._workers and loop.time() < self._refused_until:
            return
        if not self.site.may_connect:
            if not self._workers:
                self.site.waiting[self._ask_again] = None
                self._without_since = self._without_since or loop.time()
            return
        self.site.waiting.pop(self._ask_again, None)
        self._without_since = None
        self.site.connected()
        worker = loop.create_task(self._work())
        self._workers.add(worker)
        worker.add_done_callback(self._worker_ended)

    def _ask_again(self) -> None:
        if self._jobs:
            self._hire()

    def _look_again(self) -> None:
        if self._patience is None and self._jobs:
            self._patience = asyncio.get_running_loop().call_later(PATIENCE, self._patience_ended)

    def _patience_ended(self) -> None:
        self._patience = None
        loop = asyncio.get_running_loop()
        if not self._workers and self._without_since and loop.time() - self._without_since > NO_CONNECTION_FOR:
            self._put_back(datetime.now(UTC) + GIVEN_BACK_FOR)
            self._leave_if_unused()
            return
        self._make_room(self._jobs.still_for)
        if self._jobs:
            self._hire()
            self._look_again()

    def _make_room(self, still_for: float) -> None:
        """Many domains may have one slow site: none of them is busy, and yet together they would fill the worker."""
        if not self._jobs:
            return
        if still_for > STUCK_FOR and self._opening < len(self._workers):
            jobs, rest = self.take_back(), min(timedelta(seconds=still_for), LONGEST_REST)
        elif len(self._jobs) > MOST_WAITING and self._jobs.first_waits_for > STUCK_FOR:
            jobs, rest = self._jobs.take_back(but=MOST_WAITING), STUCK_JOBS_REST
        else:
            return
        log.info("site_is_slow", site=self.site.key, still_for=round(still_for))
        self._ends.put_back(jobs, datetime.now(UTC) + rest, self.site.pace.why)

    def _worker_ended(self, worker: "asyncio.Task[None]") -> None:
        self._workers.discard(worker)
        if worker.cancelled():
            return
        if problem := worker.exception():
            log.error("delivery_worker_failed", site=self.site.key, exc_info=problem)
        if not self._workers and self._jobs:
            self._hire()
            self._look_again()
        self._leave_if_unused()

    def _leave_if_unused(self) -> None:
        if self._workers or self._jobs:
            return
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        self.site.waiting.pop(self._ask_again, None)
        self.site.used(-1)
        self._ends.leave(self.route)

    async def _work(self) -> None:
        session: Session | None = None
        try:
            while (job := await self._next_job(session)) is not None:
                if session is not None and not self._may_be_used(session):
                    await session.quit()
                    session = None
                if session is None:
                    session = await self._open(job)
                    if session is None:
                        return
                await self._deliver_or_defer(job, session)
                if (until := self.site.rests_until()) is not None:
                    self._put_back(until)
                    return
                if self.site.has_too_many:
                    return
        finally:
            if session is not None:
                await session.quit()
            self.site.disconnected()

    async def _next_job(self, session: Session | None) -> Job | None:
        """A job, waited for only while a connection stands."""
        if (job := self._jobs.take()) is not None:
            return job
        if session is None or not session.is_ready:
            return None
        return await self._jobs.wait(self.site.idle_seconds)

    def _may_be_used(self, session: Session) -> bool:
        return session.is_ready and session.sent < self.site.pace.messages_per_connection

    def _put_back(self, until: datetime) -> None:
        if jobs := self.take_back():
            self._ends.put_back(jobs, until, self.site.pace.why)

    # Without a connection.

    async def _open(self, job: Job) -> Session | None:
        """A session for `job`; when there is none, the job and those that wait are seen to."""
        self._opening += 1
        try:
            session = await open_session(self.route)
        except NoSession as none:
            self._no_session(job, none)
            return None
        except Exception:
            log.exception("connecting_failed", site=self.site.key)
            self._fail([job, *self.take_back()], no_route_ending(NO_ROUTE_FOUND), NOBODY)
            return None
        finally:
            self._opening -= 1
        return session

    def _no_session(self, job: Job, none: NoSession) -> None:
        """A refusal by the server counts for the job that was tried alone; a server that cannot be reached, for all."""
        asks = none.ending.verdict.asks
        others = self.site.standing - 1
        if len(self._workers) > 1 or (asks is Asks.FEWER and others > 0):
            # Another connection stands, or is still being tried: it decides.
            self._refused_until = asyncio.get_running_loop().time() + REFUSED_FOR
            self.site.complained(Asks.FEWER, why=str(none.ending.reply), standing=others)
            self._jobs.put_first(job)
            return
        failed = [job]
        if asks is not None:
            self.site.complained(asks, why=str(none.ending.reply), standing=others)
        if (until := self.site.rests_until()) is not None:
            self._put_back(until)
        elif none.was_answered and self.site.limits.learns:
            pass
        else:
            failed += self.take_back()
        if not none.was_answered and none.ending.verdict.outcome is Attempt.Outcome.DEFERRED:
            failed = self._not_led_elsewhere(failed)
        self._fail(failed, none.ending, none.contact)

    def _not_led_elsewhere(self, jobs: Sequence[Job]) -> list[Job]:
        """Leads what has waited long enough to the relay, where there is one as a fallback; returns the rest."""
        minutes = settings.ENVIRONMENT.relay_fallback_minutes
        rest = []
        now = datetime.now(UTC)
        for job in jobs:
            relay = fallback_of(self.route, job.claim.stream)
            if relay is None or now - job.claim.leaves_since < timedelta(minutes=minutes or 0):
                rest.append(job)
            else:
                self._ends.lead([job], relay)
        return rest

    def _fail(self, jobs: Sequence[Job], ending: Ending, contact: Contact) -> None:
        for job in jobs:
            self._end(job, ending, contact, None)

    # With one.

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
        job.started_at = datetime.now(UTC)
        done = await session.send(transaction, partial(self._marks.mark, claim))
        outcome = done.outcomes[0]
        ending = ending_of(outcome, done.transcript)
        if ending.verdict.outcome is Attempt.Outcome.DELIVERED:
            self.site.succeeded()
        elif self._is_about_the_connection(outcome, ending, session) and not job.was_put_back:
            job.was_put_back = True
            self._jobs.put_first(job)
            return
        elif ending.verdict.asks is not None:
            standing = self.site.standing - (not session.is_ready)
            self.site.complained(ending.verdict.asks, why=str(ending.reply), standing=standing, sent=session.sent - 1)
        self._end(job, ending, contact_of(session), composed.sha256)

    def _is_about_the_connection(self, outcome: RecipientOutcome, ending: Ending, session: Session) -> bool:
        """Whether the server closed a connection at rest, or wants no more on this one: that is no word about the
        message, which another connection takes."""
        taken = session.sent - 1
        if taken and ending.verdict.asks is Asks.SHORTER and outcome.phase is not ClientPhase.FINAL_DOT:
            self.site.complained(Asks.SHORTER, why=str(ending.reply), standing=self.site.standing, sent=taken)
            return True
        was_lost = outcome.is_local or outcome.reply.code == 421
        at_rest = outcome.phase in (ClientPhase.RSET, ClientPhase.MAIL)
        return bool(taken) and was_lost and not session.is_ready and at_rest

    def _end(self, job: Job, ending: Ending, contact: Contact, content_sha256: bytes | None) -> None:
        now = datetime.now(UTC)
        self._ends.report(
            result_of(job.claim, ending, contact, started_at=job.started_at, now=now, content_sha256=content_sha256)
        )
