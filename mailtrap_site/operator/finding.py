"""What one check found."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """How a thing stands."""

    FINE = "fine"
    WARNING = "warning"
    FAILURE = "failure"
    UNKNOWN = "unknown"
    """It could not be asked: nothing is known to be wrong."""
    SKIPPED = "skipped"
    """It does not matter on this instance, or a setting that it needs is empty."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`found`: what stands there, as a sentence; `advice`: what to do, empty where there is nothing to do."""

    subject: str
    state: State
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Findings that belong together."""

    title: str
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class Report:
    """One run of all checks."""

    asked_at: datetime
    sections: list[Section]

    @property
    def has_failed(self) -> bool:
        return self.count(State.FAILURE) > 0

    def count(self, state: State) -> int:
        return sum(one.state is state for section in self.sections for one in section.findings)
