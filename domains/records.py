"""The DNS records that a sending domain needs, and the judgement of what one server answered for each.

Pure. What several servers answered is weighed by `domains.doctor.verdict`. Statuses are the contract's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domains.advice import AdviceCode, Judgement, RecordStatus
from domains.answers import Answer, Outcome
from domains.dkim_record import judge_dkim
from domains.dmarc import DMARC_POLICIES, judge_dmarc
from domains.reports.mailboxes import dmarc_address
from domains.tag_lists import unquoted

__all__ = [
    "DMARC_POLICIES",
    "PLATFORM_TTL",
    "AdviceCode",
    "ExpectedRecord",
    "Judgement",
    "PublishedKey",
    "RecordKey",
    "RecordStatus",
    "RecordType",
    "dkim_record_name",
    "dkim_target",
    "doubled_name",
    "expected_records",
    "judge",
    "key_record",
    "link_host",
    "link_target",
    "return_path_target",
    "short_name",
]


LINK_LABEL = "mt-link"


class RecordKey(StrEnum):
    """The contract's keys of the records."""

    VERIFICATION = "verification"
    DKIM1 = "dkim1"
    DKIM2 = "dkim2"
    DKIM_ED25519 = "dkim_ed25519"
    DMARC = "dmarc"
    LINK = "link_verification"


class RecordType(StrEnum):
    """The types that a customer publishes."""

    CNAME = "CNAME"
    TXT = "TXT"


@dataclass(frozen=True, slots=True)
class ExpectedRecord:
    """`name` is relative to the domain, `fqdn` absolute without the final dot."""

    key: RecordKey
    type: RecordType
    name: str
    fqdn: str
    value: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A DKIM key as its record needs it; `text` is the whole TXT value, empty where a CNAME to our zone does."""

    record: RecordKey
    selector: str
    key_id: str
    text: str = ""
    required: bool = True


PLATFORM_TTL = 300
"""Seconds that the records of our own zone may be kept."""


def expected_records(
    domain_name: str, verification_label: str, dkim: Sequence[tuple[str, str]], platform_domain: str
) -> list[ExpectedRecord]:
    """The records in the order a person publishes them; `dkim` holds two (selector, key id) pairs."""
    (selector1, key_id1), (selector2, key_id2) = dkim

    def record(key: RecordKey, kind: RecordType, name: str, value: str, required: bool = True) -> ExpectedRecord:
        return ExpectedRecord(key, kind, name, f"{name}.{domain_name}", value, required)

    return [
        record(RecordKey.VERIFICATION, RecordType.CNAME, verification_label, return_path_target(platform_domain)),
        key_record(domain_name, PublishedKey(RecordKey.DKIM1, selector1, key_id1), platform_domain),
        key_record(domain_name, PublishedKey(RecordKey.DKIM2, selector2, key_id2), platform_domain),
        record(
            RecordKey.DMARC, RecordType.TXT, "_dmarc", f"v=DMARC1; p=none; rua=mailto:{dmarc_address(platform_domain)}"
        ),
        record(RecordKey.LINK, RecordType.CNAME, LINK_LABEL, link_target(platform_domain), required=False),
    ]


def key_record(domain_name: str, key: PublishedKey, platform_domain: str) -> ExpectedRecord:
    """What the customer publishes for one key: the key itself, or a CNAME to where we hold it."""
    name = dkim_record_name(key.selector)
    kind = RecordType.TXT if key.text else RecordType.CNAME
    value = key.text or dkim_target(key.selector, key.key_id, platform_domain)
    return ExpectedRecord(key.record, kind, name, f"{name}.{domain_name}", value, key.required)


def return_path_target(platform_domain: str) -> str:
    """Where bounces go, and whose SPF record passes."""
    return f"smtp.{platform_domain}"


def link_host(domain_name: str) -> str:
    """The domain's own host of tracked links."""
    return f"{LINK_LABEL}.{domain_name}"


def link_target(platform_domain: str) -> str:
    """Where tracked links lead."""
    return f"t.{platform_domain}"


def dkim_record_name(selector: str) -> str:
    """Relative to the domain (RFC 6376 3.6.2.1)."""
    return f"{selector}._domainkey"


def dkim_target(selector: str, key_id: str, platform_domain: str) -> str:
    """Where the customer's CNAME points and our own zone holds the key: it names the key, so accounts never collide."""
    return f"{selector}.{key_id}.dkim.{platform_domain}"


def short_name(fqdn: str, zone: str) -> str:
    """The name as a provider wants it, who adds the name of the zone by itself; "@" is the zone's own."""
    if fqdn == zone:
        return "@"
    return fqdn.removesuffix("." + zone) if zone else fqdn


def doubled_name(expected: ExpectedRecord) -> str:
    """Where the record lands when a provider appends the zone's name to an absolute one."""
    return expected.fqdn + expected.fqdn.removeprefix(expected.name)


def judge(expected: ExpectedRecord, answer: Answer | None, doubled: Answer | None = None) -> Judgement:
    """Judge the answer at `expected.fqdn`; `doubled` is the answer at `doubled_name`, asked when nothing is found."""
    if answer is None:
        return Judgement(RecordStatus.UNCHECKED, AdviceCode.UNCHECKED)
    if answer.outcome.is_failure:
        advice = AdviceCode.TIMEOUT if answer.outcome is Outcome.TIMEOUT else AdviceCode.SERVFAIL
        return Judgement(RecordStatus.NETWORK_ERROR, advice)
    judgement = _judge_answer(expected, answer)
    if judgement.status is RecordStatus.MISSING and doubled is not None and doubled.outcome is Outcome.FOUND:
        return Judgement(RecordStatus.FAIL, AdviceCode.NAME_DOUBLED)
    return judgement


def _judge_answer(expected: ExpectedRecord, answer: Answer) -> Judgement:
    if expected.key is RecordKey.DMARC:
        return judge_dmarc(answer.values, expected.value)
    if expected.type is RecordType.TXT:
        return judge_dkim(answer.values, expected.value)
    return _judge_cname(expected, answer)


def _judge_cname(expected: ExpectedRecord, answer: Answer) -> Judgement:
    if answer.outcome is Outcome.NO_DATA:
        return Judgement(RecordStatus.MISSING, AdviceCode.OTHER_TYPE)
    if not answer.values:
        return Judgement(RecordStatus.MISSING, AdviceCode.NOT_FOUND)
    if len(answer.values) > 1:
        return Judgement(RecordStatus.FAIL, AdviceCode.SEVERAL_VALUES)
    found, wanted = _plain_name(answer.values[0]), _plain_name(expected.value)
    if found == wanted:
        return Judgement(RecordStatus.PASSED)
    zone = expected.fqdn.removeprefix(expected.name + ".")
    if _plain_name(unquoted(found)) == wanted:
        advice = AdviceCode.VALUE_QUOTED
    elif any(found == f"{wanted}.{parent}" for parent in _parents(zone)):
        advice = AdviceCode.VALUE_DOUBLED
    elif wanted.startswith(found):
        advice = AdviceCode.VALUE_CUT_SHORT
    else:
        advice = AdviceCode.OTHER_VALUE
    return Judgement(RecordStatus.FAIL, advice)


def _plain_name(value: str) -> str:
    return value.strip().rstrip(".").lower()


def _parents(zone: str) -> list[str]:
    labels = zone.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]
