"""What to do next about a domain's DMARC policy, from what receivers reported. Pure; `advice_words` says it.

A policy is tightened one step at a time (none, quarantine, reject), and only after two weeks of reports in which nearly
all mail passed: a mistake at `reject` is mail that nobody gets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domains.reports.sources import Source, SourceKind, share_of

ENOUGH_DAYS = 14
ENOUGH_EMAILS = 100
ENOUGH_PASSES = 0.98
TOO_FEW_PASS = 0.9
"""Below this, a policy that is enforced costs mail."""
NOTABLE = 0.01
"""A source with more than this share of the mail is named."""
NEXT = {"none": "quarantine", "quarantine": "reject"}


class Advice(StrEnum):
    """In the order in which they are considered."""

    NO_RECORD = "no_record"
    REPORTS_ELSEWHERE = "reports_elsewhere"
    WAITING = "waiting"
    OURS_FAILS = "ours_fails"
    RELAX = "relax"
    FIX_SOURCES = "fix_sources"
    TOO_FEW = "too_few"
    MORE_DAYS = "more_days"
    MORE_EMAILS = "more_emails"
    ALL_OF_IT = "all_of_it"
    """The policy is applied to a part of the mail only (`pct`), or tested (`t=y`)."""
    TIGHTEN = "tighten"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one domain and period. `policy` is empty without a record; `days` have reports."""

    policy: str
    percent: int = 100
    reports_come_here: bool = True
    days: int = 0
    emails: int = 0
    passed: int = 0
    sources: Sequence[Source] = ()

    @property
    def share(self) -> float:
        return share_of(self.passed, self.emails) or 0.0


@dataclass(frozen=True, slots=True)
class Counsel:
    """`next_policy` is what the record may say next, empty where it should stay; `sources` are those to look at."""

    advice: Advice
    next_policy: str = ""
    sources: tuple[Source, ...] = ()
    days_left: int = 0


def counsel(facts: Facts) -> Counsel:
    """The one thing to do next."""
    if not facts.policy:
        return Counsel(Advice.NO_RECORD, "none")
    if not facts.emails:
        return Counsel(Advice.WAITING if facts.reports_come_here else Advice.REPORTS_ELSEWHERE)
    tighter = NEXT.get(facts.policy, "")
    ours = tuple(one for one in facts.sources if one.kind is SourceKind.OURS and one.is_trouble)
    notable = tuple(one for one in facts.sources if one.is_trouble and one.failed > facts.emails * NOTABLE)
    if any(one.failed > facts.emails * NOTABLE for one in ours):
        return Counsel(Advice.OURS_FAILS, sources=ours)
    if facts.policy != "none" and facts.share < TOO_FEW_PASS and notable:
        return Counsel(Advice.RELAX, "none", notable)
    if notable:
        return Counsel(Advice.FIX_SOURCES, tighter, notable)
    if facts.share < ENOUGH_PASSES:
        return Counsel(Advice.TOO_FEW, sources=tuple(one for one in facts.sources if one.failed))
    if facts.policy == "reject" and facts.percent >= 100:
        return Counsel(Advice.DONE)
    if facts.days < ENOUGH_DAYS:
        return Counsel(Advice.MORE_DAYS, days_left=ENOUGH_DAYS - facts.days)
    if facts.emails < ENOUGH_EMAILS:
        return Counsel(Advice.MORE_EMAILS)
    if facts.percent < 100:
        return Counsel(Advice.ALL_OF_IT, facts.policy)
    return Counsel(Advice.TIGHTEN, tighter)
