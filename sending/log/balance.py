"""The judgement of the balance: what the tables say about accepted recipients, where they contradict each other. Pure.

Acceptance, message, queue and meter are written by different code at different times; whatever one of them lost or
wrote twice, another still knows.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sending.events.lifecycle import FINAL, UNFINISHED

HOUR = timedelta(hours=1)
SENDING = "sending"
"""The state of a message that a worker holds: no stored status, but a lease."""


class Kind(StrEnum):
    """Each way in which the tables can contradict each other about one recipient."""

    LOST = "lost"
    """Not finished, and not in the queue: nobody will send it."""
    ZOMBIE = "zombie"
    """Finished, and still in the queue: it may be sent again."""
    VANISHED = "vanished"
    """Accepted, and no message."""
    ORPHANED = "orphaned"
    """In the queue, and no message."""
    UNRECORDED = "unrecorded"
    """A message that was never accepted."""
    DOUBLED = "doubled"
    """Accepted more than once."""
    UNMETERED = "unmetered"
    """Accepted, and no meter of that time."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What the tables say about `count` recipients of one account."""

    account_id: int
    accepted: int
    """Accepted events of each."""
    status: str | None
    """Of the message; None where there is no row."""
    entries: int
    """Queue entries of each: 0 or 1."""
    is_leased: bool
    is_returned: bool
    """Cancelled before its first attempt, and so given back to the meter."""
    period_id: int | None
    """The usage period in which it was accepted."""
    is_metered: bool
    """False for the platform's own account."""
    count: int


_KINDS: tuple[tuple[Kind, Callable[[Fact], bool]], ...] = (
    (Kind.LOST, lambda fact: fact.status in UNFINISHED and not fact.entries),
    (Kind.ZOMBIE, lambda fact: fact.status in FINAL and fact.entries > 0),
    (Kind.VANISHED, lambda fact: fact.status is None and fact.accepted > 0),
    (Kind.ORPHANED, lambda fact: fact.status is None and fact.entries > 0),
    (Kind.UNRECORDED, lambda fact: fact.status is not None and not fact.accepted),
    (Kind.DOUBLED, lambda fact: fact.accepted > 1),
    (Kind.UNMETERED, lambda fact: fact.accepted > 0 and fact.is_metered and fact.period_id is None),
)


@dataclass(slots=True)
class Tally:
    """One account's hour, of one usage period: `accepted = sum(states)` where nothing differs."""

    account_id: int
    period_id: int | None
    accepted: int = 0
    returned: int = 0
    states: Counter[str] = field(default_factory=Counter)
    differences: Counter[Kind] = field(default_factory=Counter)

    @property
    def unfinished(self) -> int:
        return unfinished(self.states)

    @property
    def difference(self) -> int:
        return self.differences.total()


def kinds_of(fact: Fact) -> list[Kind]:
    """The contradictions in one fact; none in a healthy one."""
    return [kind for kind, is_so in _KINDS if is_so(fact)]


def tallies(facts: Iterable[Fact]) -> list[Tally]:
    """The facts of one hour, added up by account and usage period."""
    found: dict[tuple[int, int | None], Tally] = {}
    for fact in facts:
        key = fact.account_id, fact.period_id
        tally = found.setdefault(key, Tally(*key))
        tally.accepted += fact.accepted * fact.count
        if fact.status is not None:
            tally.states[SENDING if fact.is_leased and fact.status in UNFINISHED else fact.status] += fact.count
        if fact.is_returned:
            tally.returned += fact.count
        for kind in kinds_of(fact):
            tally.differences[kind] += fact.count
    return list(found.values())


def unfinished(states: Mapping[str, int]) -> int:
    """How many of `{state: messages}` are not finished."""
    return sum(states.get(state, 0) for state in (*UNFINISHED, SENDING))


def hour_of(moment: datetime) -> datetime:
    """The start of `moment`'s hour, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
