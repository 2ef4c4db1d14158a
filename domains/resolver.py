"""The one gateway to DNS: for verification in threads and past every cache, for delivery on its event loop.

A failure is a value (`Outcome`), never an exception. MX choice follows RFC 5321 section 5.1 and RFC 7505 (null MX).
For delivery each question is asked once at a time, and every kind of answer is kept for a bounded while (RFC 2308).
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import dns.asyncresolver
import dns.exception
import dns.message
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
QUESTIONS_AT_ONCE = 100
"""Of one delivering process."""
CACHED_ANSWERS = 20_000
KEPT_FOUND = (1, 86_400)
"""Least and most seconds that an answer is kept, whatever its TTL."""
KEPT_NEGATIVE = (1, 900)
"""The same for "there is none", whose time the zone's SOA gives."""
NEGATIVE_TTL = 60
"""Seconds, where no SOA says so."""
KEPT_FAILURE = 20
"""Seconds in which a question that failed is not asked again, however much mail waits for its answer."""

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
    _cached.clear()
    _asked.clear()


def _mx_host(value: str) -> tuple[int, str]:
    preference, _, host = value.partition(" ")
    return int(preference), host


_cached: OrderedDict[Question, tuple[Answer, float]] = OrderedDict()
"""Answers, and until when they are kept; the one used longest ago comes first."""


class _Asked:
    """The questions that one event loop is waiting for."""

    def __init__(self) -> None:
        self.answers: dict[Question, asyncio.Task[Answer]] = {}
        self.places = asyncio.Semaphore(QUESTIONS_AT_ONCE)


_asked: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Asked]" = WeakKeyDictionary()


async def _cached_lookup(name: str, rdtype: str) -> Answer:
    question = (name.lower().rstrip("."), rdtype)
    kept = _cached.get(question)
    if kept is not None and kept[1] > time.monotonic():
        _cached.move_to_end(question)
        return kept[0]
    loop = asyncio.get_running_loop()
    asked = _asked.setdefault(loop, _Asked())
    task = asked.answers.get(question)
    if task is None:
        task = asked.answers[question] = loop.create_task(_ask(question, asked))
    # Whoever gives up must not take the answer away from the others who wait for it.
    return await asyncio.shield(task)


async def _ask(question: Question, asked: _Asked) -> Answer:
    try:
        async with asked.places:
            answer = await _lookup(question)
        _cached[question] = (answer, time.monotonic() + _kept_seconds(answer))
        _cached.move_to_end(question)
        while len(_cached) > CACHED_ANSWERS:
            _cached.popitem(last=False)
        return answer
    finally:
        asked.answers.pop(question, None)


async def _lookup(question: Question) -> Answer:
    try:
        return _answer(await _delivery_resolver().resolve(*question, search=False))
    except (dns.exception.DNSException, ValueError, OSError) as problem:
        return _failure(problem)


def _kept_seconds(answer: Answer) -> float:
    if answer.outcome.is_failure:
        return KEPT_FAILURE
    least, most = KEPT_FOUND if answer.outcome is Outcome.FOUND else KEPT_NEGATIVE
    return min(max(answer.ttl, least), most)


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
            return Answer(Outcome.NXDOMAIN, ttl=_negative_ttl(*problem.responses().values()))
        case dns.resolver.NoAnswer():
            return Answer(Outcome.NO_DATA, ttl=_negative_ttl(problem.response()))
        case dns.exception.Timeout():
            return Answer(Outcome.TIMEOUT)
        case dns.name.LabelTooLong() | dns.name.NameTooLong() | dns.name.EmptyLabel() | dns.name.IDNAException():
            # No such name can stand in DNS.
            return Answer(Outcome.NXDOMAIN)
        case _:
            return Answer(Outcome.SERVFAIL)


def _negative_ttl(*responses: dns.message.Message) -> int:
    """Seconds for which there is no such record (RFC 2308 section 5)."""
    soas = (rrset for one in responses for rrset in one.authority if rrset.rdtype == dns.rdatatype.SOA)
    return min((min(soa.ttl, soa[0].minimum) for soa in soas), default=NEGATIVE_TTL)


@cache
def _verification_resolver() -> dns.resolver.Resolver:
    return _configured(dns.resolver.Resolver(configure=not _servers()))


@cache
def _delivery_resolver() -> dns.asyncresolver.Resolver:
    return _configured(dns.asyncresolver.Resolver(configure=not _servers()))


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
