"""The address of a client: whether it is one, and what is counted by it."""

import ipaddress
from functools import lru_cache


@lru_cache(4096)
def is_address(text: str) -> bool:
    """Whether the text is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(4096)
def network_of(client_ip: str) -> str:
    """The address itself, of IPv6 the first of its /64: so many belong to one client. What is no address stays."""
    if ":" not in client_ip:
        return client_ip
    try:
        address = ipaddress.IPv6Address(client_ip)
    except ValueError:
        return client_ip
    return str(address.ipv4_mapped or ipaddress.IPv6Address(int(address) >> 64 << 64))
