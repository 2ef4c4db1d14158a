"""The way from a name to the first email, as five steps: which are done, which is open, which come later.

Pure. Nothing of it is stored, so every colleague sees the same, now and after a reload.
"""

from dataclasses import dataclass
from enum import StrEnum


class StepName(StrEnum):
    """In the order in which they are open; sender information may be given before its turn."""

    ADD = "add"
    RECORDS = "records"
    SENDER = "sender"
    REVIEW = "review"
    FIRST_EMAIL = "first-email"


class State(StrEnum):
    """As `{% step %}` draws them."""

    DONE = "done"
    CURRENT = "current"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Facts:
    """`verified`: the records stand, or are gone so lately that mail is still accepted."""

    verified: bool
    has_company_info: bool
    approved: bool
    has_sent: bool
    rejected: bool = False
    suspended: bool = False


def states(facts: Facts) -> dict[StepName, State]:
    """The first step that is not done is the open one; none is where all are, and while the domain is suspended."""
    done = {
        StepName.ADD: True,
        StepName.RECORDS: facts.verified,
        # What was approved before anybody asked who sends is not held up.
        StepName.SENDER: facts.has_company_info or facts.approved,
        StepName.REVIEW: facts.approved and not facts.rejected,
        StepName.FIRST_EMAIL: facts.has_sent,
    }
    if facts.suspended:
        opened = None
    elif facts.rejected:
        # Whatever else is missing, this has to be answered first.
        opened = StepName.REVIEW
    else:
        opened = next((name for name in StepName if not done[name]), None)
    return {name: State.DONE if done[name] else State.CURRENT if name is opened else State.LATER for name in StepName}


def current(facts: Facts) -> StepName | None:
    """The open step, if any."""
    return next((name for name, state in states(facts).items() if state is State.CURRENT), None)
