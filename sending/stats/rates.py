"""What is counted about mail, and the rates that are made of it, by the contract's formulas. Pure.

Sources disagree about the click rate: of what was delivered, or of what was opened. Here it is of what was delivered,
as the contract's own example has it; clicks of opened emails are a rate of their own, `click_to_open`. Each event
counts on the day on which it occurred, so the rates of one day may pass 1: yesterday's mail is opened today.
"""

from dataclasses import dataclass, fields
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each happened, by the columns of the counters. Rates are shares from 0, of nothing they are None."""

    delivered: int = 0
    bounced: int = 0
    soft_bounced: int = 0
    rejected: int = 0
    opened: int = 0
    opens: int = 0
    clicked: int = 0
    clicks: int = 0
    machine_opens: int = 0
    machine_clicks: int = 0
    spam: int = 0
    unsubscribed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def answered(self) -> int:
        """Delivered or bounced: what receivers had the last word about."""
        return self.delivered + self.bounced

    @property
    def delivery_rate(self) -> float | None:
        return share(self.delivered, self.answered)

    @property
    def bounce_rate(self) -> float | None:
        return share(self.bounced, self.answered)

    @property
    def open_rate(self) -> float | None:
        return share(self.opened, self.delivered)

    @property
    def click_rate(self) -> float | None:
        return share(self.clicked, self.delivered)

    @property
    def click_to_open(self) -> float | None:
        return share(self.clicked, self.opened)

    @property
    def spam_rate(self) -> float | None:
        return share(self.spam, self.delivered)

    @property
    def unsubscribe_rate(self) -> float | None:
        return share(self.unsubscribed, self.delivered)


def share(part: int, whole: int) -> float | None:
    """None of nothing.

    >>> share(133, 190), share(1, 0)
    (0.7, None)
    """
    return part / whole if whole > 0 else None


def contract_stats(counts: Counts) -> dict[str, int | float]:
    """The ten figures of the contract; rates with three decimals, 0 of nothing."""
    named = {
        "delivery": (counts.delivered, counts.delivery_rate),
        "bounce": (counts.bounced, counts.bounce_rate),
        "open": (counts.opened, counts.open_rate),
        "click": (counts.clicked, counts.click_rate),
        "spam": (counts.spam, counts.spam_rate),
    }
    told: dict[str, int | float] = {}
    for name, (count, rate) in named.items():
        told[f"{name}_count"] = count
        told[f"{name}_rate"] = round(rate or 0.0, 3)
    return told


class Level(StrEnum):
    """How a rate stands to its limits."""

    HEALTHY = "healthy"
    WATCH = "watch"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Limits:
    """From which share on a rate is to be watched, and above which to be acted upon; `highest` ends the scale."""

    watch: float
    act: float
    highest: float

    def level(self, rate: float | None) -> Level:
        """Of a rate; nothing is healthy."""
        if rate is None or rate < self.watch:
            return Level.HEALTHY
        return Level.WATCH if rate <= self.act else Level.ACT


BOUNCES = Limits(0.02, 0.05, 0.08)
SPAM = Limits(0.0008, 0.001, 0.0015)
