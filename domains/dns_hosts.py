"""The DNS providers we know: found from a zone's name servers, each with its steps. The data is `dns_hosts.toml`."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("dns_hosts.toml")


@dataclass(frozen=True, slots=True)
class DnsHost:
    """A provider; `servers` are patterns of its name servers, `networks` hide CNAMEs that it proxies."""

    key: str
    name: str
    servers: tuple[str, ...]
    hint: str
    has_short_names: bool
    steps: tuple[str, ...]
    ttl: str
    docs: str
    networks: tuple[str, ...] = ()


@cache
def dns_hosts() -> dict[str, DnsHost]:
    """All of them by key, in the order of the file."""
    with FILE.open("rb") as file:
        entries = tomllib.load(file)
    return {key: _host(key, entry) for key, entry in entries.items()}


def hosts_of(name_servers: Sequence[str]) -> list[DnsHost]:
    """The providers that all these name servers fit: none, one, or several that share their servers."""
    if not name_servers:
        return []
    return [host for host in dns_hosts().values() if all(_fits(host, server) for server in name_servers)]


def proxy_networks() -> list[str]:
    """Where an A record stands instead of the CNAME that was entered, as "address/length"."""
    return [network for host in dns_hosts().values() for network in host.networks]


def _fits(host: DnsHost, server: str) -> bool:
    return any(fnmatchcase(server, pattern) for pattern in host.servers)


def _host(key: str, entry: dict[str, Any]) -> DnsHost:
    return DnsHost(
        key=key,
        name=entry["name"],
        servers=tuple(entry["servers"]),
        hint=entry["hint"],
        has_short_names=entry["names"] == "short",
        steps=tuple(entry["steps"]),
        ttl=entry["ttl"],
        docs=entry["docs"],
        networks=tuple(entry.get("networks", ())),
    )
