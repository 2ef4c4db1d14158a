"""Which demands fit into what is left: each whole or not at all, in the order in which they came. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum


class Limit(StrEnum):
    """What a demand can be too much for."""

    MONTH = "month"
    DAY = "day"
    TOKEN = "token"  # noqa: S105 a word, not a password


@dataclass(frozen=True, slots=True)
class Demand:
    """`recipients` more for one account, that fit together or not at all, and who sends them. The platform's own
    account is not metered."""

    account_id: int
    recipients: int
    domain: str
    stream: str
    token_id: int = 0
    """Zero for what the service itself sends."""
    token_limit: int | None = None
    """The token's own recipients a month."""
    metered: bool = True


@dataclass(slots=True)
class Room:
    """How many recipients one account may still send. None stands for "no limit", as does a token that is missing."""

    month: int | None
    day: int | None = None
    tokens: dict[int, int] = field(default_factory=dict)

    def take(self, demand: Demand) -> Limit | None:
        """Takes the whole demand, or nothing and says which limit is in its way."""
        wanted, token = demand.recipients, self.tokens.get(demand.token_id)
        if self.month is not None and wanted > self.month:
            return Limit.MONTH
        if self.day is not None and wanted > self.day:
            return Limit.DAY
        if token is not None and wanted > token:
            return Limit.TOKEN
        if self.month is not None:
            self.month -= wanted
        if self.day is not None:
            self.day -= wanted
        if token is not None:
            self.tokens[demand.token_id] = token - wanted
        return None
