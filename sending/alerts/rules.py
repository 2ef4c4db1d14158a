"""When a domain's mail is critical, and when it is healthy again: rules as data. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from sending.stats.rates import BOUNCES, SPAM, Counts, Level, Limits


class State(StrEnum):
    """How a domain stands by one rule."""

    HEALTHY = "healthy"
    BETWEEN = "between"
    """No longer critical, and not healthy yet: nobody is told twice of the same trouble."""
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Rule:
    """Critical is a rate above `limits.act`, of at least `least_part` of at least `least_whole`: one bounce of three
    emails alarms nobody."""

    limits: Limits
    least_part: int
    least_whole: int

    def state(self, part: int, whole: int) -> State:
        """Of the last 24 hours."""
        level = self.limits.level(part / whole if whole else None)
        if level is Level.ACT and part >= self.least_part and whole >= self.least_whole:
            return State.CRITICAL
        if level is Level.HEALTHY or part == 0:
            return State.HEALTHY
        return State.BETWEEN


RULES = {"bounces": Rule(BOUNCES, 10, 100), "spam": Rule(SPAM, 3, 100)}
"""By the kind of alert."""


def measured(kind: str, counts: Counts) -> tuple[int, int]:
    """Part and whole of the rate that this kind is about."""
    return (counts.bounced, counts.answered) if kind == "bounces" else (counts.spam, counts.delivered)
