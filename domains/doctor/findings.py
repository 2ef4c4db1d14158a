"""What the doctor notices about a domain beside its records: its name servers, its DNSSEC, its SPF record. Pure.

Findings are kept as `{"code": …, "params": {…}}` in `SendingDomain.dns_findings`; `domains.doctor.remarks` says them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from domains.answers import Outcome, Reply
from domains.doctor.authority import Authority
from domains.doctor.observation import Kind, Observation

Stored = dict[str, Any]

ZONE = "zone"
"""No trouble: where the records are to be entered. Its param `apex` tells."""


def of_authority(domain: str, authority: Authority, observations: Sequence[Observation]) -> list[Stored]:
    """What the name servers did with our questions."""
    replies = _replies_by_server(observations)
    silent = [host for host, all_replies in replies.items() if _all(all_replies, Outcome.TIMEOUT)]
    torn = [host for host in silent if any(reply.was_truncated for reply in replies[host])]
    lame = [host for host, all_replies in replies.items() if host not in silent and all(map(_is_lame, all_replies))]
    found: list[Stored] = []
    if authority.holds(domain):
        found.append(_finding(ZONE, apex=authority.zone))
    if not authority.exists:
        found.append(_finding("not_registered", zone=authority.zone))
    for code, hosts in (
        ("lame", lame),
        ("nowhere", authority.nowhere),
        ("hidden", authority.hidden),
        ("silent", [host for host in silent if host not in torn]),
        ("no_tcp", torn),
    ):
        if hosts:
            found.append(_finding(code, servers=", ".join(hosts)))
    if replies and not any(reply.is_usable for all_replies in replies.values() for reply in all_replies):
        found.append(_finding("unreachable"))
    return found


def of_dnssec(observations: Iterable[Observation]) -> list[Stored]:
    """Resolvers that refuse to believe the zone."""
    failed = {
        sighting.asked.name: None
        for one in observations
        if one.surroundings.unchecked is not None and not one.surroundings.unchecked.outcome.is_failure
        for sighting in one.sightings
        if sighting.kind is Kind.RESOLVER and sighting.reply.answer.outcome is Outcome.SERVFAIL
    }
    return [_finding("dnssec", servers=", ".join(failed))] if failed else []


def stored(findings: Iterable[tuple[str, dict[str, str | int]]]) -> list[Stored]:
    """As the database keeps them."""
    return [{"code": code, "params": params} for code, params in findings]


def zone_of(findings: Iterable[Stored]) -> str:
    """The apex of the zone in which the domain's records are entered, or nothing when it is not known."""
    return next((str(one["params"]["apex"]) for one in findings if one["code"] == ZONE), "")


def _replies_by_server(observations: Sequence[Observation]) -> dict[str, list[Reply]]:
    replies: dict[str, list[Reply]] = {}
    for one in observations:
        for sighting in one.sightings:
            if sighting.kind is Kind.AUTHORITATIVE:
                replies.setdefault(sighting.asked.name, []).append(sighting.reply)
    return replies


def _all(replies: Sequence[Reply], outcome: Outcome) -> bool:
    return all(reply.answer.outcome is outcome for reply in replies)


def _is_lame(reply: Reply) -> bool:
    """It answers, but not for this zone (RFC 8499): a refusal, a failure, or data that is not its own."""
    return not reply.is_usable and reply.answer.outcome is not Outcome.TIMEOUT


def _finding(code: str, **params: str | int) -> Stored:
    return {"code": code, "params": params}
