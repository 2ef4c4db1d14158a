"""A whole question to the email log, and which part of it an index answers.

Every index of the log gives its rows newest first. A page asks one of them, and reads what is left of the question row
by row within a bound; no question reads the history of an account.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from sending.events.lifecycle import OPTING_OUT, ContractStatus, stored_statuses
from sending.log.conditions import ELSEWHERE, Condition, any_of, as_q, integers, lowered, storable
from sending.models import Message, MessageStatus

MOST_LEADS = 30
"""Alternatives that are asked one by one. More are asked together, which costs a sort."""


@dataclass(frozen=True, slots=True)
class Query:
    """All conditions hold. `statuses` are stored ones, which the page offers beyond the contract's four."""

    conditions: tuple[Condition, ...] = ()
    statuses: tuple[MessageStatus, ...] = ()
    sent_after: datetime | None = None
    sent_before: datetime | None = None
    text: str = ""
    """What the search field holds: part of a recipient or of a subject."""

    @property
    def scans(self) -> bool:
        """Whether rows are read one by one, most of them in vain."""
        return bool(self.text) or any(not _is_common(one) for one in self._left)

    @property
    def is_bounded(self) -> bool:
        """Whether rows are read one by one at all: delivered mail has no index, since most mail is delivered."""
        return bool(self.text or self._left)

    def leads(self) -> list[Q]:
        """What one index answers: the rows of the question are among those of these alternatives, which have none in
        common."""
        lead = self._lead
        return [Q()] if lead is None else _LEADS[lead.name, lead.operator](storable(lead.values))

    @property
    def looks_elsewhere(self) -> bool:
        """Whether each row that is read is looked up in another table."""
        return any(one.name in ELSEWHERE for one in self._left)

    @property
    def addressed(self) -> Q | None:
        """Recipients that begin so, or several of them: an index finds them in the order of their addresses."""
        asked = [one for one in self.conditions if (one.name, one.operator) in _ADDRESSED]
        asked = [one for one in asked if one.operator == "ci_start" or len(one.values) > 1]
        return as_q(asked[0]) if asked else None

    def narrow(self, rows: QuerySet[Message]) -> QuerySet[Message]:
        """The rows that answer the question, its dates left to the caller."""
        asked = Q()
        if self.text:
            asked &= any_of(Q(recipient__icontains=one) | Q(subject__icontains=one) for one in storable([self.text]))
        for condition in self.conditions:
            asked &= as_q(condition)
        if self.statuses:
            asked &= Q(status__in=self.statuses)
        return lowered(rows).filter(asked)

    def is_within(self, domain_ids: Collection[int]) -> bool:
        """Whether it asks for mail of some of these domains alone."""
        named = [one for one in self.conditions if (one.name, one.operator) in _DOMAIN_NAMED]
        return any(set(integers(one.values)) <= set(domain_ids) for one in named)

    def to_json(self) -> dict[str, Any]:
        """All of it, for `from_json`."""
        return {
            "conditions": [[one.name, one.operator, list(one.values)] for one in self.conditions],
            "statuses": list(self.statuses),
            "sent_after": self.sent_after and self.sent_after.isoformat(),
            "sent_before": self.sent_before and self.sent_before.isoformat(),
            "text": self.text,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Query":
        """What `to_json` wrote."""
        after, before = told["sent_after"], told["sent_before"]
        return cls(
            conditions=tuple(Condition(name, operator, tuple(values)) for name, operator, values in told["conditions"]),
            statuses=tuple(MessageStatus(status) for status in told["statuses"]),
            sent_after=datetime.fromisoformat(after) if after else None,
            sent_before=datetime.fromisoformat(before) if before else None,
            text=told["text"],
        )

    @property
    def _all(self) -> list[Condition]:
        stored = [Condition(_STORED, "equal", tuple(dict.fromkeys(self.statuses)))] if self.statuses else []
        return [*self.conditions, *stored]

    @property
    def _lead(self) -> Condition | None:
        led = [one for one in self._all if (one.name, one.operator) in _LEADS and _can_lead(one)]
        return min(led, key=lambda one: list(_LEADS).index((one.name, one.operator)), default=None)

    @property
    def _left(self) -> list[Condition]:
        """What the index does not answer. That somebody opted out does not say how."""
        lead = self._lead
        return [one for one in self._all if one != lead or one.name == "events"]


def _each(column: str) -> Callable[[Sequence[str]], list[Q]]:
    def leads(values: Sequence[str]) -> list[Q]:
        apart = list(dict.fromkeys(values))
        return (
            [Q(**{column: value}) for value in apart] if len(apart) <= MOST_LEADS else [Q(**{f"{column}__in": apart})]
        )

    return leads


def _recipients(values: Sequence[str]) -> list[Q]:
    apart = list({value.lower(): value for value in values}.values())
    together = [apart[at : at + 1] for at in range(len(apart))] if len(apart) <= MOST_LEADS else [apart]
    return [as_q(Condition("to", "ci_equal", tuple(some))) for some in together]


def _statuses(values: Sequence[str]) -> list[Q]:
    if ContractStatus.OPTED_OUT in values:
        return _opted_out(values)
    named = [ContractStatus(value) for value in values if value in set(ContractStatus)]
    return [Q(status=stored) for status in dict.fromkeys(named) for stored in stored_statuses(status)[0]]


def _opted_out(values: Sequence[str]) -> list[Q]:
    return [Q(opted_out_at__isnull=False)]


def _domains(values: Sequence[str]) -> list[Q]:
    return _each("domain_id")([str(number) for number in integers(values)])


_DOMAIN_NAMED = (("sending_domain_id", "equal"), ("domain_id", "equal"))
_ADDRESSED = (("to", "ci_equal"), ("to", "ci_start"))
_STORED = "stored_status"
_LEADS: dict[tuple[str, str], Callable[[Sequence[str]], list[Q]]] = {
    ("to", "ci_equal"): _recipients,
    ("events", "include_event"): _opted_out,
    ("status", "equal"): _statuses,
    (_STORED, "equal"): _each("status"),
    ("category", "equal"): _each("category"),
    ("email_service_provider", "equal"): _each("provider"),
    ("sending_domain_id", "equal"): _domains,
    ("domain_id", "equal"): _domains,
}
"""Filters that an index answers, the one with the fewest rows first."""


def _can_lead(condition: Condition) -> bool:
    """Whether the index holds these values."""
    values = set(condition.values)
    match condition.name:
        case "status":
            return values == {ContractStatus.OPTED_OUT} or values.isdisjoint(
                {ContractStatus.DELIVERED, ContractStatus.OPTED_OUT}
            )
        case "stored_status":
            return MessageStatus.DELIVERED not in values
        case "events":
            return bool(values) and OPTING_OUT.issuperset(values)
    return True


def _is_common(condition: Condition) -> bool:
    """Whether most mail answers it, so that reading row by row soon fills a page."""
    return condition.name in ("status", _STORED) and "delivered" in condition.values
