"""The addresses that mail leaves from, and whether the world could know them. Pure."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from mailtrap_site.delivery_settings import Source


@dataclass(frozen=True, slots=True)
class Sender:
    """`name` is what the address calls itself in EHLO."""

    address: str
    name: str

    @property
    def is_public(self) -> bool:
        return ipaddress.ip_address(self.address).is_global

    @property
    def reversed_labels(self) -> str:
        """192.0.2.1 → 1.2.0.192; IPv6 by nibbles (RFC 5782 2.4)."""
        address = ipaddress.ip_address(self.address)
        return address.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")

    @property
    def pointer(self) -> str:
        """The name of its PTR record."""
        return ipaddress.ip_address(self.address).reverse_pointer

    @property
    def record_type(self) -> str:
        return "AAAA" if ":" in self.address else "A"


def senders(sources: Iterable[Source], platform_domain: str, platform_ipv4: str) -> list[Sender]:
    """Each address once. Without sources of their own, mail leaves from the platform's address."""
    found = {one.address: Sender(one.address, one.name or platform_domain) for one in sources}
    return list(found.values()) or [Sender(platform_ipv4, platform_domain)]


def same_address(one: str, other: str) -> bool:
    """Whether two texts are one address, however they are written."""
    try:
        return ipaddress.ip_address(one) == ipaddress.ip_address(other)
    except ValueError:
        return False
