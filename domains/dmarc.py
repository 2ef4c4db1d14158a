"""Judges what stands at `_dmarc` (RFC 7489 sections 6.3, 6.4 and 6.6.3), and remarks what may surprise. Pure."""

from collections.abc import Sequence

from domains.advice import AdviceCode, Judgement, RecordStatus
from domains.tag_lists import parse_tags, unquoted

DMARC_POLICIES = ("none", "quarantine", "reject")
ALIGNMENTS = ("r", "s")


def judge_dmarc(values: Sequence[str], wanted: str) -> Judgement:
    """Any valid policy passes; `wanted` is ours, of which a cut copy is recognised."""
    records = [value for value in values if is_dmarc(value)]
    if len(records) > 1:
        return Judgement(RecordStatus.FAIL, AdviceCode.DMARC_SEVERAL)
    if records:
        return _judge_tags(records[0], wanted)
    for value in values:
        if is_dmarc(unquoted(value)):
            return Judgement(RecordStatus.FAIL, AdviceCode.VALUE_QUOTED)
        if "dmarc" in value.lower() or "p=" in value.replace(" ", ""):
            return Judgement(RecordStatus.FAIL, AdviceCode.DMARC_VERSION)
    # Records without the version are not DMARC records, and receivers pass over them (RFC 7489 section 6.6.3).
    return Judgement(RecordStatus.MISSING, AdviceCode.NOT_FOUND)


def remark(values: Sequence[str], report_address: str) -> AdviceCode:
    """The weightiest remark about the one policy that passed, or NONE. `report_address`: where we read reports."""
    tags = next((parse_tags(value) for value in values if is_dmarc(value)), None) or {}
    if list(tags)[1:2] != ["p"]:
        return AdviceCode.DMARC_ORDER
    if _has_bad_tag(tags):
        return AdviceCode.DMARC_TAG
    if tags.get("aspf", "r").lower() == "s":
        return AdviceCode.DMARC_ASPF_STRICT
    if report_address.lower() not in report_addresses(tags.get("rua", "")):
        return AdviceCode.DMARC_REPORTS_ELSEWHERE
    return AdviceCode.NONE


def report_addresses(rua: str) -> list[str]:
    """The addresses of an `rua` tag, in lower case; a size limit ("!10m") is left out (RFC 7489 section 6.2)."""
    uris = [uri.strip().lower().partition("!")[0] for uri in rua.split(",")]
    return [uri.removeprefix("mailto:") for uri in uris if uri]


def is_dmarc(value: str) -> bool:
    """Whether the text is a DMARC record at all: it begins with the version."""
    name, equals, version = value.partition(";")[0].partition("=")
    return bool(equals) and name.strip().lower() == "v" and version.strip() == "DMARC1"


def _judge_tags(record: str, wanted: str) -> Judgement:
    judgement = _judge_policy(parse_tags(record))
    if judgement.status is RecordStatus.FAIL and _is_cut_inside_a_tag(record.strip(), wanted):
        return Judgement(RecordStatus.FAIL, AdviceCode.VALUE_CUT_SHORT)
    return judgement


def _judge_policy(tags: dict[str, str] | None) -> Judgement:
    if tags is None:
        return Judgement(RecordStatus.FAIL, AdviceCode.DMARC_SYNTAX)
    if "p" not in tags:
        return Judgement(RecordStatus.FAIL, AdviceCode.DMARC_POLICY_MISSING)
    if tags["p"].lower() not in DMARC_POLICIES:
        return Judgement(RecordStatus.FAIL, AdviceCode.DMARC_POLICY_UNKNOWN)
    return Judgement(RecordStatus.PASSED)


def _is_cut_inside_a_tag(record: str, wanted: str) -> bool:
    is_cut = wanted.startswith(record) and wanted[len(record) :][:1] not in ("", ";")
    return is_cut and not record.endswith("=")


def _has_bad_tag(tags: dict[str, str]) -> bool:
    """A tag that receivers must pass over because of its value (RFC 7489 section 6.3)."""
    percent = tags.get("pct", "100")
    return (
        tags.get("sp", "none").lower() not in DMARC_POLICIES
        or tags.get("adkim", "r").lower() not in ALIGNMENTS
        or tags.get("aspf", "r").lower() not in ALIGNMENTS
        or not (percent.isdecimal() and int(percent) <= 100)
    )
