"""Whether a person or a program opened a mail or followed a link, by rules kept as data (`machines.toml`). Pure."""

import ipaddress
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

RULES = Path(__file__).with_name("machines.toml")
Kind = Literal["open", "click"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of one request. `since_delivery` in seconds; None where the delivery is not known."""

    kind: Kind
    client_ip: str
    user_agent: str
    since_delivery: float | None
    is_head: bool = False
    several_links: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Holds where everything that it names holds."""

    name: str
    reason: str
    on: frozenset[str]
    agent: re.Pattern[str] | None = None
    networks: tuple[Network, ...] = ()
    within_seconds: float | None = None
    head: bool = False
    several_links: bool = False

    def holds(self, request: Request) -> bool:
        """The cheap questions first."""
        return (
            request.kind in self.on
            and (not self.head or request.is_head)
            and (not self.several_links or request.several_links)
            and (self.within_seconds is None or self._is_soon(request.since_delivery))
            and (self.agent is None or self.agent.search(request.user_agent) is not None)
            and (not self.networks or self._is_from_here(request.client_ip))
        )

    def _is_soon(self, since: float | None) -> bool:
        assert self.within_seconds is not None
        return since is not None and since <= self.within_seconds

    def _is_from_here(self, client_ip: str) -> bool:
        try:
            address = ipaddress.ip_address(client_ip)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self.networks if network.version == address.version)


def machine_of(request: Request) -> str | None:
    """The name of the rule by which it was a program; None for a person."""
    return next((rule.name for rule in rules() if rule.holds(request)), None)


@cache
def rules() -> tuple[Rule, ...]:
    """All rules in their order. Raises ValueError for a file that cannot be read."""
    return tuple(_rule(table) for table in tomllib.loads(RULES.read_text())["rule"])


def _rule(table: dict[str, Any]) -> Rule:
    conditions = set(table) - {"name", "reason", "on"}
    unknown = conditions - {"agent", "networks", "within_seconds", "head", "several_links"}
    if unknown or not conditions or not set(table["on"]) <= {"open", "click"}:
        raise ValueError(f"the rule {table['name']!r} names {unknown or 'no condition that is known'}")
    return Rule(
        name=table["name"],
        reason=table["reason"],
        on=frozenset(table["on"]),
        agent=re.compile(table["agent"], re.IGNORECASE) if "agent" in table else None,
        networks=_networks(table.get("networks", ())),
        within_seconds=table.get("within_seconds"),
        head=table.get("head", False),
        several_links=table.get("several_links", False),
    )


def _networks(texts: Sequence[str]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)
