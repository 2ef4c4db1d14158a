"""Listening sockets of an SMTP server, its TLS, and its end: SIGTERM means no new connection, and 421 for idle ones."""

import asyncio
import contextlib
import signal
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from sending.listener.connection import Connection, Crowd, Handler
from sending.protocol.smtp_server_events import ServerConfig, ServerTls

log = structlog.get_logger(__name__)

BACKLOG = 512


@dataclass(frozen=True, slots=True)
class Port:
    """One listening address. Port 0 takes a free one; `Listener.addresses` tells which."""

    host: str
    port: int
    config: ServerConfig
    make_handler: Callable[[Connection], Handler]


@dataclass(frozen=True, slots=True)
class Limits:
    """Connections at a time of one process, and seconds that a stop waits for what is under way."""

    connections: int = 1000
    connections_an_address: int = 10
    drain_seconds: float = 30.0


class Listener:
    """Serves all its ports on the running event loop. `context` is needed as soon as a port has TLS."""

    def __init__(
        self,
        ports: Sequence[Port],
        context: ssl.SSLContext | None,
        limits: Limits | None = None,
        *,
        reuse_port: bool = False,
    ) -> None:
        self._ports = ports
        self._context = context
        self._limits = limits or Limits()
        self._reuse_port = reuse_port
        self._crowd = Crowd(most=self._limits.connections, most_an_address=self._limits.connections_an_address)
        self._servers: list[asyncio.Server] = []
        self.addresses: list[tuple[str, int]] = []

    async def start(self) -> None:
        """Raises OSError where an address is taken."""
        loop = asyncio.get_running_loop()
        for port in self._ports:
            implicit = port.config.tls is ServerTls.IMPLICIT
            server = await loop.create_server(
                self._factory(port),
                port.host,
                port.port,
                ssl=self._context if implicit else None,
                ssl_handshake_timeout=60.0 if implicit else None,
                backlog=BACKLOG,
                reuse_port=self._reuse_port or None,
            )
            self._servers.append(server)
            host, number = server.sockets[0].getsockname()[:2]
            self.addresses.append((host, number))

    async def stop(self) -> None:
        """Takes no new connection, lets what is under way finish for `drain_seconds`, then cuts."""
        for server in self._servers:
            server.close()
        for connection in list(self._crowd.connections):
            connection.drain()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._crowd.is_empty.wait(), self._limits.drain_seconds)
        for connection in list(self._crowd.connections):
            connection.abort()
        await asyncio.sleep(0)

    def _factory(self, port: Port) -> Callable[[], Connection]:
        return lambda: Connection(port.config, port.make_handler, self._crowd, self._context)


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """A server's context: TLS 1.2 and later (RFC 8314). Raises OSError or ssl.SSLError for unreadable files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def run(
    listener: Listener,
    ready: Callable[[Sequence[tuple[str, int]]], None],
    ended: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT, on uvloop if installed. `ready` hears the addresses, `ended` is awaited last."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(listener, ready, ended))


async def _serve(
    listener: Listener,
    ready: Callable[[Sequence[tuple[str, int]]], None],
    ended: Callable[[], Awaitable[None]] | None,
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await listener.start()
    ready(listener.addresses)
    await stopped.wait()
    await listener.stop()
    if ended is not None:
        await ended()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    with contextlib.suppress(ImportError):
        import uvloop

        return uvloop.new_event_loop
    return None
