"""The one gateway to DNS: for verification past every cache, for delivery on its event loop.

A failure is a value (`Outcome`), never an exception. `ask_many` puts questions to servers of the caller's choice. MX
choice follows RFC 5321 section 5.1 and RFC 7505 (null MX). For delivery each question is asked once at a time, and
every kind of answer is kept for a bounded while (RFC 2308).
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TypeVar
from weakref import WeakKeyDictionary

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.nameserver
import dns.rcode
import dns.resolver
from django.conf import settings

from domains.answers import Answer, Ask, Outcome, Reply, Server
from domains.dns_messages import answer_of, failure_of, reply_of

TIMEOUT = 2.0
"""Seconds for one server's answer."""
LIFETIME = 5.0
"""Seconds for the whole look-up, retries included."""
PARALLEL_LOOKUPS = 8
QUESTIONS_AT_ONCE = 100
"""Of one delivering process, or of one `ask_many`."""
PAYLOAD = 1232
"""Largest UDP answer asked for, in bytes: what passes every path without fragments (DNS flag day 2020)."""
CACHED_ANSWERS = 20_000
KEPT_FOUND = (1, 86_400)
"""Least and most seconds that an answer is kept, whatever its TTL."""
KEPT_NEGATIVE = (1, 900)
"""The same for "there is none", whose time the zone's SOA gives."""
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
        return answer_of(_verification_resolver().resolve(name, rdtype, search=False))
    except (dns.exception.DNSException, ValueError) as problem:
        return failure_of(problem)


def lookup_many(questions: Sequence[Question]) -> list[Answer]:
    """The answers in the order of the questions, asked side by side and past every cache of ours."""
    if not questions:
        return []
    with ThreadPoolExecutor(min(PARALLEL_LOOKUPS, len(questions)), thread_name_prefix="dns") as pool:
        return list(pool.map(lambda question: lookup(*question), questions))


async def ask_many(asks: Sequence[Ask], until: float) -> list[Reply]:
    """The replies in the order of the questions, asked side by side; none is waited for past `until` (monotonic)."""
    places = asyncio.Semaphore(QUESTIONS_AT_ONCE)

    async def one(ask: Ask) -> Reply:
        async with places:
            return await _ask_server(ask, until)

    return list(await asyncio.gather(*(one(ask) for ask in asks)))


def own_resolvers() -> list[Server]:
    """The resolvers of this service: `DNS_RESOLVERS`, or else the machine's own; the public ones where it has none."""
    try:
        resolver = _verification_resolver()
    except dns.resolver.NoResolverConfiguration:
        return public_resolvers()
    ours = []
    for one in resolver.nameservers:
        if isinstance(one, dns.nameserver.Do53Nameserver):
            ours.append(_server(one.address, one.port))
        elif isinstance(one, str):
            ours.append(_server(one, resolver.port))
    return ours or public_resolvers()


def public_resolvers() -> list[Server]:
    """The resolvers that tell what the world sees."""
    return [_server(one.address, one.port) for one in _servers(settings.ENVIRONMENT.domains.public_resolvers)]


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


async def _ask_server(ask: Ask, until: float) -> Reply:
    try:
        query = dns.message.make_query(ask.name, ask.rdtype, use_edns=0, payload=PAYLOAD)
    except (dns.exception.DNSException, ValueError) as problem:
        return Reply(failure_of(problem), is_authoritative=True)
    if not ask.recursive:
        query.flags &= ~dns.flags.RD
    if ask.unchecked:
        query.flags |= dns.flags.CD
    # Twice, because datagrams get lost. A resolver may have to ask others first; a server only looks into its own data.
    patience = [min(TIMEOUT, LIFETIME) / (1 if ask.recursive else 2), min(TIMEOUT, LIFETIME)]
    reply = Reply(Answer(Outcome.TIMEOUT))
    for seconds in patience:
        left = min(seconds, until - time.monotonic())
        if left <= 0:
            break
        reply = await _converse(query, ask.server, left)
        if reply.answer.outcome is not Outcome.TIMEOUT or reply.was_truncated:
            break
    return reply


async def _converse(query: dns.message.Message, server: Server, seconds: float) -> Reply:
    """One question by UDP, and by TCP when the answer does not fit (RFC 7766)."""
    address, port = server.address, server.port
    was_truncated = False
    try:
        try:
            response = await dns.asyncquery.udp(
                query, address, seconds, port, raise_on_truncation=True, ignore_unexpected=True, ignore_errors=True
            )
        except dns.message.Truncated:
            was_truncated = True
            response = await dns.asyncquery.tcp(query, address, seconds, port)
        if response.rcode() in (dns.rcode.FORMERR, dns.rcode.NOTIMP) and query.edns >= 0:
            # A server from before RFC 6891.
            query.use_edns(False)
            response, was_truncated = await dns.asyncquery.udp_with_fallback(query, address, seconds, port)
    except (dns.exception.Timeout, OSError, EOFError):
        return Reply(Answer(Outcome.TIMEOUT), was_truncated=was_truncated)
    except dns.exception.DNSException:
        return Reply(Answer(Outcome.SERVFAIL), was_truncated=was_truncated)
    return reply_of(response, was_truncated=was_truncated)


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
        return answer_of(await _delivery_resolver().resolve(*question, search=False))
    except (dns.exception.DNSException, ValueError, OSError) as problem:
        return failure_of(problem)


def _kept_seconds(answer: Answer) -> float:
    if answer.outcome.is_failure:
        return KEPT_FAILURE
    least, most = KEPT_FOUND if answer.outcome is Outcome.FOUND else KEPT_NEGATIVE
    return min(max(answer.ttl, least), most)


@cache
def _verification_resolver() -> dns.resolver.Resolver:
    return _configured(dns.resolver.Resolver(configure=not settings.ENVIRONMENT.dns_resolvers))


@cache
def _delivery_resolver() -> dns.asyncresolver.Resolver:
    return _configured(dns.asyncresolver.Resolver(configure=not settings.ENVIRONMENT.dns_resolvers))


def _configured(resolver: AnyResolver) -> AnyResolver:
    if servers := _servers(settings.ENVIRONMENT.dns_resolvers):
        resolver.nameservers = list(servers)
    resolver.timeout, resolver.lifetime = TIMEOUT, LIFETIME
    resolver.use_edns(0, 0, PAYLOAD)
    return resolver


def _servers(texts: Sequence[str]) -> list[dns.nameserver.Do53Nameserver]:
    """From "ip", "ip:port" or "[ip6]:port"."""
    servers = []
    for text in texts:
        host, port = text, 53
        if text.startswith("[") or text.count(":") == 1:
            host, _, port_text = text.rpartition(":") if not text.endswith("]") else (text, "", "53")
            port = int(port_text)
        servers.append(dns.nameserver.Do53Nameserver(host.strip("[]"), port))
    return servers


def _server(address: str, port: int) -> Server:
    return Server(address, address, port)
