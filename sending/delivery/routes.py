"""Where mail for a destination goes: the local mx (development), the smarthost (relay), or what MX says (mx).

RFC 5321 section 5.1, RFC 7505 (null MX). Loopback, private and link-local addresses are refused on the mx route.
"""

import ipaddress
import random
from dataclasses import dataclass, field, replace

from django.conf import settings

from domains import resolver
from domains.answers import Outcome as DnsOutcome
from domains.public_addresses import is_public
from mailtrap_site.delivery_settings import Source
from sending.delivery.tls_policy import OPPORTUNISTIC, RELAY_POLICIES, TlsPolicy
from sending.models import Attempt, Stream
from sending.protocol.reply import Reply
from sending.queue.pacing import Limits
from sending.replies.classify import Category, Verdict
from sending.replies.providers import site_of

MOST_HOST_CHARACTERS = 253
"""Of a host's name. Octets that are no characters count four each, so that DNS may well hold longer ones."""


@dataclass(frozen=True, slots=True)
class Exchanger:
    """One host that takes the mail. `preference` is None where no MX record named it."""

    host: str
    port: int
    preference: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """`exchangers` best first. Equal routes share connections; those with the same `site` share its limits.

    `sources`: the addresses that connections are made from; none means the system's choice."""

    name: str
    site: str
    exchangers: tuple[Exchanger, ...]
    tls: TlsPolicy
    login: tuple[str, str] | None = field(default=None, repr=False)
    public_only: bool = False
    ipv6: bool = False
    sources: tuple[Source, ...] = ()

    @property
    def with_tls(self) -> "Route":
        """The same way, and never in the clear."""
        return replace(self, tls=self.tls.required)

    @property
    def limits(self) -> Limits:
        """The bounds of its site's pace."""
        relay, mx = settings.ENVIRONMENT.relay_connections, settings.ENVIRONMENT.site_connections
        match self.name:
            case "development":
                return Limits(8, 8, messages_per_connection=1000, idle_seconds=10.0, learns=False)
            case "relay":
                return Limits(relay, relay, messages_per_connection=100, idle_seconds=10.0)
            case _:
                return Limits(min(2, mx), mx, messages_per_connection=100, idle_seconds=5.0)


@dataclass(frozen=True, slots=True)
class NoRoute:
    """Why there is none, as a verdict and as a reply of our own."""

    verdict: Verdict
    reply: Reply


NO_ROUTE_FOUND = NoRoute(
    Verdict(Attempt.Outcome.DEFERRED, Category.OTHER), Reply(451, "4.3.0", ("Internal error; it is tried again",))
)
"""For what should never happen."""


def asked_to_wait(why: str) -> NoRoute:
    """For mail that a site has asked us to keep for longer than all retries take."""
    verdict = Verdict(Attempt.Outcome.DEFERRED, Category.SERVER_POLICY)
    return NoRoute(verdict, Reply(451, "4.4.5", (f"The receiving site has asked us to wait: {why}",)))


async def route_to(destination: str, stream: str = Stream.TRANSACTIONAL) -> Route | NoRoute:
    """The route for a domain (A-labels). Asks DNS on the mx route; a failure of DNS is temporary."""
    match _route_name(destination, stream):
        case "development":
            return _development()
        case "relay":
            return _from_sources(_relay(), stream)
        case _:
            route = await _by_mx(destination)
            return route if isinstance(route, NoRoute) else _from_sources(route, stream)


def fallback_of(route: Route, stream: str) -> Route | None:
    """The relay, where mail goes that no exchanger of an mx route takes a connection for; None without the setting."""
    if route.name != "mx" or settings.ENVIRONMENT.relay_fallback_minutes is None:
        return None
    relay = _from_sources(_relay(), stream)
    return relay.with_tls if route.tls.for_domain else relay


def source_for(address: str, route: Route) -> Source | NoRoute | None:
    """One of the route's sources that can reach `address`; None for the system's choice."""
    if not route.sources:
        return None
    usable = route.sources
    if is_address(address):
        usable = tuple(one for one in route.sources if (":" in one.address) == (":" in address))
    if not usable:
        family = "IPv6" if ":" in address else "IPv4"
        return NoRoute(
            Verdict(Attempt.Outcome.DEFERRED, Category.OTHER),
            Reply(451, "4.4.3", (f"No {family} source address is set for this stream, so {address} is not tried",)),
        )
    return random.choice(usable)  # noqa: S311


def _route_name(destination: str, stream: str) -> str:
    name: str = settings.ROUTE
    if name == "development":
        return name
    if stream == Stream.BULK:
        name = settings.ENVIRONMENT.route_bulk or name
    if name == "mx" and any(
        destination == site or destination.endswith("." + site) for site in settings.ENVIRONMENT.relay_sites
    ):
        return "relay"
    return name


def _from_sources(route: Route, stream: str) -> Route:
    """The route of one stream. Where the streams have different sources, each has a pace of its own: what bulk mail
    does to its addresses must not slow transactional mail."""
    transactional, bulk = (
        settings.ENVIRONMENT.source_addresses_transactional,
        settings.ENVIRONMENT.source_addresses_bulk,
    )
    if not transactional and not bulk:
        return route
    site = route.site if transactional == bulk else f"{route.site} {stream}"
    return replace(route, sources=bulk if stream == Stream.BULK else transactional, site=site)


async def addresses_of(exchanger: Exchanger, route: Route) -> tuple[str, ...] | NoRoute:
    """The addresses to try, in order."""
    if route.name != "mx":
        # The operator's word: a name of the machine itself or of a container network, which DNS need not know. Where it
        # leads nowhere, connecting fails and the mail waits; it is not the recipients' domain that does not exist.
        return (exchanger.host,)
    found: tuple[str, ...] = (exchanger.host,)
    if not is_address(exchanger.host):
        answer = await resolver.addresses(exchanger.host, ipv6=route.ipv6)
        if answer.outcome is not DnsOutcome.FOUND:
            return _no_answer(answer.outcome, exchanger.host, what="address")
        found = answer.values
    if not route.public_only:
        return found
    public = tuple(address for address in found if is_public(address))
    return public or NoRoute(
        Verdict(Attempt.Outcome.BOUNCED, Category.DNS_FAIL),
        Reply(550, "5.4.4", (f"The mail server {exchanger.host} has no public address",)),
    )


def is_address(host: str) -> bool:
    """Whether `host` is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


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
    exchangers = tuple(
        Exchanger(host, settings.OUTBOUND_PORT, preference)
        for preference, host in answer.hosts
        if len(host) <= MOST_HOST_CHARACTERS
    )
    if not exchangers:
        return _no_answer(DnsOutcome.NO_DATA, destination, what="mail server")
    # Domains whose mail goes to the same hosts, or to hosts of one provider, share the site, whatever they are called.
    return Route(
        name="mx",
        site=site_of(tuple(exchanger.host for exchanger in exchangers)),
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
