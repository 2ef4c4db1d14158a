"""One connection to one mail server: the asyncio shell of the sans-IO client, with the timeouts of RFC 5321 4.5.3.2."""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterable
from typing import TypeVar, cast

from sending.delivery.routes import Exchanger, Route
from sending.delivery.tls_policy import context, description
from sending.protocol.reply import Reply
from sending.protocol.smtp_client import ClientSession
from sending.protocol.smtp_client_events import (
    CLIENT_TIMEOUTS,
    ClientClosed,
    ClientConfig,
    ClientEvent,
    ClientPhase,
    ClientTls,
    Ready,
    ReadyForFinalDot,
    SessionFailed,
    StartClientTls,
    Transaction,
    TransactionDone,
)

T = TypeVar("T")

BeforeFinalDot = Callable[[Callable[[bool], None]], None]
"""Called when all but the final dot has been written, and told whom to answer; False gives the transaction up."""

LEASE_LOST = "The delivery was given up before its end"
WRITE_BUFFER = 256 * 1024


class OpeningFailed(Exception):
    """No session came about; `failure` says where and why. `in_tls`: the handshake itself failed."""

    def __init__(self, failure: SessionFailed, *, in_tls: bool = False) -> None:
        super().__init__(str(failure.reply))
        self.failure = failure
        self.in_tls = in_tls


class Session(asyncio.Protocol):
    """Evidence of the attempt: `address`, `source_ip`, `tls`, `timing` in milliseconds; `sent` counts transactions."""

    def __init__(self, exchanger: Exchanger, address: str, config: ClientConfig, *, verify: bool) -> None:
        self.exchanger = exchanger
        self.address = address
        self.source_ip: str | None = None
        self.tls: str | None = None
        self.timing: dict[str, int] = {}
        self.sent = 0
        self._client = ClientSession(config)
        self._verify = verify
        self._transport: asyncio.Transport | None = None
        self._opening: asyncio.Future[SessionFailed | None] | None = None
        self._sending: asyncio.Future[TransactionDone] | None = None
        self._before_final_dot: BeforeFinalDot | None = None
        self._written: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiting_since = 0.0
        self._tls_failed = False

    @classmethod
    async def open(
        cls, exchanger: Exchanger, address: str, route: Route, hostname: str, *, local_ip: str | None = None
    ) -> "Session":
        """A session that is ready for transactions, from `local_ip` if one is given. Raises `OpeningFailed`."""
        try:
            return await cls._open(exchanger, address, route, hostname, route.tls.mode, local_ip)
        except OpeningFailed as failed:
            if not (failed.in_tls and route.tls.may_fall_back):
                raise
        # RFC 7435: what cannot be encrypted is sent in the clear rather than not at all.
        return await cls._open(exchanger, address, route, hostname, ClientTls.NEVER, local_ip)

    @classmethod
    async def _open(
        cls, exchanger: Exchanger, address: str, route: Route, hostname: str, mode: ClientTls, local_ip: str | None
    ) -> "Session":
        config = ClientConfig(hostname, mode, route.login, allow_plaintext_auth=mode is ClientTls.NEVER)
        session = cls(exchanger, address, config, verify=route.tls.verify)
        failure = await (await session._connect(local_ip))
        if failure is not None:
            raise OpeningFailed(failure, in_tls=session._tls_failed)
        return session

    @property
    def is_ready(self) -> bool:
        """Whether another transaction may be sent."""
        return self._transport is not None and self._client.phase is ClientPhase.READY

    async def send(self, transaction: Transaction, before_final_dot: BeforeFinalDot) -> TransactionDone:
        """One transaction, to its end; never raises. `is_ready` says whether the connection can be used again."""
        started = time.monotonic()
        self._before_final_dot = before_final_dot
        self._sending = asyncio.get_running_loop().create_future()
        self._follow(self._client.start(transaction))
        try:
            return await self._sending
        finally:
            self.sent += 1
            self._sending = self._before_final_dot = None
            self.timing["answer"] = _since(started)

    async def quit(self) -> None:
        """Says QUIT, and closes without waiting long for the answer."""
        if self.is_ready:
            self._follow(self._client.quit())
        transport = self._transport
        if transport is not None:
            asyncio.get_running_loop().call_later(CLIENT_TIMEOUTS[ClientPhase.QUIT], transport.abort)

    def abort(self) -> None:
        """Cuts the connection."""
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._take(cast(asyncio.Transport, transport))

    def data_received(self, data: bytes) -> None:
        phase = self._client.phase
        events = self._client.feed(data)
        # Only what moves the dialogue counts: a line a minute must not hold a message for ever.
        if self._client.phase is not phase:
            self._waiting_since = time.monotonic()
        self._follow(events)

    def connection_lost(self, problem: Exception | None) -> None:
        self._lost("The connection was closed by the other side" if problem is None else f"Connection lost: {problem}")

    def pause_writing(self) -> None:
        if self._written is None:
            self._written = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        self._waiting_since = time.monotonic()
        if self._written is not None and not self._written.done():
            self._written.set_result(None)
        self._written = None

    # Opening.

    async def _connect(self, local_ip: str | None) -> "asyncio.Future[SessionFailed | None]":
        """What the opening ends with, later. Raises `OpeningFailed` where no connection came about."""
        loop = asyncio.get_running_loop()
        started = time.monotonic()
        self._opening = loop.create_future()
        implicit = self._client.config.tls is ClientTls.IMPLICIT
        tls = context(verify=self._verify) if implicit else None
        name = self.exchanger.host if implicit else None
        try:
            async with asyncio.timeout(CLIENT_TIMEOUTS[ClientPhase.CONNECT]):
                await loop.create_connection(
                    lambda: self,
                    self.address,
                    self.exchanger.port,
                    ssl=tls,
                    server_hostname=name,
                    local_addr=(local_ip, 0) if local_ip is not None else None,
                )
        except (OSError, ssl.SSLError) as problem:
            self._opening.cancel()
            raise OpeningFailed(_not_connected(problem, self), in_tls=isinstance(problem, ssl.SSLError)) from problem
        self.timing["connect"] = _since(started)
        self._waiting_since = time.monotonic()
        self._timer = loop.call_later(1.0, self._look_at_clock)
        return self._opening

    def _take(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(high=WRITE_BUFFER, low=0)
        if self.source_ip is None:
            own = transport.get_extra_info("sockname")
            peer = transport.get_extra_info("peername")
            # Without the zone of a link-local address, which no column for addresses takes.
            self.source_ip = own[0].partition("%")[0] if own else None
            self.address = peer[0].partition("%")[0] if peer else self.address
        secured: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if secured is not None:
            self.tls = description(secured, verified=self._verify)

    async def _shake_hands(self) -> None:
        started = time.monotonic()
        transport = self._transport
        assert transport is not None
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport,
                self,
                context(verify=self._verify),
                server_hostname=self.exchanger.host,
                ssl_handshake_timeout=CLIENT_TIMEOUTS[ClientPhase.TLS],
            )
        except (OSError, ssl.SSLError) as problem:
            self._tls_failed = True
            transport.abort()
            self._lost(f"The TLS handshake failed: {_reason(problem)}")
            return
        if secured is None:
            self._lost("The connection was closed during the TLS handshake")
            return
        self._take(secured)
        self.timing["tls"] = _since(started)
        self._follow(self._client.tls_established())

    # Events.

    def _follow(self, events: Iterable[ClientEvent]) -> None:
        self._flush()
        for event in events:
            match event:
                case Ready():
                    _settle(self._opening, None)
                case SessionFailed():
                    _settle(self._opening, event)
                case StartClientTls():
                    self._task = asyncio.get_running_loop().create_task(self._shake_hands())
                case ReadyForFinalDot():
                    self._finish_content()
                case TransactionDone():
                    _settle(self._sending, event)
                case ClientClosed():
                    self._close()

    def _finish_content(self) -> None:
        """Asks for leave to send the final dot, once the content has left our buffers."""
        if self._written is not None:
            self._written.add_done_callback(lambda _: self._ask_for_final_dot())
        else:
            self._ask_for_final_dot()

    def _ask_for_final_dot(self) -> None:
        ask, number = self._before_final_dot, self.sent
        if ask is not None and self._client.phase is ClientPhase.CONTENT:
            ask(lambda agreed: self._final_dot(number, agreed))

    def _final_dot(self, number: int, agreed: bool) -> None:
        if number != self.sent or self._client.phase is not ClientPhase.CONTENT:
            return
        if agreed:
            self._follow(self._client.send_final_dot())
        else:
            # An open DATA can only be left by closing the connection.
            self._lost(LEASE_LOST)
            self.abort()

    def _flush(self) -> None:
        data = self._client.outgoing()
        if data and self._transport is not None and not self._transport.is_closing():
            self._waiting_since = time.monotonic()
            self._transport.write(data)

    def _lost(self, reason: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._transport = None
        if self._written is not None and not self._written.done():
            self._written.set_result(None)
        self._follow(self._client.connection_lost(reason))

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
            asyncio.get_running_loop().call_later(CLIENT_TIMEOUTS[ClientPhase.QUIT], transport.abort)

    def _look_at_clock(self) -> None:
        """One timer a connection, moved when it fires rather than at each byte."""
        if self._transport is None:
            return
        loop = asyncio.get_running_loop()
        phase = self._client.phase
        allowed = CLIENT_TIMEOUTS.get(phase)
        # A session at rest waits for us; one before its final dot waits for our own ledger.
        if allowed is None or (phase is ClientPhase.CONTENT and self._written is None):
            self._timer = loop.call_later(1.0, self._look_at_clock)
            return
        left = self._waiting_since + allowed - time.monotonic()
        if left > 0:
            self._timer = loop.call_later(min(left, 30.0), self._look_at_clock)
            return
        transport = self._transport
        self._lost(f"No answer within {allowed:g} seconds")
        if transport is not None:
            transport.abort()


def _settle(future: "asyncio.Future[T] | None", value: T) -> None:
    if future is not None and not future.done():
        future.set_result(value)


def _not_connected(problem: Exception, session: Session) -> SessionFailed:
    where = f"{session.exchanger.host} [{session.address}]:{session.exchanger.port}"
    why = "no answer in time" if isinstance(problem, TimeoutError) else _reason(problem)
    reply = Reply(451, "4.4.1", (f"Could not connect to {where}: {why}",))
    return SessionFailed(reply, ClientPhase.CONNECT, True, ())


def _reason(problem: Exception) -> str:
    """The system's words, in one printable line."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"certificate not accepted ({problem.verify_message})"
    text = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
    return "".join(character if character.isprintable() else " " for character in str(text))


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
