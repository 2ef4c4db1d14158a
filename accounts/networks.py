"""The networks (CIDR, RFC 4632) from which an API token is taken. Pure."""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

MOST = 50
"""Networks of one token."""


class BadNetwork(ValueError):
    """`part` is neither an address nor a network, or there are too many."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


def read_networks(text: str) -> list[str]:
    """What people type, one a line or with commas, as networks: `["192.0.2.7/32"]`. Raises BadNetwork."""
    parts = [part for part in re.split(r"[\s,;]+", text) if part]
    if len(parts) > MOST:
        raise BadNetwork(parts[MOST])
    try:
        return list(dict.fromkeys(str(ip_network(part, strict=False)) for part in parts))
    except ValueError as problem:
        raise BadNetwork(next(part for part in parts if not _is_network(part))) from problem


def is_within(networks: Sequence[str], address: str) -> bool:
    """Whether the address is in one of the networks; without networks every address is."""
    if not networks:
        return True
    try:
        found = _plain(ip_address(address))
    except ValueError:
        return False
    return any(found in _network(one) for one in networks)


def is_address(text: str) -> bool:
    """Whether the text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text)


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address that a socket of both families gives as `::ffff:192.0.2.7` is itself again."""
    return getattr(address, "ipv4_mapped", None) or address


def _is_network(part: str) -> bool:
    try:
        ip_network(part, strict=False)
    except ValueError:
        return False
    return True
