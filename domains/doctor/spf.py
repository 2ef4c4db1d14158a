"""Reads the SPF record of a domain as a receiver would, and counts the look-ups that it costs (RFC 7208).

Our own mail does not need it: its return path is a name of ours. But mail that the domain sends in other ways does, and
a broken record is easily taken for our fault.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from domains.answers import Answer, Outcome
from domains.tag_lists import unquoted

MOST_LOOKUPS = 10
MOST_VOID_LOOKUPS = 2
"""RFC 7208 section 4.6.4."""
COUNTED_AT_MOST = 30
COSTLY = ("include", "a", "mx", "ptr", "exists", "redirect")
FREE = ("all", "ip4", "ip6", "exp")
ASKED_AS = {"a": "A", "mx": "MX", "include": "TXT", "redirect": "TXT"}

Lookup = Callable[[Sequence[tuple[str, str]]], Awaitable[list[Answer]]]
Finding = tuple[str, dict[str, str | int]]
"""A code of `domains.doctor.findings`, and what its sentence names."""


@dataclass(frozen=True, slots=True)
class Term:
    """A mechanism or modifier: `name` in lower case, `target` the domain that it names, empty for its own."""

    qualifier: str
    name: str
    target: str

    @property
    def is_costly(self) -> bool:
        return self.name in COSTLY


@dataclass(slots=True)
class _Count:
    lookups: int = 0
    voids: int = 0
    visited: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


async def survey(domain: str, lookup: Lookup) -> list[Finding]:
    """What is wrong with the SPF record at `domain`; nothing when there is none. `lookup` asks DNS, side by side."""
    (answer,) = await lookup([(domain, "TXT")])
    records = spf_records(answer.values)
    if len(records) > 1:
        return [("spf_several", {"count": len(records)})]
    if not records:
        pasted = any(unquoted(value) != value and spf_records([unquoted(value)]) for value in answer.values)
        return [("spf_quoted", {})] if pasted else []
    count = _Count(visited={domain})
    await _walk([(domain, records[0])], lookup, count)
    if count.lookups > MOST_LOOKUPS:
        count.findings.append(("spf_lookups", {"count": count.lookups}))
    elif count.voids > MOST_VOID_LOOKUPS:
        count.findings.append(("spf_void", {"count": count.voids}))
    return count.findings


def spf_records(values: Sequence[str]) -> list[str]:
    """Those of the texts that are SPF records (RFC 7208 section 4.5)."""
    return [value for value in values if value.lower() == "v=spf1" or value.lower().startswith("v=spf1 ")]


def parse(record: str) -> tuple[list[Term], str]:
    """The terms in their order, and the first text that is none (empty when all can be read)."""
    terms: list[Term] = []
    for text in record.split()[1:]:
        qualifier = text[0] if text[0] in "+-~?" else "+"
        body = text.removeprefix(qualifier)
        name = body.replace("=", ":").replace("/", ":").partition(":")[0].lower()
        if name in ("redirect", "exp") or (name not in COSTLY + FREE and "=" in body):
            target = body.partition("=")[2]
        else:
            target = body.partition(":")[2] if ":" in body else ""
        known = name in COSTLY + FREE or ("=" in body and name.isidentifier())
        if not known or (name in ("include", "exists", "redirect", "ip4", "ip6") and not target):
            return terms, text
        if name in COSTLY or name == "all":
            terms.append(Term(qualifier, name, target.partition("/")[0].rstrip(".").lower()))
    return terms, ""


async def _walk(records: list[tuple[str, str]], lookup: Lookup, count: _Count) -> None:
    """Level by level, so that look-ups go side by side; a receiver counts the same sum, unless it stops early."""
    while records and count.lookups <= COUNTED_AT_MOST:
        questions: list[tuple[str, str]] = []
        for owner, record in records:
            terms, wrong = parse(record)
            if wrong:
                count.findings.append(("spf_syntax", {"term": wrong, "name": owner}))
            questions += _costs(owner, _effective(terms), count)
        answers = await lookup(questions)
        records = []
        for (name, rdtype), answer in zip(questions, answers, strict=True):
            if answer.outcome in (Outcome.NXDOMAIN, Outcome.NO_DATA):
                count.voids += 1
            if rdtype == "TXT" and not answer.outcome.is_failure:
                records += _included(name, answer, count)


def _costs(owner: str, terms: Sequence[Term], count: _Count) -> list[tuple[str, str]]:
    """The questions of one record; those with macros cannot be asked without a mail, but cost the same."""
    questions: list[tuple[str, str]] = []
    for term in terms:
        if term.name == "all" and term.qualifier == "+":
            count.findings.append(("spf_allows_all", {"name": owner}))
        count.lookups += term.is_costly
        target = term.target or owner
        if term.name not in ASKED_AS or "%" in target:
            continue
        if ASKED_AS[term.name] == "TXT":
            if target in count.visited:
                count.findings.append(("spf_loop", {"name": target}))
                continue
            count.visited.add(target)
        questions.append((target, ASKED_AS[term.name]))
    return questions


def _effective(terms: Sequence[Term]) -> list[Term]:
    """What a receiver can reach: nothing after `all`, and `redirect` only where there is no `all` (RFC 7208, 6.1)."""
    ends = next((n for n, term in enumerate(terms) if term.name == "all"), None)
    if ends is None:
        return list(terms)
    return [term for term in terms[: ends + 1] if term.name != "redirect"]


def _included(name: str, answer: Answer, count: _Count) -> list[tuple[str, str]]:
    found = spf_records(answer.values)
    if len(found) != 1:
        count.findings.append(("spf_include", {"name": name, "count": len(found)}))
        return []
    return [(name, found[0])]
