"""Listening sockets of an SMTP server, its TLS, and its end: SIGTERM means no new connection, and 421 for idle ones."""

import asyncio
import contextlib
import signal
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailtrap_site import open_files
from mailtrap_site.client_address import network_of
from sending.listener.connection import Connection, Handler, NamedTls
from sending.listener.crowd import Crowd, Limits
from sending.models.shared_counts import SharedCounts
from sending.protocol.reply import Reply
from sending.protocol.smtp_server_events import ServerConfig, ServerTls

BACKLOG = 512
HANDSHAKE_SECONDS = 30.0
ACCEPT_AGAIN = 0.1
"""Seconds to wait where the system gives no further socket."""


@dataclass(frozen=True, slots=True)
class Port:
    """One listening address. Port 0 takes a free one; `Listener.addresses` tells which."""

    host: str
    port: int
    config: ServerConfig
    make_handler: Callable[[Connection], Handler]


class Listener:
    """Serves all its ports on the running event loop. `context` is needed as soon as a port has TLS.

    `addresses` counts connections by address, and those of other processes too where somebody exchanges it.
    `turn_away` answers why nobody may connect at present, or None.
    """

    def __init__(
        self,
        ports: Sequence[Port],
        context: ssl.SSLContext | None,
        limits: Limits | None = None,
        *,
        reuse_port: bool = False,
        addresses: SharedCounts | None = None,
        turn_away: Callable[[], Reply | None] = lambda: None,
    ) -> None:
        self._ports = ports
        self._context = context
        self._limits = limits or Limits()
        self._reuse_port = reuse_port
        self._crowd: Crowd[Connection] = Crowd(self._limits, addresses or SharedCounts("smtp-address"), turn_away)
        self._servers: list[asyncio.Server] = []
        self._tls_sockets: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.handshakes: Counter[str] = Counter()
        """Connections of implicit TLS whose handshake goes on, by address: who never ends it is counted as well."""
        self.addresses: list[tuple[str, int]] = []

    async def start(self) -> None:
        """Raises OSError where an address is taken."""
        loop = asyncio.get_running_loop()
        for port in self._ports:
            if port.config.tls is ServerTls.IMPLICIT:
                listening = self._listen_for_tls(port)
            else:
                server = await loop.create_server(
                    self._factory(port), port.host, port.port, backlog=BACKLOG, reuse_port=self._reuse_port or None
                )
                self._servers.append(server)
                listening = server.sockets[0]
            host, number = listening.getsockname()[:2]
            self.addresses.append((host, number))

    async def stop(self) -> None:
        """Takes no new connection, lets what is under way finish for `drain_seconds`, then cuts."""
        for task in list(self._tasks):
            task.cancel()
        for listening in self._tls_sockets:
            listening.close()
        for server in self._servers:
            server.close()
        for connection in list(self._crowd.connections):
            connection.drain()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._crowd.is_empty.wait(), self._limits.drain_seconds)
        for connection in list(self._crowd.connections):
            connection.abort()
        await asyncio.sleep(0)

    def _listen_for_tls(self, port: Port) -> socket.socket:
        """Sockets are accepted here, since asyncio's own server tells of a connection only after its handshake."""
        family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
        listening = socket.create_server(
            (port.host, port.port), family=family, backlog=BACKLOG, reuse_port=self._reuse_port
        )
        listening.setblocking(False)
        self._tls_sockets.append(listening)
        self._spawn(self._accept(listening, port))
        return listening

    async def _accept(self, listening: socket.socket, port: Port) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                peer, address = await loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(ACCEPT_AGAIN)
                continue
            client = network_of(address[0])
            is_full = self.handshakes.total() >= self._limits.connections
            if is_full or self.handshakes[client] >= self._limits.connections_an_address:
                peer.close()
                continue
            self.handshakes[client] += 1
            self._spawn(self._shake_hands(peer, client, port))

    async def _shake_hands(self, peer: socket.socket, client: str, port: Port) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._factory(port), peer, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_SECONDS
            )
        except (OSError, ssl.SSLError):
            peer.close()
        finally:
            self.handshakes[client] -= 1
            if not self.handshakes[client]:
                del self.handshakes[client]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _factory(self, port: Port) -> Callable[[], Connection]:
        return lambda: Connection(port.config, port.make_handler, self._crowd, self._context)


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """A server's context: TLS 1.2 and later (RFC 8314). Raises OSError or ssl.SSLError for unreadable files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.sslobject_class = NamedTls
    context.sni_callback = _note_name
    return context


def _note_name(secured: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
    if isinstance(secured, NamedTls) and name is not None:
        secured.asked_name = name.lower()


def run(listener: Listener, ready: Callable[[Sequence[tuple[str, int]]], None]) -> None:
    """Serves until SIGTERM or SIGINT, which it leaves blocked, on uvloop if installed. `ready` hears the addresses."""
    open_files.allow_many()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(listener, ready))


async def _serve(listener: Listener, ready: Callable[[Sequence[tuple[str, int]]], None]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await listener.start()
    ready(listener.addresses)
    await stopped.wait()
    await listener.stop()
    # From here on the signals would end the process at once; what follows a stop is to be done in peace.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    with contextlib.suppress(ImportError):
        import uvloop

        return uvloop.new_event_loop
    return None
