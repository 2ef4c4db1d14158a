"""The world that a proof delivers to: mail exchangers, each on a loopback address of its own at one port, and the name
server that leads to them."""

import asyncio
import contextlib
import itertools
import re
import threading
from collections.abc import Iterable, Iterator, Mapping

from domains.nameserver import Record
from mailtrap_site.embedded.postgres import free_port
from mailtrap_site.testing import fake_mx
from mailtrap_site.testing.fake_dns import StoredZones, serving
from mailtrap_site.testing.fake_mx import Answer, FakeMx

ID_HEADER = "X-Proof-Id"
_ID = re.compile(rb"^" + ID_HEADER.encode() + rb": *([^\s]+)\r$", re.MULTILINE | re.IGNORECASE)


class Hold:
    """An answer that waits, the first time, until it is let go; `reached` tells that a connection waits for it."""

    def __init__(self, answer: str) -> None:
        self._answer = answer
        self._calls = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._let_go = asyncio.Event()
        self.reached = threading.Event()

    async def __call__(self, server: FakeMx, line: str) -> str:
        self._calls += 1
        if self._calls == 1:
            self._loop = asyncio.get_running_loop()
            self.reached.set()
            await self._let_go.wait()
        return self._answer

    def let_go(self) -> None:
        """From any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._let_go.set)


class Sinks:
    """Opens exchangers; `address` is the name server's, as `DNS_RESOLVERS` takes it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, zones: StoredZones, address: str) -> None:
        self.address = address
        self.port = free_port()
        self.listening: list[asyncio.Server] = []
        self._loop = loop
        self._zones = zones
        self._numbers = itertools.count(1)

    def open(self, domain: str, answers: Mapping[str, Answer] | None = None) -> FakeMx:
        """An exchanger that takes the mail of `domain`."""
        server = self.host(f"mx.{domain}", answers)
        self.record(domain, Record("MX", f"10 mx.{domain}"))
        return server

    def host(self, name: str, answers: Mapping[str, Answer] | None = None) -> FakeMx:
        """An exchanger named `name`, to which no domain leads yet."""
        server = FakeMx(answers or {}, host=self.unused_address(), port=self.port)
        self.listening.append(asyncio.run_coroutine_threadsafe(fake_mx.listen(server), self._loop).result(10))
        self.record(name, Record("A", server.host))
        return server

    def unused_address(self) -> str:
        """A loopback address at which nobody listens."""
        number = next(self._numbers)
        return f"127.9.{number // 250}.{number % 250 + 1}"

    def record(self, name: str, *records: Record) -> None:
        """Puts records at a name that nobody has asked for yet. The server may be reading, so the dict is replaced."""
        self._zones.names = {**self._zones.names, name: list(records)}


def received_ids(servers: Iterable[FakeMx]) -> list[str]:
    """The ids of the mails whose final dot came, as often as they came."""
    return [id_of(mail.content) for server in servers for mail in list(server.complete)]


def id_of(content: bytes) -> str:
    """What the id's header says; empty without one."""
    found = _ID.search(content)
    return found[1].decode() if found else ""


@contextlib.contextmanager
def running() -> Iterator[Sinks]:
    """The sinks' event loop and the name server, for as long as the proof lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sinks", daemon=True)
    thread.start()
    zones = StoredZones({})
    with serving(zones) as address:
        sinks = Sinks(loop, zones, address)
        try:
            yield sinks
        finally:
            asyncio.run_coroutine_threadsafe(fake_mx.stop(*sinks.listening), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(5)
            loop.close()
