"""The DNS records that a sending domain needs, and the judgement of what DNS answered for each.

Pure. DMARC syntax follows RFC 7489 sections 6.3, 6.4 and 6.6.3; statuses are the contract's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domains.answers import Answer, Outcome
from domains.dkim.keys import record_tags


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


class RecordStatus(StrEnum):
    """`softfail` belongs to the contract's vocabulary; our own records never earn it."""

    PASSED = "pass"
    MISSING = "missing"
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NETWORK_ERROR = "network_error"
    UNCHECKED = "unchecked"


class AdviceCode(StrEnum):
    """What is wrong with a record, as finely as one sentence of advice needs it."""

    NONE = ""
    UNCHECKED = "unchecked"
    NOT_FOUND = "not_found"
    OTHER_TYPE = "other_type"
    NAME_DOUBLED = "name_doubled"
    VALUE_DOUBLED = "value_doubled"
    VALUE_QUOTED = "value_quoted"
    VALUE_CUT_SHORT = "value_cut_short"
    OTHER_VALUE = "other_value"
    SEVERAL_VALUES = "several_values"
    DMARC_SEVERAL = "dmarc_several"
    DMARC_VERSION = "dmarc_version"
    DMARC_POLICY_MISSING = "dmarc_policy_missing"
    DMARC_POLICY_UNKNOWN = "dmarc_policy_unknown"
    DMARC_SYNTAX = "dmarc_syntax"
    TIMEOUT = "timeout"
    SERVFAIL = "servfail"


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


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one record is worth, and why; `domains.diagnosis` turns the code into a sentence."""

    status: RecordStatus
    advice: AdviceCode = AdviceCode.NONE


PLATFORM_TTL = 300
"""Seconds that the records of our own zone may be kept."""
DMARC_POLICIES = ("none", "quarantine", "reject")


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
        record(RecordKey.DMARC, RecordType.TXT, "_dmarc", f"v=DMARC1; p=none; rua=mailto:dmarc@{platform_domain}"),
        record(RecordKey.LINK, RecordType.CNAME, "mt-link", link_target(platform_domain), required=False),
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


def link_target(platform_domain: str) -> str:
    """Where tracked links lead."""
    return f"t.{platform_domain}"


def dkim_record_name(selector: str) -> str:
    """Relative to the domain (RFC 6376 3.6.2.1)."""
    return f"{selector}._domainkey"


def dkim_target(selector: str, key_id: str, platform_domain: str) -> str:
    """Where the customer's CNAME points and our own zone holds the key: it names the key, so accounts never collide."""
    return f"{selector}.{key_id}.dkim.{platform_domain}"


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
    if expected.key is RecordKey.DMARC:
        judgement = _judge_dmarc(answer)
    elif expected.type is RecordType.TXT:
        judgement = _judge_key(expected, answer)
    else:
        judgement = _judge_cname(expected, answer)
    if judgement.status is RecordStatus.MISSING and doubled is not None and doubled.outcome is Outcome.FOUND:
        return Judgement(RecordStatus.FAIL, AdviceCode.NAME_DOUBLED)
    return judgement


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
    if _plain_name(_unquoted(found)) == wanted:
        advice = AdviceCode.VALUE_QUOTED
    elif any(found == f"{wanted}.{parent}" for parent in _parents(zone)):
        advice = AdviceCode.VALUE_DOUBLED
    elif wanted.startswith(found):
        advice = AdviceCode.VALUE_CUT_SHORT
    else:
        advice = AdviceCode.OTHER_VALUE
    return Judgement(RecordStatus.FAIL, advice)


def _judge_key(expected: ExpectedRecord, answer: Answer) -> Judgement:
    if not answer.values:
        return Judgement(RecordStatus.MISSING, AdviceCode.NOT_FOUND)
    if len(answer.values) > 1:
        # A verifier may take any of them (RFC 6376 section 3.6.2.2).
        return Judgement(RecordStatus.FAIL, AdviceCode.SEVERAL_VALUES)
    found, wanted = record_tags(answer.values[0]), record_tags(expected.value)
    if found is not None and wanted is not None:
        if (found["p"], found.get("k", "rsa")) == (wanted["p"], wanted.get("k", "rsa")):
            return Judgement(RecordStatus.PASSED)
        if found["p"] and wanted["p"].startswith(found["p"]):
            return Judgement(RecordStatus.FAIL, AdviceCode.VALUE_CUT_SHORT)
    elif _unquoted(answer.values[0]) == expected.value:
        return Judgement(RecordStatus.FAIL, AdviceCode.VALUE_QUOTED)
    return Judgement(RecordStatus.FAIL, AdviceCode.OTHER_VALUE)


def _judge_dmarc(answer: Answer) -> Judgement:
    records = [value for value in answer.values if _is_dmarc(value)]
    if len(records) > 1:
        return Judgement(RecordStatus.FAIL, AdviceCode.DMARC_SEVERAL)
    if records:
        return _judge_dmarc_tags(records[0])
    for value in answer.values:
        if _is_dmarc(_unquoted(value)):
            return Judgement(RecordStatus.FAIL, AdviceCode.VALUE_QUOTED)
        if "dmarc" in value.lower() or "p=" in value.replace(" ", ""):
            return Judgement(RecordStatus.FAIL, AdviceCode.DMARC_VERSION)
    # Records without the version are not DMARC records, and receivers pass over them (RFC 7489 section 6.6.3).
    return Judgement(RecordStatus.MISSING, AdviceCode.NOT_FOUND)


def _judge_dmarc_tags(record: str) -> Judgement:
    tags: dict[str, str] = {}
    for part in record.split(";"):
        if not part.strip():
            continue
        name, equals, value = part.partition("=")
        name = name.strip().lower()
        if not equals or not name or name in tags:
            return Judgement(RecordStatus.FAIL, AdviceCode.DMARC_SYNTAX)
        tags[name] = value.strip()
    if "p" not in tags:
        return Judgement(RecordStatus.FAIL, AdviceCode.DMARC_POLICY_MISSING)
    if tags["p"].lower() not in DMARC_POLICIES:
        return Judgement(RecordStatus.FAIL, AdviceCode.DMARC_POLICY_UNKNOWN)
    return Judgement(RecordStatus.PASSED)


def _is_dmarc(value: str) -> bool:
    name, equals, version = value.partition(";")[0].partition("=")
    return bool(equals) and name.strip().lower() == "v" and version.strip() == "DMARC1"


def _plain_name(value: str) -> str:
    return value.strip().rstrip(".").lower()


def _unquoted(value: str) -> str:
    return value.strip().strip("\"'“”‘’").strip()


def _parents(zone: str) -> list[str]:
    labels = zone.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]
