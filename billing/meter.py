"""The meters that demands are taken from, while they are: what is asked of each, and what its row showed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from billing import alerts
from billing import meter_statements as sql
from billing.fitting import Demand
from billing.periods import Period, period_of
from billing.terms import Terms


@dataclass(slots=True)
class Meter:
    """What is asked of one account's meter; `row`, `before`, `known_limit` are those of its row, once locked."""

    account_id: int
    terms: Terms
    period: Period
    own: list[Demand] = field(default_factory=list)
    recipients: int = 0
    """Of its own demands and those of its sub-accounts."""
    row: int = 0
    before: int = 0
    known_limit: int = 0
    accepted: int = 0

    @property
    def limit(self) -> int:
        hard_limit = self.terms.hard_limit
        return sql.UNLIMITED if hard_limit is None else hard_limit

    @property
    def at_once(self) -> int:
        """What is added before anything is known of the row; zero where it is more than a whole period holds."""
        return self.recipients if self.recipients <= self.limit else 0

    @property
    def token_limits(self) -> dict[int, int]:
        return {demand.token_id: demand.token_limit for demand in self.own if demand.token_limit is not None}

    @property
    def domains_left(self) -> dict[str, int]:
        return {demand.domain: demand.domain_left for demand in self.own if demand.domain_left is not None}

    def turns_on(self, day: date) -> bool:
        """Whether a limit of day or hour is to be held while the period begins or ends on it."""
        is_border = day in (self.period.starts_at.date(), self.period.ends_at.date())
        return is_border and (self.terms.emails_per_day is not None or self.terms.emails_per_hour is not None)

    def differs_from(self, added: Mapping[int, int]) -> bool:
        return self.accepted != added.get(self.account_id, 0) or self.known_limit != self.limit

    @property
    def passed(self) -> alerts.Passed:
        """Of a limit that has changed, all that was used before is news."""
        before = self.before if self.known_limit == self.limit else 0
        return alerts.Passed(self.account_id, self.period.starts_at, before, self.before + self.accepted, self.terms)


def meters_for(demands: Sequence[Demand], terms: Mapping[int, Terms], now: datetime) -> list[Meter]:
    """Those of the accounts and of their organisations, in the order in which they are locked."""
    found: dict[int, Meter] = {}
    for demand in demands:
        if not demand.metered:
            continue
        for account_id in filter(None, (demand.account_id, terms[demand.account_id].organization_id)):
            if account_id not in found:
                its = terms[account_id]
                found[account_id] = Meter(account_id, its, period_of(its.anchor, now))
            found[account_id].recipients += demand.recipients
        found[demand.account_id].own.append(demand)
    return [found[account_id] for account_id in sorted(found)]
