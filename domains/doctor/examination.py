"""One look at a domain's DNS: the zone's own servers and several resolvers are asked about every record at once.

Takes a few round trips where DNS is well, and never more than ten seconds.
"""

import asyncio
import ipaddress
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from domains import dns_hosts, resolver
from domains.answers import Answer, Ask, Outcome, Reply, Server
from domains.doctor import authority as authorities
from domains.doctor import findings, spf
from domains.doctor.authority import Authority
from domains.doctor.observation import Kind, Observation, Sighting
from domains.doctor.second_look import look_again
from domains.doctor.verdict import Conclusion, conclude
from domains.records import ExpectedRecord
from domains.reports.mailboxes import dmarc_address

LONGEST = 9.0
"""Seconds."""
OWN_RESOLVERS = 2
"""Of this service's own resolvers, how many are asked beside the public ones."""


@dataclass(frozen=True, slots=True)
class Examination:
    """A conclusion for each record by its key; `findings` and `name_servers` as `SendingDomain` keeps them.

    `saw_nothing`: no server said anything, which tells about the way to DNS and nothing about the domain.
    """

    conclusions: dict[str, Conclusion]
    findings: list[dict[str, Any]]
    name_servers: list[str]
    saw_nothing: bool


def examine(domain: str, expected: Sequence[ExpectedRecord]) -> Examination:
    """Ask DNS about `domain` and its records, outside any transaction and event loop."""
    return asyncio.run(_examine(domain, expected, time.monotonic() + LONGEST))


async def _examine(domain: str, expected: Sequence[ExpectedRecord], until: float) -> Examination:
    (authority, by_servers), by_resolvers, spf_findings = await asyncio.gather(
        _ask_authority(domain, expected, until),
        _ask_resolvers(expected, until),
        spf.survey(domain, lambda questions: _recursively(questions, until)),
    )
    observations = [Observation(one, tuple(by_servers[one.key] + by_resolvers[one.key])) for one in expected]
    observations = await look_again(observations, domain, authority, until)
    proxies = [ipaddress.ip_network(text) for text in dns_hosts.proxy_networks()]
    reports = dmarc_address(settings.PLATFORM_DOMAIN)
    noticed = findings.of_authority(domain, authority, observations) + findings.of_dnssec(observations)
    return Examination(
        {one.expected.key: conclude(one, reports, proxies) for one in observations},
        noticed + findings.stored(spf_findings),
        list(authority.hosts),
        not any(one.deciding() for one in observations),
    )


async def _ask_authority(
    domain: str, expected: Sequence[ExpectedRecord], until: float
) -> tuple[Authority, dict[str, list[Sighting]]]:
    authority = await authorities.find(domain, until)
    sightings = await _ask_each(authority.servers, expected, until)
    below: dict[str, Authority] = {}
    for one in expected:
        # A part of the domain may be a zone of its own, with other servers.
        referral = next((s.reply for s in sightings[one.key] if s.reply.delegated), None)
        if referral is not None:
            if referral.delegated not in below:
                below[referral.delegated] = await authorities.referred(referral, until)
            sightings |= await _ask_each(below[referral.delegated].servers, [one], until)
    return authority, {key: await _to_the_end(some, until) for key, some in sightings.items()}


async def _ask_each(
    servers: Sequence[Server], expected: Sequence[ExpectedRecord], until: float
) -> dict[str, list[Sighting]]:
    asks = [Ask(server, one.fqdn, one.type) for one in expected for server in servers]
    replies = await resolver.ask_many(asks, until)
    sightings: dict[str, list[Sighting]] = {one.key: [] for one in expected}
    keys = [one.key for one in expected for _server in servers]
    for key, ask, reply in zip(keys, asks, replies, strict=True):
        sightings[key].append(Sighting(ask.server, Kind.AUTHORITATIVE, reply))
    return sightings


async def _to_the_end(sightings: list[Sighting], until: float) -> list[Sighting]:
    """A TXT record may stand behind a CNAME that leaves the zone: what it leads to is for our resolver to find."""
    open_ends = {
        sighting.reply.aliases[-1]
        for sighting in sightings
        if sighting.reply.is_usable and sighting.reply.aliases and sighting.reply.answer.outcome is not Outcome.FOUND
    }
    names = sorted(open_ends)
    answers = dict(zip(names, await _recursively([(name, "TXT") for name in names], until), strict=True))

    def followed(reply: Reply) -> Reply:
        found = answers.get(reply.aliases[-1]) if reply.aliases and reply.is_usable else None
        return replace(reply, answer=found) if found is not None else reply

    return [replace(sighting, reply=followed(sighting.reply)) for sighting in sightings]


async def _ask_resolvers(expected: Sequence[ExpectedRecord], until: float) -> dict[str, list[Sighting]]:
    servers = list(dict.fromkeys([*resolver.own_resolvers()[:OWN_RESOLVERS], *resolver.public_resolvers()]))
    asks = [Ask(server, one.fqdn, one.type, recursive=True) for one in expected for server in servers]
    replies = await resolver.ask_many(asks, until)
    sightings: dict[str, list[Sighting]] = {one.key: [] for one in expected}
    keys = [one.key for one in expected for _server in servers]
    for key, ask, reply in zip(keys, asks, replies, strict=True):
        sightings[key].append(Sighting(ask.server, Kind.RESOLVER, reply))
    return sightings


async def _recursively(questions: Sequence[tuple[str, str]], until: float) -> list[Answer]:
    own = resolver.own_resolvers()[0]
    replies = await resolver.ask_many([Ask(own, name, rdtype, recursive=True) for name, rdtype in questions], until)
    return [reply.answer for reply in replies]
