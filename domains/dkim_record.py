"""Judges a DKIM key that the customer publishes as TXT (RFC 6376 section 3.6.1, RFC 8463). Pure."""

from collections.abc import Sequence

from domains.advice import AdviceCode, Judgement, RecordStatus
from domains.tag_lists import parse_tags, unquoted


def judge_dkim(values: Sequence[str], wanted: str) -> Judgement:
    """`values` are the texts at the selector, each with its strings joined; `wanted` is the whole record of ours."""
    if not values:
        return Judgement(RecordStatus.MISSING, AdviceCode.NOT_FOUND)
    if len(values) > 1:
        return _judge_several(values, wanted)
    judgement = _judge_one(values[0], wanted)
    if judgement.status is RecordStatus.FAIL and values[0] != _bare(values[0]):
        bare = _judge_one(_bare(values[0]), wanted)
        if bare.status is RecordStatus.PASSED:
            return Judgement(RecordStatus.FAIL, AdviceCode.VALUE_QUOTED)
    return judgement


def _judge_several(values: Sequence[str], wanted: str) -> Judgement:
    # A verifier may take either of two records, so one that is right does not help (RFC 6376 section 3.6.2.2).
    parts = [_bare(value) for value in values]
    if all(_packed(part) in _packed(wanted) for part in parts) and _packed(wanted) not in map(_packed, parts):
        return Judgement(RecordStatus.FAIL, AdviceCode.DKIM_SPLIT)
    return Judgement(RecordStatus.FAIL, AdviceCode.SEVERAL_VALUES)


def _judge_one(value: str, wanted: str) -> Judgement:
    tags, ours = parse_tags(value), parse_tags(wanted) or {}
    if tags is None or ("v" in tags and (next(iter(tags)) != "v" or tags["v"] != "DKIM1")):
        return Judgement(RecordStatus.FAIL, AdviceCode.DKIM_SYNTAX)
    if "p" not in tags:
        return Judgement(RecordStatus.FAIL, AdviceCode.DKIM_NO_KEY)
    # Spaces inside the key are allowed: providers fold long values.
    found, key = _packed(tags["p"]), _packed(ours["p"])
    if not found:
        return Judgement(RecordStatus.FAIL, AdviceCode.DKIM_REVOKED)
    if found != key:
        cut = key.startswith(found)
        return Judgement(RecordStatus.FAIL, AdviceCode.VALUE_CUT_SHORT if cut else AdviceCode.DKIM_OTHER_KEY)
    return Judgement(RecordStatus.PASSED) if _fits(tags, ours) else Judgement(RecordStatus.FAIL, AdviceCode.DKIM_SYNTAX)


def _fits(tags: dict[str, str], ours: dict[str, str]) -> bool:
    """Whether the other tags let this key sign mail of its kind with SHA-256."""
    hashes = [one.strip().lower() for one in tags.get("h", "sha256").split(":")]
    services = [one.strip().lower() for one in tags.get("s", "*").split(":")]
    same_kind = tags.get("k", "rsa").lower() == ours.get("k", "rsa").lower()
    return same_kind and "sha256" in hashes and ("*" in services or "email" in services)


def _bare(value: str) -> str:
    """Without quotation marks: those round the value, and `" "` between strings that were pasted as they stand in a
    zone file."""
    return unquoted(value).replace('" "', "").replace('""', "").replace('"', "")


def _packed(value: str) -> str:
    return "".join(value.split())
