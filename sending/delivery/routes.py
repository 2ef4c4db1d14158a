"""Where mail for a destination goes: the local mx (development), the smarthost (relay), or what MX says (mx).

RFC 5321 section 5.1, RFC 7505 (null MX). Loopback, private and link-local addresses are refused on the mx route.
"""

import ipaddress
from dataclasses import dataclass, field

from django.conf import settings

from domains import resolver
from domains.answers import Outcome as DnsOutcome
from sending.delivery.classify import Category, Verdict
from sending.delivery.tls_policy import OPPORTUNISTIC, RELAY_POLICIES, TlsPolicy
from sending.models import Attempt
from sending.protocol.reply import Reply


@dataclass(frozen=True, slots=True)
class Exchanger:
    """One host that takes the mail. `preference` is None where no MX record named it."""

    host: str
    port: int
    preference: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """`exchangers` best first. Destinations with the same `site` share connections and limits."""

    name: str
    site: str
    exchangers: tuple[Exchanger, ...]
    tls: TlsPolicy
    login: tuple[str, str] | None = field(default=None, repr=False)
    public_only: bool = False
    ipv6: bool = False


@dataclass(frozen=True, slots=True)
class NoRoute:
    """Why there is none, as a verdict and as a reply of our own."""

    verdict: Verdict
    reply: Reply


NO_ROUTE_FOUND = NoRoute(
    Verdict(Attempt.Outcome.DEFERRED, Category.OTHER), Reply(451, "4.3.0", ("Internal error; it is tried again",))
)
"""For what should never happen."""


async def route_to(destination: str) -> Route | NoRoute:
    """The route for a domain (A-labels). Asks DNS on the mx route; a failure of DNS is temporary."""
    match settings.ROUTE:
        case "development":
            return _development()
        case "relay":
            return _relay()
        case _:
            return await _by_mx(destination)


async def addresses_of(exchanger: Exchanger, route: Route) -> tuple[str, ...] | NoRoute:
    """The addresses to try, in order."""
    if _is_address(exchanger.host):
        return (exchanger.host,)
    if route.name != "mx":
        # The operator's word: a name of the machine itself or of a container network, which DNS need not know. Where it
        # leads nowhere, connecting fails and the mail waits; it is not the recipients' domain that does not exist.
        return (exchanger.host,)
    answer = await resolver.addresses(exchanger.host, ipv6=route.ipv6)
    if answer.outcome is not DnsOutcome.FOUND:
        return _no_answer(answer.outcome, exchanger.host, what="address")
    if not route.public_only:
        return answer.values
    public = tuple(address for address in answer.values if is_public(address))
    return public or NoRoute(
        Verdict(Attempt.Outcome.BOUNCED, Category.DNS_FAIL),
        Reply(550, "5.4.4", (f"The mail server {exchanger.host} has no public address",)),
    )


def is_public(address: str) -> bool:
    """Whether mail may go there: no loopback, private, link-local, multicast or reserved address, however written."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = _embedded(parsed)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
        if parsed in _LOCAL_NAT64:
            return False
    return parsed.is_global and not parsed.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that this one leads to: mapped, 6to4, Teredo, NAT64 (RFC 6052)."""
    if address in _NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def _development() -> Route:
    host, port = settings.ENVIRONMENT.mx_host, settings.ENVIRONMENT.mx_port
    return Route("development", f"{host}:{port}", (Exchanger(host, port),), OPPORTUNISTIC)


def _relay() -> Route:
    relay = settings.ENVIRONMENT.relay
    return Route(
        name="relay",
        site=f"{relay.host}:{relay.port}",
        exchangers=(Exchanger(relay.host, relay.port),),
        tls=RELAY_POLICIES[relay.tls],
        login=(relay.user, relay.password) if relay.user else None,
    )


async def _by_mx(destination: str) -> Route | NoRoute:
    answer = await resolver.mx(destination)
    if answer.outcome is not DnsOutcome.FOUND:
        return _no_answer(answer.outcome, destination, what="mail server")
    if answer.null_mx:
        return NoRoute(
            Verdict(Attempt.Outcome.BOUNCED, Category.BAD_RECIPIENT),
            Reply(556, "5.1.10", (f"{destination} takes no mail (null MX)",)),
        )
    exchangers = tuple(Exchanger(host, settings.OUTBOUND_PORT, preference) for preference, host in answer.hosts)
    # Domains whose mail goes to the same hosts share one site, whatever they are called.
    return Route(
        name="mx",
        site=",".join(exchanger.host for exchanger in exchangers),
        exchangers=exchangers,
        tls=OPPORTUNISTIC,
        public_only=settings.OUTBOUND_PUBLIC_ONLY,
        ipv6=settings.ENVIRONMENT.outbound_ipv6,
    )


def _no_answer(outcome: DnsOutcome, name: str, *, what: str) -> NoRoute:
    if outcome is DnsOutcome.NXDOMAIN:
        verdict = Verdict(Attempt.Outcome.BOUNCED, Category.BAD_RECIPIENT)
        return NoRoute(verdict, Reply(550, "5.1.2", (f"The domain {name} does not exist",)))
    if outcome is DnsOutcome.NO_DATA:
        verdict = Verdict(Attempt.Outcome.BOUNCED, Category.DNS_FAIL)
        return NoRoute(verdict, Reply(550, "5.4.4", (f"{name} has no {what}",)))
    how = "did not answer in time" if outcome is DnsOutcome.TIMEOUT else "failed"
    verdict = Verdict(Attempt.Outcome.DEFERRED, Category.DNS_FAIL)
    return NoRoute(verdict, Reply(451, "4.4.3", (f"DNS {how} when asked for the {what} of {name}",)))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
