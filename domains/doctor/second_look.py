"""Asks what stands round a record that does not stand, so that the mistake can be named.

The zone's own server is asked where one answered, our resolver where none did.
"""

import secrets
from collections.abc import Callable, Sequence

from domains import resolver
from domains.advice import RecordStatus
from domains.answers import Answer, Ask, Outcome, Reply, Server
from domains.doctor.authority import Authority
from domains.doctor.observation import Kind, Observation
from domains.doctor.verdict import late, needs_second_look
from domains.names import registrable_domain
from domains.records import RecordKey, doubled_name, judge

OTHER_TYPES = ("A", "AAAA", "CNAME", "TXT", "MX")

Question = tuple[str, str, bool]
"""Name, type, and whether our resolver is to find it, rather than the zone's own server."""


async def look_again(
    observations: Sequence[Observation], domain: str, authority: Authority, until: float
) -> list[Observation]:
    """The same observations, with the surroundings of those that need them."""
    puzzling = [one for one in observations if needs_second_look(one)]
    if not puzzling:
        return list(observations)
    own = resolver.own_resolvers()[0]
    zone = authority.zone if authority.holds(domain) else ""
    stray = f"doctor-{secrets.token_hex(4)}"
    unchecked = {one.expected.key: ask for one in puzzling if (ask := _unchecked(one)) is not None}
    questions = {one.expected.key: _questions(one, domain, zone, stray) for one in puzzling if not late(one)}
    asks: dict[tuple[str, Question], Ask] = {}
    for one in puzzling:
        server = _answering(one)
        for question in questions.get(one.expected.key, ()):
            asks[(server.name if server else "", question)] = _ask(question, server, own)
    replies = await resolver.ask_many([*asks.values(), *unchecked.values()], until)
    answers = dict(zip(asks, replies, strict=False))
    frankly = dict(zip(unchecked, replies[len(asks) :], strict=True))

    def complete(one: Observation) -> Observation:
        if one.expected.key in frankly:
            one = one.with_surroundings(unchecked=frankly[one.expected.key].answer)
        if one.expected.key not in questions:
            return one
        server = _answering(one)
        return _completed(one, domain, zone, stray, lambda q: answers.get((server.name if server else "", q)))

    return [complete(one) for one in observations]


def _questions(one: Observation, domain: str, zone: str, stray: str) -> list[Question]:
    expected = one.expected
    if not one.deciding():
        return []
    asked = [(name, rdtype, False) for name in (expected.fqdn, _beside(expected.fqdn, stray)) for rdtype in OTHER_TYPES]
    asked.append((doubled_name(expected), expected.type, False))
    if _has_parent(domain, zone):
        asked.append((f"{expected.name}.{zone}", expected.type, False))
    if expected.key is RecordKey.DMARC and registrable_domain(domain) != domain:
        asked.append((f"_dmarc.{registrable_domain(domain)}", "TXT", True))
    if expected.type == "CNAME" and any(sighting.reply.answer.values for sighting in one.deciding()):
        asked.append((expected.fqdn, "TXT", True))
    return asked


def _completed(
    one: Observation, domain: str, zone: str, stray: str, reply_to: Callable[[Question], Reply | None]
) -> Observation:
    expected = one.expected

    def records_at(name: str) -> tuple[tuple[str, str], ...]:
        replies = [(rdtype, reply_to((name, rdtype, False))) for rdtype in OTHER_TYPES]
        # What a CNAME leads to stands elsewhere.
        direct = [(rdtype, reply) for rdtype, reply in replies if reply and not (reply.aliases and rdtype != "CNAME")]
        return tuple((rdtype, value) for rdtype, reply in direct for value in reply.answer.values)

    def answer_to(question: Question) -> Answer | None:
        reply = reply_to(question)
        return reply.answer if reply is not None else None

    organisation = registrable_domain(domain)
    chain = reply_to((expected.fqdn, "TXT", True))
    return one.with_surroundings(
        others=records_at(expected.fqdn),
        strays=records_at(_beside(expected.fqdn, stray)),
        doubled=answer_to((doubled_name(expected), expected.type, False)),
        on_parent=answer_to((f"{expected.name}.{zone}", expected.type, False)) if _has_parent(domain, zone) else None,
        parent=zone,
        inherited=answer_to((f"_dmarc.{organisation}", "TXT", True)),
        inherited_from=organisation,
        chain=chain.aliases if chain is not None else (),
    )


def _unchecked(one: Observation) -> Ask | None:
    """The question that a resolver failed at, put so that it answers though DNSSEC fails."""
    if any(judge(one.expected, s.reply.answer).status is RecordStatus.PASSED for s in one.of_kind(Kind.RESOLVER)):
        return None
    failed = [
        sighting.asked
        for sighting in one.sightings
        if sighting.kind is Kind.RESOLVER and sighting.reply.answer.outcome is Outcome.SERVFAIL
    ]
    if not failed:
        return None
    return Ask(failed[0], one.expected.fqdn, one.expected.type, recursive=True, unchecked=True)


def _answering(one: Observation) -> Server | None:
    """A server of the zone that spoke about this record."""
    return next((sighting.asked for sighting in one.of_kind(Kind.AUTHORITATIVE)), None)


def _ask(question: Question, server: Server | None, own: Server) -> Ask:
    name, rdtype, by_resolver = question
    if by_resolver or server is None:
        return Ask(own, name, rdtype, recursive=True)
    return Ask(server, name, rdtype)


def _beside(fqdn: str, label: str) -> str:
    return f"{label}.{fqdn.partition('.')[2]}"


def _has_parent(domain: str, zone: str) -> bool:
    return bool(zone) and zone != domain
