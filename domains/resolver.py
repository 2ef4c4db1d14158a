"""The one gateway to DNS: for verification in threads and past every cache, for delivery on its event loop.

A failure is a value (`Outcome`), never an exception. MX choice follows RFC 5321 section 5.1 and RFC 7505 (null MX).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdata
import dns.rdatatype
import dns.resolver
from django.conf import settings

from domains.answers import Answer, Outcome

TIMEOUT = 2.0
"""Seconds for one server's answer."""
LIFETIME = 5.0
"""Seconds for the whole look-up, retries included."""
PARALLEL_LOOKUPS = 8
CACHED_ANSWERS = 20_000

AnyResolver = TypeVar("AnyResolver", dns.resolver.Resolver, dns.asyncresolver.Resolver)
Question = tuple[str, str]
"""Name and record type."""


@dataclass(frozen=True, slots=True)
class MxAnswer:
    """Where mail for a domain goes: `hosts` as (preference, host name), best first.

    Without MX records it is the domain itself, if it has an address. `null_mx`: the domain says that it takes no mail.
    With an outcome other than FOUND there are no hosts; NO_DATA means that the domain exists without MX and address.
    """

    outcome: Outcome
    hosts: tuple[tuple[int, str], ...] = ()
    null_mx: bool = False


def lookup(name: str, rdtype: str) -> Answer:
    """Ask DNS now, past every cache of ours: for verification."""
    try:
        return _answer(_verification_resolver().resolve(name, rdtype, search=False))
    except (dns.exception.DNSException, ValueError) as problem:
        return _failure(problem)


def lookup_many(questions: Sequence[Question]) -> list[Answer]:
    """The answers in the order of the questions, asked side by side and past every cache of ours."""
    if not questions:
        return []
    with ThreadPoolExecutor(min(PARALLEL_LOOKUPS, len(questions)), thread_name_prefix="dns") as pool:
        return list(pool.map(lambda question: lookup(*question), questions))


async def mx(domain: str) -> MxAnswer:
    """The mail exchangers of `domain`; answers are kept as long as their TTL says."""
    answer = await _cached_lookup(domain, "MX")
    if answer.outcome is Outcome.FOUND:
        hosts = sorted(_mx_host(value) for value in answer.values)
        if hosts == [(hosts[0][0], "")]:
            return MxAnswer(Outcome.FOUND, null_mx=True)
        return MxAnswer(Outcome.FOUND, tuple(host for host in hosts if host[1]))
    if answer.outcome is not Outcome.NO_DATA:
        return MxAnswer(answer.outcome)
    address = await addresses(domain)
    if address.outcome is Outcome.FOUND:
        return MxAnswer(Outcome.FOUND, ((0, domain.lower().rstrip(".")),))
    return MxAnswer(address.outcome)


async def addresses(host: str, *, ipv6: bool = True) -> Answer:
    """The addresses of `host`, IPv4 first; answers are kept as long as their TTL says."""
    four = await _cached_lookup(host, "A")
    if not ipv6 or four.outcome is Outcome.NXDOMAIN:
        return four
    six = await _cached_lookup(host, "AAAA")
    if four.outcome is not Outcome.FOUND:
        # A failed question must not turn into "has no address".
        return four if four.outcome.is_failure and six.outcome is not Outcome.FOUND else six
    return Answer(Outcome.FOUND, four.values + six.values, min(four.ttl, six.ttl or four.ttl))


def forget_cached() -> None:
    """Empty the caches and read the settings again."""
    _verification_resolver.cache_clear()
    _delivery_resolver.cache_clear()


def _mx_host(value: str) -> tuple[int, str]:
    preference, _, host = value.partition(" ")
    return int(preference), host


async def _cached_lookup(name: str, rdtype: str) -> Answer:
    try:
        return _answer(await _delivery_resolver().resolve(name, rdtype, search=False))
    except (dns.exception.DNSException, ValueError) as problem:
        return _failure(problem)


def _answer(resolution: dns.resolver.Answer) -> Answer:
    if resolution.rrset is None:
        return Answer(Outcome.NO_DATA)
    values = tuple(_value(rdata) for rdata in resolution.rrset)
    return Answer(Outcome.FOUND, values, int(resolution.chaining_result.minimum_ttl))


def _value(rdata: Any) -> str:
    match rdata.rdtype:
        case dns.rdatatype.TXT:
            return b"".join(rdata.strings).decode("utf-8", "replace")
        case dns.rdatatype.CNAME | dns.rdatatype.NS | dns.rdatatype.PTR:
            return _name(rdata.target)
        case dns.rdatatype.MX:
            return f"{rdata.preference} {_name(rdata.exchange)}"
        case _:
            return str(rdata.to_text())


def _name(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""


def _failure(problem: Exception) -> Answer:
    match problem:
        case dns.resolver.NXDOMAIN():
            return Answer(Outcome.NXDOMAIN)
        case dns.resolver.NoAnswer():
            return Answer(Outcome.NO_DATA)
        case dns.exception.Timeout():
            return Answer(Outcome.TIMEOUT)
        case dns.name.LabelTooLong() | dns.name.NameTooLong() | dns.name.EmptyLabel() | dns.name.IDNAException():
            # No such name can stand in DNS.
            return Answer(Outcome.NXDOMAIN)
        case _:
            return Answer(Outcome.SERVFAIL)


@cache
def _verification_resolver() -> dns.resolver.Resolver:
    return _configured(dns.resolver.Resolver(configure=not _servers()))


@cache
def _delivery_resolver() -> dns.asyncresolver.Resolver:
    resolver = _configured(dns.asyncresolver.Resolver(configure=not _servers()))
    resolver.cache = dns.resolver.LRUCache(CACHED_ANSWERS)
    return resolver


def _configured(resolver: AnyResolver) -> AnyResolver:
    if servers := _servers():
        resolver.nameservers = servers
    resolver.timeout, resolver.lifetime = TIMEOUT, LIFETIME
    resolver.use_edns(0, 0, 1232)
    return resolver


def _servers() -> list[dns.nameserver.Nameserver]:
    """`DNS_RESOLVERS` as "ip", "ip:port" or "[ip6]:port"; none means the machine's own."""
    servers: list[dns.nameserver.Nameserver] = []
    for text in settings.ENVIRONMENT.dns_resolvers:
        host, port = text, 53
        if text.startswith("[") or text.count(":") == 1:
            host, _, port_text = text.rpartition(":") if not text.endswith("]") else (text, "", "53")
            port = int(port_text)
        servers.append(dns.nameserver.Do53Nameserver(host.strip("[]"), port))
    return servers
