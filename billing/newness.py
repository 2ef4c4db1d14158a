"""How much a new account may send an hour, by its age and by how its mail has fared: rules as data. Pure."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("new_accounts.toml")


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of trust; `emails_per_hour` None is the last, where the plan alone counts."""

    name: str
    emails_per_hour: int | None = None
    days: int = 0
    delivered: int = 0
    most_bounces: float = 1.0
    most_spam: float = 1.0


@dataclass(frozen=True, slots=True)
class Conduct:
    """What is known of an account: whole days of age, emails delivered in all, and its rates of the last 30 days."""

    days: int
    delivered: int
    bounces: float
    spam: float


@cache
def steps() -> tuple[Step, ...]:
    """In order. Raises ValueError for a file that cannot be read as steps."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return msgspec.convert(found["step"], tuple[Step, ...])


def reached(conduct: Conduct) -> Step:
    """The last step all of whose conditions hold; the first wants nothing.

    >>> [reached(Conduct(*facts)).name for facts in ((0, 0, 0, 0), (3, 500, 0.05, 0), (3, 500, 0.06, 0))]
    ['new', 'known', 'new']
    """
    met = [step for step in steps() if _holds(step, conduct)]
    return met[-1] if met else steps()[0]


def is_further(step: Step, than: str) -> bool:
    """Whether the step comes after the one of this name; a name that the file has lost comes before all."""
    names = [one.name for one in steps()]
    return names.index(step.name) > (names.index(than) if than in names else -1)


def _holds(step: Step, conduct: Conduct) -> bool:
    return (
        conduct.days >= step.days
        and conduct.delivered >= step.delivered
        and conduct.bounces <= step.most_bounces
        and conduct.spam <= step.most_spam
    )
