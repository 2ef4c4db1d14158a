"""The settings of delivery, read and checked; a part of `environment.py`."""

import ipaddress
from dataclasses import dataclass

import environ

ROUTES = ("development", "relay", "mx")


@dataclass(frozen=True, slots=True)
class Relay:
    """The smarthost of `ROUTE=relay`."""

    host: str
    port: int
    user: str
    password: str
    tls: str
    """`starttls`, `implicit` or `none`."""


@dataclass(frozen=True, slots=True)
class Source:
    """An address of this machine that mail leaves from; `name` is what it calls itself, empty for PLATFORM_DOMAIN."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """Where mail goes, and from where."""

    route: str
    relay: Relay
    route_bulk: str
    """The route of bulk mail; empty for that of all."""
    relay_sites: tuple[str, ...]
    """Domains whose mail goes to the relay although the route is mx; those below them as well."""
    relay_fallback_minutes: int | None
    """Mail that no exchanger takes a connection for goes to the relay once it is so old; None for never."""
    relay_connections: int
    site_connections: int
    """At most, to one site on the mx route, of all workers together."""
    source_addresses_transactional: tuple[Source, ...]
    source_addresses_bulk: tuple[Source, ...]
    outbound_ipv6: bool
    outbound_port: int
    outbound_public_only: bool
    lease_seconds: int
    time_server: str
    """An NTP server that the operator's checks compare the clock with, as a name or an address; empty: none."""
    port25_target: str
    """A mail server of others, as a name or an address, that the operator's checks knock at on port 25; empty: none."""


def route_of(env: environ.Env) -> str:
    """Raises ValueError with a sentence."""
    route: str = env.str("ROUTE", "development")
    if route not in ROUTES:
        raise ValueError(f"ROUTE is {route!r}; it must be one of {', '.join(ROUTES)}.")
    return route


def read(env: environ.Env, route: str, *, debug: bool) -> DeliverySettings:
    """Raises ValueError with a sentence."""
    outbound_port, outbound_public_only = _outbound(env, debug=debug)
    return DeliverySettings(
        route=route,
        relay=_relay(env, route),
        route_bulk=_route_bulk(env, route),
        relay_sites=tuple(site.lower().strip(".") for site in env.list("RELAY_SITES", default=[])),
        relay_fallback_minutes=int(minutes) if (minutes := env.str("RELAY_FALLBACK_MINUTES", "")) else None,
        relay_connections=_connections(env, "RELAY_CONNECTIONS"),
        site_connections=_connections(env, "SITE_CONNECTIONS"),
        source_addresses_transactional=_sources(env, "SOURCE_ADDRESSES_TRANSACTIONAL"),
        source_addresses_bulk=_sources(env, "SOURCE_ADDRESSES_BULK"),
        outbound_ipv6=env.bool("OUTBOUND_IPV6", False),
        outbound_port=outbound_port,
        outbound_public_only=outbound_public_only,
        lease_seconds=_lease_seconds(env),
        time_server=env.str("TIME_SERVER", "").strip(),
        port25_target=env.str("PORT25_TARGET", "").strip(),
    )


def _relay(env: environ.Env, route: str) -> Relay:
    relay = Relay(
        host=env.str("RELAY_HOST", ""),
        port=env.int("RELAY_PORT", 587),
        user=env.str("RELAY_USER", ""),
        password=env.str("RELAY_PASSWORD", ""),
        tls=env.str("RELAY_TLS", "starttls"),
    )
    users = {
        "ROUTE is relay": route == "relay",
        "ROUTE_BULK is relay": env.str("ROUTE_BULK", "") == "relay",
        "RELAY_SITES is set": bool(env.list("RELAY_SITES", default=[])),
        "RELAY_FALLBACK_MINUTES is set": bool(env.str("RELAY_FALLBACK_MINUTES", "")),
    }
    if not relay.host and (user := next((user for user, uses in users.items() if uses), "")):
        raise ValueError(f"{user}, but RELAY_HOST is empty. Set it to the smarthost's name.")
    if relay.tls not in ("starttls", "implicit", "none"):
        raise ValueError(f"RELAY_TLS is {relay.tls!r}; it must be starttls, implicit or none.")
    return relay


def _outbound(env: environ.Env, *, debug: bool) -> tuple[int, bool]:
    """The port that the mx route knocks at, and whether private addresses are refused. Port 25 keeps that refusal."""
    port, public_only = env.int("OUTBOUND_PORT", 25), env.bool("OUTBOUND_PUBLIC_ONLY", True)
    if not 1 <= port <= 65535:
        raise ValueError(
            f"OUTBOUND_PORT is {port}; a port lies between 1 and 65535. Leave it out for 25, where mail goes."
        )
    if not public_only and (port == 25 or debug):
        raise ValueError(
            "OUTBOUND_PUBLIC_ONLY=false lets mail go to loopback and private addresses. It is meant for proofs, with"
            " another OUTBOUND_PORT than 25 and with DEBUG=false; leave it out otherwise."
        )
    return port, public_only


def _lease_seconds(env: environ.Env) -> int:
    seconds = env.int("LEASE_SECONDS", 180)
    if not 3 <= seconds <= 3600:
        raise ValueError(f"LEASE_SECONDS is {seconds}; it must lie between 3 and 3600. Leave it out for 180.")
    return seconds


def _route_bulk(env: environ.Env, route: str) -> str:
    bulk = env.str("ROUTE_BULK", "")
    if bulk and (bulk not in ("relay", "mx") or route == "development"):
        raise ValueError(f"ROUTE_BULK is {bulk!r}; it may be relay or mx, and only where ROUTE is not development.")
    return bulk


def _connections(env: environ.Env, name: str) -> int:
    number = env.int(name, 20)
    if not 1 <= number <= 1000:
        raise ValueError(f"{name} is {number}; it must lie between 1 and 1000. Leave it out for 20.")
    return number


def _sources(env: environ.Env, name: str) -> tuple[Source, ...]:
    parts = [text.partition("=") for text in env.list(name, default=[])]
    sources = [Source(address.strip(), host.strip()) for address, _, host in parts]
    for source in sources:
        try:
            ipaddress.ip_address(source.address)
        except ValueError:
            sentence = f"{name} holds {source.address!r}; write addresses of this machine, or address=name."
            raise ValueError(sentence) from None
    return tuple(sources)
