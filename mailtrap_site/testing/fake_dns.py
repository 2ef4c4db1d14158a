"""Our own name server on a loopback port with zones held in memory, and the resolver pointed at it."""

import asyncio
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread

from django.conf import settings
from django.db import connections
from django.test import override_settings

from domains import resolver
from domains.nameserver import NameServer, Record, ZoneSource


class StoredZones:
    """Records by name, and the apexes that they belong to; the root by default, so that every other name is denied."""

    def __init__(self, names: Mapping[str, Sequence[Record]], apexes: Sequence[str] = ("",)) -> None:
        self.names = {name: list(records) for name, records in names.items()}
        self.apexes = apexes

    def apex(self, name: str) -> str | None:
        return next((apex for apex in self.apexes if not apex or name == apex or name.endswith("." + apex)), None)

    def records(self, name: str) -> Iterable[Record]:
        stored = self.names.get(name, [])
        if name in self.apexes and not any(record.type == "SOA" for record in stored):
            return [*stored, Record("SOA", "ns1.test hostmaster.test 1 3600 600 604800 30")]
        return stored

    def has_below(self, name: str) -> bool:
        return any(not name or other.endswith("." + name) for other in self.names)


class FailingZones(StoredZones):
    """A zone that cannot be read: its server answers SERVFAIL."""

    def records(self, name: str) -> Iterable[Record]:
        raise LookupError(name)


@contextmanager
def serving(zone: ZoneSource) -> Iterator[str]:
    """Serve `zone` on a free port of the loopback by UDP and TCP; gives "127.0.0.1:port"."""
    loop = asyncio.new_event_loop()
    started = Event()
    ports: list[int] = []

    def run() -> None:
        # One thread, so that the connection it may have opened to the database can be closed.
        with ThreadPoolExecutor(1) as executor:
            server = NameServer(zone, executor)
            ports.append(loop.run_until_complete(server.start("127.0.0.1", 0)))
            started.set()
            loop.run_forever()
            loop.run_until_complete(server.stop())
            if settings.configured:
                executor.submit(connections.close_all).result()

    thread = Thread(target=run, name="fake-dns", daemon=True)
    thread.start()
    assert started.wait(5), "the name server did not start"
    try:
        yield f"127.0.0.1:{ports[0]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@contextmanager
def silent_server() -> Iterator[str]:
    """A port that swallows every question."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def resolving_at(*addresses: str, public: Sequence[str] = ()) -> Iterator[None]:
    """Point the resolver at these servers for a while; the world's eyes are `public`, or else the same."""
    domain_settings = replace(settings.ENVIRONMENT.domains, public_resolvers=tuple(public) or addresses)
    environment = replace(settings.ENVIRONMENT, dns_resolvers=addresses, domains=domain_settings)
    with override_settings(ENVIRONMENT=environment):
        resolver.forget_cached()
        try:
            yield
        finally:
            resolver.forget_cached()


@contextmanager
def resolving(zone: ZoneSource) -> Iterator[None]:
    """Serve `zone` and ask nobody else."""
    with serving(zone) as address, resolving_at(address):
        yield
