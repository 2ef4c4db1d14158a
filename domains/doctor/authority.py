"""Finds the zone that holds a domain and the servers that are its authority (RFC 1034 section 4.2, RFC 2308).

What the parents say is asked of our own resolver; only where it fails, as it does with a lame delegation, do we follow
the referrals of the zone above by ourselves. Where to ask comes from the domain's owner, who may be anybody: outside a
playground only public addresses are asked (no loopback, private or link-local ones), and no more than four.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings

from domains import resolver
from domains.answers import Ask, Outcome, Reply, Server
from domains.names import registrable_domain
from domains.public_addresses import is_public

MOST_SERVERS = 4
MOST_LABELS = 10
"""Of a domain, from the top: deeper names are looked for from there down."""
MOST_REFERRALS = 3


@dataclass(frozen=True, slots=True)
class Authority:
    """Who answers for a name. `zone` is the apex, empty when it was not found; `hosts` are all its name servers.

    `servers` may be asked. Of the rest `nowhere` have no address and `hidden` none that is public. `exists` is False
    when the zone above denies the domain.
    """

    zone: str = ""
    hosts: tuple[str, ...] = ()
    servers: tuple[Server, ...] = ()
    nowhere: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    exists: bool = True

    def holds(self, domain: str) -> bool:
        """Whether the owner of `domain` may enter records in the zone: a public suffix is somebody else's."""
        registrable = registrable_domain(domain)
        return self.zone == registrable or self.zone.endswith("." + registrable)


@dataclass(slots=True)
class _Found:
    zone: str = ""
    hosts: tuple[str, ...] = ()
    glue: dict[str, list[str]] = field(default_factory=dict)
    exists: bool = True


async def find(domain: str, until: float) -> Authority:
    """The authority for `domain`; waits no longer than `until` (monotonic seconds)."""
    found, is_broken = await _by_resolver(domain, until)
    if not found.zone:
        return Authority()
    authority = await _with_addresses(found, until)
    for _step in range(MOST_REFERRALS if is_broken else 0):
        below = await referral(domain, authority, until)
        if below is None:
            break
        authority = below
    return authority


async def referral(name: str, above: Authority, until: float) -> Authority | None:
    """The authority that the servers of the zone `above` refer to for `name`; None when they answer themselves."""
    replies = await resolver.ask_many([Ask(server, name, "NS") for server in above.servers], until)
    reply = next((reply for reply in replies if _leads_below(reply, name, above.zone)), None)
    return None if reply is None else await referred(reply, until)


async def referred(reply: Reply, until: float) -> Authority:
    """The authority that a referral names."""
    glue: dict[str, list[str]] = {}
    for host, address in reply.glue:
        glue.setdefault(host, []).append(address)
    return await _with_addresses(_Found(reply.delegated, reply.name_servers, glue), until)


async def _by_resolver(domain: str, until: float) -> tuple[_Found, bool]:
    """The deepest zone above or at `domain` that our resolver knows, and whether it says nothing of names below."""
    names = _at_and_above(domain)
    questions = [(name, rdtype) for name in names for rdtype in ("SOA", "NS")]
    replies = dict(zip(questions, await _recursively(questions, until), strict=True))
    is_broken = False
    for name in names:
        soa = replies[(name, "SOA")]
        # Behind a CNAME the SOA is that of another zone.
        if soa.zone and (soa.zone == name or name.endswith("." + soa.zone)):
            hosts = replies[(soa.zone, "NS")].answer.values if (soa.zone, "NS") in replies else ()
            exists = not (soa.answer.outcome is Outcome.NXDOMAIN and "." not in soa.zone and name.count(".") == 1)
            return _Found(soa.zone, hosts, exists=exists), is_broken
        is_broken = True
    return _Found(), is_broken


async def _with_addresses(found: _Found, until: float) -> Authority:
    everyone = tuple(sorted(found.hosts))
    hosts = everyone[:MOST_SERVERS]
    unknown = [host for host in hosts if host not in found.glue]
    questions = [(host, rdtype) for host in unknown for rdtype in ("A", "AAAA")]
    replies = await _recursively(questions, until)
    addresses = {host: list(known) for host, known in found.glue.items()}
    for (host, _rdtype), reply in zip(questions, replies, strict=True):
        addresses.setdefault(host, []).extend(reply.answer.values)
    servers: list[Server] = []
    nowhere: list[str] = []
    hidden: list[str] = []
    for host in hosts:
        askable = [address for address in addresses[host] if _may_be_asked(address)]
        reachable = [address for address in askable if ":" not in address or settings.ENVIRONMENT.outbound_ipv6]
        if reachable:
            servers.append(Server(host, reachable[0], _port()))
        elif not askable:
            (hidden if addresses[host] else nowhere).append(host)
    return Authority(found.zone, everyone, tuple(servers), tuple(nowhere), tuple(hidden), found.exists)


async def _recursively(questions: Sequence[tuple[str, str]], until: float) -> list[Reply]:
    """From our own resolvers, the next one where one fails; past DNSSEC, whose failure is found out elsewhere."""
    replies: dict[int, Reply] = {}
    for server in resolver.own_resolvers():
        open_ones = [n for n in range(len(questions)) if n not in replies or replies[n].answer.outcome.is_failure]
        asks = [Ask(server, *questions[n], recursive=True, unchecked=True) for n in open_ones]
        replies.update(zip(open_ones, await resolver.ask_many(asks, until), strict=True))
    return [replies[n] for n in range(len(questions))]


def _leads_below(reply: Reply, name: str, zone: str) -> bool:
    below = reply.delegated
    return bool(below) and below != zone and (name == below or name.endswith("." + below))


def _may_be_asked(address: str) -> bool:
    return _is_playground() or is_public(address)


def _port() -> int:
    """In a playground the zones are served where the resolver is: names lead to the loopback, on its port."""
    own = resolver.own_resolvers()
    return own[0].port if own and _is_playground() else 53


def _is_playground() -> bool:
    return bool(settings.ROUTE == "development")


def _at_and_above(domain: str) -> list[str]:
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(max(0, len(labels) - MOST_LABELS), len(labels))]
