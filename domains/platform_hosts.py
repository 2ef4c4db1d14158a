"""The part of the platform's zone that settings decide: name servers, addresses, exchanger, SPF. Pure."""

import ipaddress
from dataclasses import dataclass

from domains.nameserver import Record
from domains.records import PLATFORM_TTL


@dataclass(frozen=True, slots=True)
class PlatformHosts:
    """What stands beside the one IPv4 address: `name_servers` and `senders` as (name, address), each possibly empty.

    `senders` are the addresses that mail leaves from; `spf` are further mechanisms, such as a smarthost's `include:`.
    """

    ipv6: str = ""
    name_servers: tuple[tuple[str, str], ...] = ()
    senders: tuple[tuple[str, str], ...] = ()
    spf: tuple[str, ...] = ()

    def name_servers_of(self, domain: str) -> tuple[tuple[str, str], ...]:
        """The servers of the zone; without a setting it is the one under its own name."""
        return self.name_servers or ((f"ns1.{domain}", ""),)


def fixed_records(domain: str, ipv4: str, more: PlatformHosts) -> dict[str, list[Record]]:
    """The records by name, without the SOA. Names are lower case without the final dot."""
    addresses = _addresses(ipv4, more.ipv6)
    exchange = _record("MX", f"10 mx.{domain}")
    spf = _record("TXT", spf_record(ipv4, more))
    servers = more.name_servers_of(domain)
    records = {
        domain: [*(_record("NS", name) for name, _address in servers), *addresses, exchange, spf],
        f"mx.{domain}": addresses,
        f"smtp.{domain}": [*addresses, exchange, spf],
        f"t.{domain}": addresses,
        # Customers' policies send their DMARC reports here; this agrees to receive them (RFC 7489 section 7.1).
        f"*._report._dmarc.{domain}": [_record("TXT", "v=DMARC1")],
    }
    hosts = (*servers, *more.senders)
    for name, _address in hosts:
        # Of names elsewhere somebody else's zone gives the address.
        if name.endswith("." + domain) and name not in records:
            own = dict.fromkeys(address for host, address in hosts if host == name and address)
            records[name] = _addresses(*own) or addresses
    return records


def spf_record(ipv4: str, more: PlatformHosts) -> str:
    """Every address that mail with our return path leaves from (RFC 7208)."""
    found = dict.fromkeys(filter(None, (ipv4, more.ipv6, *(address for _name, address in more.senders))))
    mechanisms = [f"ip{ipaddress.ip_address(address).version}:{address}" for address in found]
    return " ".join(["v=spf1", *mechanisms, *more.spf, "~all"])


def _addresses(*addresses: str) -> list[Record]:
    kinds = {4: "A", 6: "AAAA"}
    return [_record(kinds[ipaddress.ip_address(address).version], address) for address in addresses if address]


def _record(kind: str, value: str) -> Record:
    return Record(kind, value, PLATFORM_TTL)
