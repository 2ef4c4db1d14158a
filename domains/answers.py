"""What DNS said to one question, as a value: shared by the resolver that asks and the pure rooms that judge."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a look-up ended; the last two are failures of the way there and say nothing about the record."""

    FOUND = "found"
    NXDOMAIN = "nxdomain"
    NO_DATA = "no_data"
    SERVFAIL = "servfail"
    TIMEOUT = "timeout"

    @property
    def is_failure(self) -> bool:
        return self in (Outcome.SERVFAIL, Outcome.TIMEOUT)


@dataclass(frozen=True, slots=True)
class Answer:
    """`values`: targets and host names in lower case without the final dot, TXT strings joined; `ttl` in seconds."""

    outcome: Outcome
    values: tuple[str, ...] = ()
    ttl: int = 0
