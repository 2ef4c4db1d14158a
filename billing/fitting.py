"""Which demands fit into what is left: each whole or not at all, in the order in which they came. Pure."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Limit(StrEnum):
    """What a demand can be too much for."""

    MONTH = "month"
    DAY = "day"
    TOKEN = "token"  # noqa: S105 a word, not a password
    DOMAIN = "domain"


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
    domain_left: int | None = None
    """What is left of the domain's own allowance, which the caller has locked."""
    metered: bool = True
    send_at: datetime | None = None
    """The time that was chosen for it: it keeps that, and takes its place in that hour."""


@dataclass(slots=True)
class Room:
    """How many recipients one account may still send. None stands for "no limit", as does a token or a domain that is
    missing."""

    month: int | None
    day: int | None = None
    tokens: dict[int, int] = field(default_factory=dict)
    domains: dict[str, int] = field(default_factory=dict)

    def take(self, demand: Demand, pool: "Room | None" = None) -> Limit | None:
        """Takes the whole demand, also from the month and day of the `pool` that the account shares; or nothing, and
        says which limit is in its way."""
        wanted, shared = demand.recipients, [self, pool] if pool else [self]
        if refusal := next(filter(None, (one._lacks(wanted) for one in shared)), None):
            return refusal
        token, domain = self.tokens.get(demand.token_id), self.domains.get(demand.domain)
        if token is not None and wanted > token:
            return Limit.TOKEN
        if domain is not None and wanted > domain:
            return Limit.DOMAIN
        for one in shared:
            one._give(wanted)
        if token is not None:
            self.tokens[demand.token_id] = token - wanted
        if domain is not None:
            self.domains[demand.domain] = domain - wanted
        return None

    def _lacks(self, wanted: int) -> Limit | None:
        if self.month is not None and wanted > self.month:
            return Limit.MONTH
        return Limit.DAY if self.day is not None and wanted > self.day else None

    def _give(self, wanted: int) -> None:
        if self.month is not None:
            self.month -= wanted
        if self.day is not None:
            self.day -= wanted


HOUR = timedelta(hours=1)


def hour_of(moment: datetime) -> datetime:
    """The start of its hour, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def spread(recipients: int, first: datetime, limit: int, booked: dict[datetime, int]) -> list[tuple[datetime, int]]:
    """Books recipients into the first hours with room, from the hour `first` on: `(hour, recipients)`, in order.

    `booked` says how many each hour has, and is changed. A limit below one is taken for one, so that all mail leaves.

    >>> nine = datetime(2026, 11, 22, 9, tzinfo=UTC)
    >>> [(hour.hour, count) for hour, count in spread(7, nine, 3, {nine: 2})]
    [(9, 1), (10, 3), (11, 3)]
    """
    hours, hour = [], first
    while recipients > 0:
        taken = min(max(limit, 1) - booked.get(hour, 0), recipients)
        if taken > 0:
            booked[hour] = booked.get(hour, 0) + taken
            hours.append((hour, taken))
            recipients -= taken
        hour += HOUR
    return hours
