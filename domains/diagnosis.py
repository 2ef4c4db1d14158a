"""Explains a judged record to the person who publishes it: what we found, which part is wrong, what to change, and when
the change will be seen.

Pure but for translation; derived on each view from the stored advice code, observation and answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from domains import diagnosis_words as words
from domains.advice import AdviceCode, RecordStatus
from domains.answers import Answer, Outcome
from domains.records import ExpectedRecord, RecordType, doubled_name, judge, short_name
from mailtrap_site.web.wording import duration_words

Seen = Sequence[Mapping[str, Any]]
"""As `DnsRecord.seen` keeps it."""

FROM_US = (AdviceCode.TIMEOUT, AdviceCode.SERVFAIL, AdviceCode.SERVERS_DISAGREE, AdviceCode.DNSSEC)
"""Advice without a change to the record, which would have a time to be seen."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """`found` is what DNS answered, split so that a page can mark the `wrong` end; `sentence` stands without them.

    `when` says how long the old answer may still be seen. A remark is no mistake: nothing has to change.
    """

    sentence: str
    found: str = ""
    wrong: str = ""
    when: str = ""
    is_remark: bool = False


def explain(
    expected: ExpectedRecord, advice: AdviceCode, observed: Sequence[str], seen: Seen = (), age: float = 0
) -> Explanation | None:
    """The advice for one record, or None when there is nothing to say.

    `observed` is what stands at its name, `seen` each server's answer, `age` the seconds since they were given.
    """
    if advice in (AdviceCode.NONE, AdviceCode.UNCHECKED):
        return None
    if advice is AdviceCode.STALE:
        return Explanation(_stale(expected, seen, age), is_remark=True)
    if advice in words.REMARKS:
        return Explanation(_(words.REMARKS[advice]) % _names(expected, observed, seen), is_remark=True)
    explanation = _mistake(expected, advice, observed, seen)
    return explanation if advice in FROM_US else replace(explanation, when=_when(seen))


def _mistake(expected: ExpectedRecord, advice: AdviceCode, observed: Sequence[str], seen: Seen) -> Explanation:
    detail = " | ".join(observed)
    names = _names(expected, observed, seen)
    match advice:
        case AdviceCode.NOT_FOUND:
            text = words.POLICY_MISSING if expected.type is RecordType.TXT and _is_policy(expected) else words.MISSING
            return Explanation(_(text) % names)
        case AdviceCode.NAME_DOUBLED:
            end = doubled_name(expected).removeprefix(expected.fqdn)
            return Explanation(_(words.MISTAKES[advice]) % names, found=expected.fqdn, wrong=end)
        case AdviceCode.VALUE_DOUBLED:
            length = len(expected.value)
            return Explanation(_(words.MISTAKES[advice]) % names, found=detail[:length], wrong=detail[length:])
        case AdviceCode.ON_PARENT:
            return Explanation(_(words.MISTAKES[advice]) % names, wrong=f"{expected.name}.{detail}")
        case AdviceCode.VALUE_CUT_SHORT:
            return Explanation(_(words.MISTAKES[advice]) % names, found=_shortened(detail), wrong="…")
        case AdviceCode.SERVERS_DISAGREE | AdviceCode.DNSSEC | AdviceCode.TIMEOUT | AdviceCode.SERVFAIL:
            return Explanation(_(words.MISTAKES[advice]) % names)
        case _:
            return Explanation(_(words.MISTAKES[advice]) % names, wrong=_shortened(detail))


def _names(expected: ExpectedRecord, observed: Sequence[str], seen: Seen) -> dict[str, str]:
    """Everything that a sentence may name."""
    zone = expected.fqdn.removeprefix(expected.name + ".")
    return {
        "name": expected.name,
        "fqdn": expected.fqdn,
        "type": expected.type,
        "value": expected.value,
        "zone": zone,
        "in_parent": short_name(expected.fqdn, observed[0]) if observed else expected.name,
        "address": expected.value.rpartition("mailto:")[2],
        "first": observed[0] if observed else "",
        "others": ", ".join(sorted({str(one).partition(" ")[0] for one in observed})),
        "behind": ", ".join(one["server"] for one in _contradicting(expected, seen, "authoritative")),
        "resolvers": ", ".join(one["server"] for one in seen if one["kind"] == "resolver"),
    }


def _stale(expected: ExpectedRecord, seen: Seen, age: float) -> str:
    """Which resolver remembers an older answer, and for how long still."""
    late = _contradicting(expected, seen, "resolver")
    if not late:
        return _(words.STALE_NO_MORE)
    longest = max(late, key=lambda one: one["ttl"])
    left = max(0, longest["ttl"] - age)
    if not left:
        return _(words.STALE_NO_MORE)
    text = words.STALE_VALUE if longest["values"] else words.STALE_ABSENCE
    return _(text) % {"server": longest["server"], "time": duration_words(left)}


def _contradicting(expected: ExpectedRecord, seen: Seen, kind: str) -> list[Mapping[str, Any]]:
    """Those servers of one kind whose answer is not the record."""

    def stands(one: Mapping[str, Any]) -> bool:
        answer = Answer(Outcome(one["outcome"]), tuple(one["values"]), one["ttl"])
        return answer.outcome.is_failure or judge(expected, answer).status is RecordStatus.PASSED

    return [one for one in seen if one["kind"] == kind and not stands(one)]


def _when(seen: Seen) -> str:
    """We ask the zone's own servers and see a change at once; others remember the old answer for its TTL."""
    longest = max((one["ttl"] for one in seen if one["outcome"] in ("found", "no_data", "nxdomain")), default=0)
    if not longest:
        return ""
    asked_directly = any(one["kind"] == "authoritative" for one in seen)
    text = words.SEEN_AT_ONCE if asked_directly else words.SEEN_AFTER_TTL
    return _(text) % {"time": duration_words(longest)}


def _is_policy(expected: ExpectedRecord) -> bool:
    return expected.name == "_dmarc"


def _shortened(detail: str, most: int = 200) -> str:
    return detail if len(detail) <= most else detail[: most - 1] + "…"
