"""Weighs what all servers said about one record into a status and one piece of advice. Pure.

The authoritative servers decide; a resolver that says otherwise is merely late, and we say until when. Where the
servers of the zone contradict each other, or DNSSEC keeps every resolver from believing them, the record is `softfail`:
neither proven nor disproven, so it changes no verdict about the domain.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domains.advice import AdviceCode, Judgement, RecordStatus
from domains.answers import Answer, Outcome
from domains.dmarc import remark
from domains.doctor.observation import Kind, Observation, Sighting, Surroundings
from domains.records import ExpectedRecord, RecordKey, judge

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
UNDECIDED = (RecordStatus.MISSING, RecordStatus.FAIL)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """`observed`: the values that the advice is about, as text; `seen`: for `DnsRecord.seen`."""

    judgement: Judgement
    observed: list[str]
    seen: list[dict[str, Any]]


def conclude(observation: Observation, report_address: str, proxies: Sequence[Network] = ()) -> Conclusion:
    """The verdict on one record. `proxies`: addresses behind which a provider hides a CNAME."""
    deciding = observation.deciding()
    judgement = _judge(observation, deciding)
    observed = _values(deciding)
    if judgement.status in UNDECIDED:
        judgement, observed = _explained(observation, judgement, observed, proxies)
    if judgement == Judgement(RecordStatus.PASSED) and observation.expected.key is RecordKey.DMARC:
        judgement = Judgement(RecordStatus.PASSED, remark(observed, report_address))
    if judgement.status is RecordStatus.PASSED:
        judgement = _as_the_world_sees_it(observation, judgement)
    return Conclusion(judgement, observed, [sighting.as_json() for sighting in observation.sightings])


def needs_second_look(observation: Observation) -> bool:
    """Whether asking about the surroundings may tell more."""
    return _judge(observation, observation.deciding()).status is not RecordStatus.PASSED or bool(late(observation))


def late(observation: Observation) -> list[Sighting]:
    """The resolvers that contradict authoritative servers which all have the record."""
    expected = observation.expected
    own = observation.of_kind(Kind.AUTHORITATIVE)
    if not own or any(not _passes(expected, sighting) for sighting in own):
        return []
    resolvers = [sighting for sighting in observation.sightings if sighting.kind is Kind.RESOLVER]
    return [sighting for sighting in resolvers if not _passes(expected, sighting)]


def _judge(observation: Observation, deciding: Sequence[Sighting]) -> Judgement:
    judgements = [judge(observation.expected, sighting.reply.answer) for sighting in deciding]
    if not judgements:
        return _no_answer(observation)
    passed = [judgement for judgement in judgements if judgement.status is RecordStatus.PASSED]
    if len(passed) == len(judgements):
        return passed[0]
    if passed and deciding[0].kind is Kind.AUTHORITATIVE:
        return Judgement(RecordStatus.SOFTFAIL, AdviceCode.SERVERS_DISAGREE)
    # Resolvers differ while one of them remembers what was: the one that knows the record asked last.
    return passed[0] if passed else judgements[0]


def _no_answer(observation: Observation) -> Judgement:
    unchecked = observation.surroundings.unchecked
    if unchecked is not None and not unchecked.outcome.is_failure:
        return Judgement(RecordStatus.NETWORK_ERROR, AdviceCode.DNSSEC)
    outcomes = {sighting.reply.answer.outcome for sighting in observation.sightings}
    if not outcomes:
        return Judgement(RecordStatus.UNCHECKED, AdviceCode.UNCHECKED)
    silent = outcomes == {Outcome.TIMEOUT}
    return Judgement(RecordStatus.NETWORK_ERROR, AdviceCode.TIMEOUT if silent else AdviceCode.SERVFAIL)


def _explained(
    observation: Observation, judgement: Judgement, observed: list[str], proxies: Sequence[Network]
) -> tuple[Judgement, list[str]]:
    """The finer advice that the surroundings allow, with the values that it speaks of."""
    expected, around = observation.expected, observation.surroundings
    everything = [f"{rdtype} {value}" for rdtype, value in around.others]
    others = [f"{rdtype} {value}" for rdtype, value in around.others if rdtype != expected.type]
    fail = RecordStatus.FAIL
    if expected.key is RecordKey.DMARC and judgement.status is RecordStatus.MISSING and _is_inherited(expected, around):
        policy = around.inherited.values if around.inherited else ()
        return Judgement(RecordStatus.PASSED, AdviceCode.DMARC_INHERITED), [around.inherited_from, *policy]
    if around.others and set(around.others) <= set(around.strays):
        return Judgement(judgement.status, AdviceCode.WILDCARD), everything
    if any(_is_proxied(rdtype, value, proxies) for rdtype, value in around.others):
        return Judgement(fail, AdviceCode.PROXIED), others
    if judgement.advice is AdviceCode.OTHER_VALUE and expected.value.lower() in around.chain:
        return Judgement(RecordStatus.PASSED, AdviceCode.CHAINED), [*observed, *around.chain]
    if judgement.status is RecordStatus.MISSING:
        if _is_found(around.doubled):
            return Judgement(fail, AdviceCode.NAME_DOUBLED), observed
        if around.on_parent is not None and judge(expected, around.on_parent).status is RecordStatus.PASSED:
            return Judgement(fail, AdviceCode.ON_PARENT), [around.parent]
        code = AdviceCode.OTHER_TYPE if others else AdviceCode.NOT_FOUND
        return Judgement(judgement.status, code), others or observed
    return judgement, observed


def _as_the_world_sees_it(observation: Observation, judgement: Judgement) -> Judgement:
    behind = late(observation)
    resolvers = [sighting for sighting in observation.sightings if sighting.kind is Kind.RESOLVER]
    broken = [sighting for sighting in behind if sighting.reply.answer.outcome is Outcome.SERVFAIL]
    unchecked = observation.surroundings.unchecked
    if broken and len(broken) == len(resolvers) and unchecked is not None and not unchecked.outcome.is_failure:
        return Judgement(RecordStatus.SOFTFAIL, AdviceCode.DNSSEC)
    if any(sighting.counts for sighting in behind):
        return Judgement(RecordStatus.PASSED, AdviceCode.STALE)
    return judgement


def _passes(expected: ExpectedRecord, sighting: Sighting) -> bool:
    return judge(expected, sighting.reply.answer).status is RecordStatus.PASSED


def _values(deciding: Sequence[Sighting]) -> list[str]:
    """Each value once, in the order seen."""
    return list(dict.fromkeys(value for sighting in deciding for value in sighting.reply.answer.values))


def _is_inherited(expected: ExpectedRecord, around: Surroundings) -> bool:
    return around.inherited is not None and judge(expected, around.inherited).status is RecordStatus.PASSED


def _is_found(answer: Answer | None) -> bool:
    return answer is not None and answer.outcome is Outcome.FOUND


def _is_proxied(rdtype: str, value: str, proxies: Sequence[Network]) -> bool:
    if rdtype not in ("A", "AAAA"):
        return False
    address = ipaddress.ip_address(value)
    return any(address in network for network in proxies)
