"""One SMTP connection: carries bytes between socket and session, and questions between session and handler."""

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, cast

import structlog

from sending.listener.crowd import Crowd
from sending.protocol.reply import Reply
from sending.protocol.smtp_server import ServerSession
from sending.protocol.smtp_server_events import (
    SERVER_TIMEOUTS,
    Closed,
    Question,
    ServerConfig,
    ServerEvent,
    ServerPhase,
    StartTls,
)

log = structlog.get_logger(__name__)

Verdict = Reply | None
"""None accepts with the session's own words, a positive reply accepts with others, any other reply refuses."""

LAST_REPLY_SECONDS = 10.0
LEAST_CONTENT_OCTETS = 65_536
"""Of content within each time-out: 364 octets a second over three minutes. A byte now and then is not enough."""
TIMED_OUT = Reply(421, "4.4.2", ("Timeout; closing connection",))
FAILED = Reply(451, "4.3.0", ("Internal error; try again later",))


class Handler(Protocol):
    """Decides for one connection. Runs on the event loop: it never blocks, and never lets an exception out."""

    def decide(self, question: Question) -> Verdict | Awaitable[Verdict]:
        """The verdict, at once or later; while it is awaited the client waits too."""

    def closed(self) -> None:
        """The connection is gone; called once."""


class NamedTls(ssl.SSLObject):
    """Keeps the host name that the client asked for (SNI, RFC 6066 3), in lower case; "" where it named none."""

    asked_name = ""


class Connection(asyncio.Protocol):
    """For its handler: `client_ip`, `session`, `tls`, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`, None for plain, and
    `asked_name`, the host name of ours that the client named in its handshake, or ""."""

    def __init__(
        self,
        config: ServerConfig,
        make_handler: "Callable[[Connection], Handler]",
        crowd: "Crowd[Connection]",
        context: ssl.SSLContext | None,
    ) -> None:
        self.session = ServerSession(config, crowd.memory)
        self.client_ip = ""
        self.tls: str | None = None
        self.asked_name = ""
        self._make_handler = make_handler
        self._crowd = crowd
        self._context = context
        self._handler: Handler | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._asked_at = 0.0
        """When the client last got a reply; since then it is expected to say something whole."""
        self._heard_octets = 0
        """What it has sent since."""
        self._login_by: float | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio's, but not its base class.
        self._transport = transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self.client_ip = peer[0] if peer else ""
        self._note_tls(transport)
        refusal = self._crowd.enter(self, self.client_ip)
        if refusal is not None:
            self._follow(self.session.shutdown(refusal))
            return
        self._handler = self._make_handler(self)
        self._wait_for_client()
        self._follow(self.session.greet())

    def data_received(self, data: bytes) -> None:
        self._heard_octets += len(data)
        self._follow(self.session.feed(data))
        if not self.session.wants_input and self._transport is not None:
            self._transport.pause_reading()

    def pause_writing(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        if self._transport is not None and self.session.wants_input:
            self._transport.resume_reading()

    def connection_lost(self, problem: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._transport = None
        self._crowd.leave(self, self.client_ip)
        # The handler may hold a mail's content until its answer; then `_answer_later` gives the memory back.
        if self.session.phase is not ServerPhase.DECISION:
            self.session.abandon()
        if self._handler is not None:
            handler, self._handler = self._handler, None
            handler.closed()

    def drain(self) -> None:
        """Says 421 as soon as nothing is under way: a message whose content is coming is still taken."""
        self._follow(self.session.shutdown())

    def abort(self) -> None:
        """Cuts the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _follow(self, events: Iterable[ServerEvent]) -> None:
        """Does what the session says, up to a question that takes time."""
        waiting = deque(events)
        while waiting:
            event = waiting.popleft()
            if isinstance(event, StartTls):
                self._task = self._loop.create_task(self._shake_hands())
                return
            if isinstance(event, Closed):
                self._flush()
                self._close()
                return
            if self._handler is None:
                return
            verdict = self._decide(event)
            if verdict is not None and not isinstance(verdict, Reply):
                self._flush()
                self._task = self._loop.create_task(self._answer_later(verdict))
                return
            waiting.extend(self._answer(verdict))
        self._flush()

    def _decide(self, question: Question) -> Verdict | Awaitable[Verdict]:
        assert self._handler is not None
        try:
            return self._handler.decide(question)
        except Exception:
            log.exception("smtp_decision_failed")
            return FAILED

    def _answer(self, verdict: Verdict) -> Iterable[ServerEvent]:
        if verdict is None:
            return self.session.accept()
        if verdict.is_positive:
            return self.session.accept(verdict)
        return self.session.reject(verdict)

    async def _answer_later(self, pending: Awaitable[Verdict]) -> None:
        try:
            verdict = await pending
        except Exception:
            log.exception("smtp_decision_failed")
            verdict = FAILED
        self._task = None
        if self._transport is None:
            self.session.abandon()
            return
        if self.session.phase is ServerPhase.DECISION:
            self._follow(self._answer(verdict))
        if self.session.wants_input and self._transport is not None:
            self._transport.resume_reading()

    async def _shake_hands(self) -> None:
        """STARTTLS (RFC 3207). Reading stops before the 220 leaves: nothing but the handshake may be read after it."""
        transport = self._transport
        assert transport is not None and self._context is not None
        transport.pause_reading()
        self._flush()
        try:
            secured = await self._loop.start_tls(
                transport,
                self,
                self._context,
                server_side=True,
                ssl_handshake_timeout=SERVER_TIMEOUTS[ServerPhase.TLS],
            )
        except Exception as problem:
            log.info("smtp_tls_failed", problem=type(problem).__name__)
            transport.abort()
            # asyncio tells nobody when a connection ends inside a handshake.
            self.connection_lost(problem)
            return
        if secured is None or self._handler is None:
            self.connection_lost(None)
            return
        self._transport = secured
        self._note_tls(secured)
        self._task = None
        self._expect()
        self._follow(self.session.tls_established())

    def _flush(self) -> None:
        data = self.session.outgoing()
        if data and self._transport is not None:
            self._transport.write(data)
            self._expect()

    def _close(self) -> None:
        if self._transport is None:
            return
        self._transport.close()
        if self._timer is not None:
            self._timer.cancel()
        # A client that does not read its last reply either would hold the socket for ever.
        self._timer = self._loop.call_later(LAST_REPLY_SECONDS, self.abort)

    def _note_tls(self, transport: asyncio.Transport) -> None:
        secured: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if secured is not None:
            cipher = secured.cipher()
            self.tls = f"{secured.version()} {cipher[0] if cipher else ''}".strip()
            self.asked_name = secured.asked_name if isinstance(secured, NamedTls) else ""

    def _wait_for_client(self) -> None:
        """One timer a connection, moved when it fires rather than at each byte."""
        self._expect()
        if self.session.config.require_auth:
            self._login_by = self._asked_at + self._crowd.login_seconds
        self._timer = self._loop.call_later(min(SERVER_TIMEOUTS.values()), self._look_at_clock)

    def _expect(self) -> None:
        self._asked_at = self._loop.time()
        self._heard_octets = 0

    def _look_at_clock(self) -> None:
        left = self._seconds_left(self._loop.time())
        if left > 0:
            self._timer = self._loop.call_later(max(left, 0.05), self._look_at_clock)
            return
        self._follow(self.session.shutdown(TIMED_OUT, at_once=True))

    def _seconds_left(self, now: float) -> float:
        """Until the client is too late: with a whole command (RFC 5321 4.5.3.2.7), enough content, or its AUTH."""
        phase = self.session.phase
        allowed = SERVER_TIMEOUTS.get(phase)
        if self._task is not None or allowed is None:
            # While we are the ones who think, the client is not late.
            return min(SERVER_TIMEOUTS.values())
        left = self._asked_at + allowed - now
        if left <= 0 and phase is ServerPhase.DATA and self._heard_octets >= LEAST_CONTENT_OCTETS:
            self._expect()
            left = allowed
        if self._login_by is not None and self.session.username is None:
            left = min(left, self._login_by - now)
        return left
