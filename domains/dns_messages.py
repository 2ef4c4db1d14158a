"""Reads DNS messages (RFC 1035, 2308) into the plain values of `domains.answers`. No network."""

from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

from domains.answers import Answer, Outcome, Reply

NEGATIVE_TTL = 60
"""Seconds, where no SOA says so."""
FAILURES = {dns.rcode.REFUSED: Outcome.REFUSED, dns.rcode.NOTAUTH: Outcome.REFUSED}
"""Other codes than these, NOERROR and NXDOMAIN count as SERVFAIL."""


def answer_of(resolution: dns.resolver.Answer) -> Answer:
    """What dnspython's resolver found."""
    if resolution.rrset is None:
        return Answer(Outcome.NO_DATA)
    values = tuple(_value(rdata) for rdata in resolution.rrset)
    return Answer(Outcome.FOUND, values, int(resolution.chaining_result.minimum_ttl))


def failure_of(problem: Exception) -> Answer:
    """What dnspython's resolver raised."""
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


def reply_of(response: dns.message.Message, *, was_truncated: bool = False) -> Reply:
    """What one server's message says to its own question."""
    question = response.question[0]
    aliases, found, ttl = _follow(response, question.name, question.rdtype)
    soa = next((rrset for rrset in response.authority if rrset.rdtype == dns.rdatatype.SOA), None)
    zone = name_text(soa.name) if soa is not None else None
    if found is not None and found.rdtype == dns.rdatatype.SOA:
        zone = name_text(found.name)
    referral = next((rrset for rrset in response.authority if rrset.rdtype == dns.rdatatype.NS), None)
    is_referral = (
        referral is not None
        and found is None
        and soa is None
        and response.rcode() == dns.rcode.NOERROR
        and not response.answer
    )
    return Reply(
        answer=_answer(response, found, ttl),
        is_authoritative=bool(response.flags & dns.flags.AA),
        aliases=tuple(name_text(name) for name in aliases),
        zone=zone,
        delegated=name_text(referral.name) if referral is not None and is_referral else "",
        name_servers=tuple(_value(rdata) for rdata in referral) if referral is not None and is_referral else (),
        glue=tuple(_glue(response)),
        was_truncated=was_truncated,
    )


def name_text(name: dns.name.Name) -> str:
    """In lower case without the final dot; the root is the empty text."""
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""


def _follow(
    response: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
) -> tuple[list[dns.name.Name], dns.rrset.RRset | None, int]:
    """Along the CNAMEs of the answer: where each leads, what stands at the end, and the least TTL on the way."""
    aliases: list[dns.name.Name] = []
    ttls: list[int] = []
    sets = {(rrset.name, rrset.rdtype): rrset for rrset in response.answer}
    for _step in response.answer:
        if (found := sets.get((name, rdtype))) is not None:
            return aliases, found, min([*ttls, found.ttl])
        alias = sets.get((name, dns.rdatatype.CNAME))
        if alias is None:
            break
        ttls.append(alias.ttl)
        name = alias[0].target
        aliases.append(name)
    return aliases, None, min(ttls, default=0)


def _answer(response: dns.message.Message, found: dns.rrset.RRset | None, ttl: int) -> Answer:
    rcode = response.rcode()
    if found is not None and rcode in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return Answer(Outcome.FOUND, tuple(_value(rdata) for rdata in found), ttl)
    if rcode == dns.rcode.NXDOMAIN:
        return Answer(Outcome.NXDOMAIN, ttl=_negative_ttl(response))
    if rcode == dns.rcode.NOERROR:
        return Answer(Outcome.NO_DATA, ttl=_negative_ttl(response))
    return Answer(FAILURES.get(rcode, Outcome.SERVFAIL))


def _glue(response: dns.message.Message) -> list[tuple[str, str]]:
    kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
    return [
        (name_text(rrset.name), str(rdata.address))
        for rrset in response.additional
        if rrset.rdtype in kinds
        for rdata in rrset
    ]


def _value(rdata: Any) -> str:
    match rdata.rdtype:
        case dns.rdatatype.TXT:
            return b"".join(rdata.strings).decode("utf-8", "replace")
        case dns.rdatatype.CNAME | dns.rdatatype.NS | dns.rdatatype.PTR:
            return name_text(rdata.target)
        case dns.rdatatype.MX:
            return f"{rdata.preference} {name_text(rdata.exchange)}"
        case _:
            return str(rdata.to_text())


def _negative_ttl(*responses: dns.message.Message) -> int:
    """Seconds for which there is no such record (RFC 2308 section 5)."""
    soas = (rrset for one in responses for rrset in one.authority if rrset.rdtype == dns.rdatatype.SOA)
    return min((min(soa.ttl, soa[0].minimum) for soa in soas), default=NEGATIVE_TTL)
