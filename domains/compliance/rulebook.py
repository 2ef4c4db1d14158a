"""The rules as data: weights, sentences and thresholds of the file that COMPLIANCE_RULES_FILE names; and judging by it.

The judgement is pure: a case and a rule book give the findings, their sum and what follows from it.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from domains.compliance import name_rules, owner_rules
from domains.compliance.case import Case, Finding, Found


class Outcome(StrEnum):
    """What follows from a score."""

    APPROVE = "approve"
    ASK = "ask"
    MANUAL = "manual"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Rule:
    """`staff` and `customer` are sentences with places for a finding's details; an empty `customer` is not told."""

    weight: int
    staff: str
    customer: str
    rejects: bool = False


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All of the file."""

    rules: Mapping[str, Rule]
    approve_below: int
    manual_from: int
    bait: frozenset[str]
    harmless: frozenset[str]
    staff_take: str
    """How long a manual review usually takes, in words."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`score` is the sum of the findings' weights, and never below zero."""

    findings: tuple[Finding, ...]
    score: int
    outcome: Outcome


def rule_book() -> RuleBook:
    """That of this instance, read again when the file has changed. Raises ValueError with a sentence."""
    path = settings.ENVIRONMENT.domains.compliance_rules
    return _read_file(path, path.stat().st_mtime_ns)


def judge(case: Case, book: RuleBook) -> Judgement:
    """Applies every rule of the book."""
    findings = tuple(
        Finding(code, book.rules[code].weight, detail) for code, detail in _look(case, book) if code in book.rules
    )
    score = max(0, sum(finding.weight for finding in findings))
    rejects = any(book.rules[finding.rule].rejects for finding in findings)
    return Judgement(findings, score, _outcome(score, book, rejects=rejects, is_answered=bool(case.answers)))


def for_staff(findings: Sequence[Mapping[str, Any]]) -> list[tuple[int, str]]:
    """Weight and sentence of each stored finding, the heaviest first."""
    rules = rule_book().rules
    said = [(one["weight"], _sentence(rules.get(one["rule"]), "staff", one)) for one in findings]
    return sorted(said, key=lambda pair: -pair[0])


def for_customer(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    """The sentences that may be told, of those findings that speak against the domain; the heaviest first."""
    rules = rule_book().rules
    against = sorted((one for one in findings if one["weight"] > 0), key=lambda one: -one["weight"])
    said = [_sentence(rules[one["rule"]], "customer", one) for one in against if one["rule"] in rules]
    return [sentence for sentence in said if sentence]


def _look(case: Case, book: RuleBook) -> Iterator[Found]:
    yield from name_rules.look_at_brands(case.domain, book.bait, book.harmless)
    yield from name_rules.look_at_scripts(case.domain)
    yield from owner_rules.look_at_mailboxes(case)
    yield from owner_rules.look_at_website(case)
    yield from owner_rules.look_at_blocklists(case)
    yield from owner_rules.look_at_bans(case)
    yield from owner_rules.look_at_standing(case)
    yield from owner_rules.look_at_answers(case)


def _outcome(score: int, book: RuleBook, *, rejects: bool, is_answered: bool) -> Outcome:
    if rejects:
        return Outcome.REJECT
    if score < book.approve_below:
        return Outcome.APPROVE
    # Whoever has answered is not asked the same again: a person reads the answers.
    return Outcome.MANUAL if is_answered or score >= book.manual_from else Outcome.ASK


def _sentence(rule: Rule | None, reader: str, finding: Mapping[str, Any]) -> str:
    if rule is None:
        return str(finding["rule"])
    text: str = getattr(rule, reader)
    return gettext(text) % finding["detail"] if text else ""


@lru_cache(maxsize=2)
def _read_file(path: Path, _changed: int) -> RuleBook:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        rules = {
            code: Rule(int(rule["weight"]), rule["staff"], rule["customer"], bool(rule.get("rejects", False)))
            for code, rule in data["rules"].items()
        }
        book = RuleBook(
            rules,
            int(data["approve_below"]),
            int(data["manual_from"]),
            frozenset(data.get("bait", [])),
            frozenset(data.get("harmless", [])),
            str(data["staff_take"]),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as problem:
        raise ValueError(f"{path} is no rule book of compliance: {type(problem).__name__}: {problem}.") from problem
    if book.approve_below > book.manual_from:
        raise ValueError(f"{path}: approve_below must not be above manual_from.")
    return book
