"""Who may connect: the limits of one listener, and its connections counted by address."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from mailtrap_site.client_address import network_of
from mailtrap_site.environment import Environment
from sending.models.shared_counts import SharedCounts
from sending.protocol.memory import MemoryBudget
from sending.protocol.reply import Reply

TOO_MANY_CONNECTIONS = Reply(421, "4.7.0", ("Too many connections from your address",))
BUSY = Reply(421, "4.3.2", ("Too busy; try again later",))

Member = TypeVar("Member")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one process, but for `connections_an_address`, which is of all processes that share their counts.

    `memory_octets` is for message content. A stop waits `drain_seconds` for what is under way; where AUTH is demanded,
    it must succeed within `login_seconds` of the connection."""

    connections: int = 1000
    connections_an_address: int = 10
    memory_octets: int = 256 * 1024 * 1024
    drain_seconds: float = 30.0
    login_seconds: float = 300.0

    @classmethod
    def of(cls, environment: Environment) -> "Limits":
        """What the settings allow an SMTP server."""
        return cls(
            connections=environment.smtp_most_connections,
            connections_an_address=environment.smtp_connections_per_address,
            memory_octets=environment.smtp_memory_mb * 1024 * 1024,
        )


class Crowd(Generic[Member]):
    """The connections of one listener."""

    def __init__(self, limits: Limits, addresses: SharedCounts, turn_away: Callable[[], Reply | None]) -> None:
        self.connections: set[Member] = set()
        self.is_empty = asyncio.Event()
        self.is_empty.set()
        self.memory = MemoryBudget(limits.memory_octets)
        self.login_seconds = limits.login_seconds
        self._limits = limits
        self._addresses = addresses
        self._turn_away = turn_away

    def enter(self, connection: Member, client_ip: str) -> Reply | None:
        """Counts a connection in, or answers why it may not stay."""
        if len(self.connections) >= self._limits.connections:
            return BUSY
        refusal = self._turn_away()
        if refusal is not None:
            return refusal
        client = network_of(client_ip)
        if self._addresses.total(client) >= self._limits.connections_an_address:
            return TOO_MANY_CONNECTIONS
        self._addresses.add(client)
        self.is_empty.clear()
        self.connections.add(connection)
        return None

    def leave(self, connection: Member, client_ip: str) -> None:
        """Counts it out; nothing for one that was not let in."""
        if connection not in self.connections:
            return
        self.connections.discard(connection)
        self._addresses.add(network_of(client_ip), -1)
        if not self.connections:
            self.is_empty.set()
