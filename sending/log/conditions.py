"""What one can ask of the email log, as values; one table serves the page and the API.

Names and operators are the contract's; each becomes a condition in the database.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from ipaddress import ip_address
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Lower

from sending.events.lifecycle import ContractStatus, stored_statuses
from sending.models import Event, Message, Submission

YEARS = range(1970, 3000)
"""Other years are no days of the log, and the ends of the calendar do not survive a change of zone."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter: `name` and `operator` of the contract or of our pages, one or more values."""

    name: str
    operator: str
    values: tuple[str, ...] = ()


def as_q(condition: Condition) -> Q:
    """The condition in the database, on rows with the alias of `lowered`. Raises KeyError for one that is unknown."""
    return (_ROWS | _OURS)[condition.name][condition.operator](storable(condition.values))


def lowered(rows: QuerySet[Message]) -> QuerySet[Message]:
    """The rows with the alias that conditions on the recipient compare."""
    return rows.alias(recipient_lower=Lower("recipient"))


def is_offered(name: str, operator: str) -> bool:
    """Whether our pages have this filter: the contract's, and a few of ours."""
    return is_known(name, operator) or operator in _OURS.get(name, {})


def is_known(name: str, operator: str) -> bool:
    """Whether the contract has this filter with this operator."""
    return operator in _ROWS.get(name, {})


Build = Callable[[Sequence[str]], Q]


def _text(column: str, lowered: str | None = None) -> dict[str, Build]:
    """Comparison without case; a lowered alias lets the index answer equality."""

    def equal(values: Sequence[str]) -> Q:
        if lowered:
            # Lowered by the database, so that both sides follow the same rules.
            return Q(**{f"{lowered}__in": [Lower(Value(value)) for value in values]})
        return any_of(Q(**{f"{column}__iexact": value}) for value in values)

    def contain(values: Sequence[str]) -> Q:
        return any_of(Q(**{f"{column}__icontains": value}) for value in values)

    return {
        "ci_equal": equal,
        "ci_not_equal": lambda values: ~equal(values),
        "ci_contain": contain,
        "ci_not_contain": lambda values: ~contain(values),
    }


def _exact(column: str) -> dict[str, Build]:
    return {
        "equal": lambda values: Q(**{f"{column}__in": list(values)}),
        "not_equal": lambda values: ~Q(**{f"{column}__in": list(values)}),
    }


def _number(column: str) -> dict[str, Build]:
    return {
        "equal": lambda values: Q(**{f"{column}__in": integers(values)}),
        "greater_than": lambda values: any_of(Q(**{f"{column}__gt": number}) for number in integers(values)),
        "less_than": lambda values: any_of(Q(**{f"{column}__lt": number}) for number in integers(values)),
    }


def _identifier(column: str) -> dict[str, Build]:
    return {
        "equal": lambda values: Q(**{f"{column}__in": integers(values)}),
        "not_equal": lambda values: ~Q(**{f"{column}__in": integers(values)}),
    }


def _status(values: Sequence[str]) -> Q:
    asked = Q(pk__in=[])
    for value in values:
        if value not in set(ContractStatus):
            continue
        stored, opted_out = stored_statuses(ContractStatus(value))
        one = Q(status__in=stored)
        if opted_out is not None:
            one &= Q(opted_out_at__isnull=not opted_out)
        asked |= one
    return asked


def _event(values: Sequence[str]) -> Q:
    shown = [value for value in values if value != Event.Type.ACCEPTED]
    # What programs opened or clicked is no opening and no click.
    return Q(Exists(_events().filter(type__in=shown).exclude(details__has_key="machine")))


def _events() -> QuerySet[Event]:
    """The events of the row; they are younger than it, so that older partitions are not visited."""
    return Event.objects.filter(message=OuterRef("pk"), pk__gte=OuterRef("pk"))


def _address(column: str, within: Callable[[Q], Q]) -> dict[str, Build]:
    """Comparison of an IP address; `within` leads from the row to the table that has the column."""

    def equal(values: Sequence[str]) -> Q:
        return within(Q(**{f"{column}__in": _addresses(values)}))

    def contain(values: Sequence[str]) -> Q:
        return within(any_of(Q(**{f"{column}__contains": value}) for value in values))

    return {
        "equal": equal,
        "not_equal": lambda values: ~equal(values),
        "contain": contain,
        "not_contain": lambda values: ~contain(values),
    }


def _variable(values: Sequence[str]) -> Q:
    """`name=value`; a value that reads as JSON (a number, true) may be that as well."""
    asked = Q(pk__in=[])
    for value in values:
        name, _equals, text = value.partition("=")
        asked |= Q(custom_variables__contains={name.strip(): text.strip()})
        if re.fullmatch(r"-?[0-9]{1,15}|true|false|null", text.strip()):
            asked |= Q(custom_variables__contains={name.strip(): json.loads(text)})
    return _of_submission(asked)


def _of_submission(asked: Q) -> Q:
    return Q(Exists(Submission.objects.filter(asked, pk=OuterRef("submission_id"))))


def any_of(parts: Iterable[Q]) -> Q:
    """Whatever one of the parts finds; nothing without parts."""
    return reduce(or_, parts, Q(pk__in=[]))


def storable(values: Sequence[str]) -> list[str]:
    """PostgreSQL keeps no NUL in text: a value with one equals nothing."""
    return [value for value in values if "\0" not in value]


def integers(values: Sequence[str]) -> list[int]:
    """Those that are numbers."""
    return [int(value) for value in values if re.fullmatch(r"-?[0-9]{1,18}", value.strip())]


def _addresses(values: Sequence[str]) -> list[str]:
    kept = []
    for value in values:
        try:
            kept.append(str(ip_address(value.strip())))
        except ValueError:
            continue
    return kept


_ROWS: dict[str, dict[str, Build]] = {
    "to": _text("recipient", "recipient_lower"),
    "from": _text("from_address"),
    "subject": {
        **_text("subject"),
        "empty": lambda values: Q(subject=""),
        "not_empty": lambda values: ~Q(subject=""),
    },
    "email_service_provider_response": _text("reply"),
    "recipient_mx": _text("recipient_mx"),
    "status": {"equal": _status, "not_equal": lambda values: ~_status(values)},
    "category": _exact("category"),
    "sending_stream": _exact("stream"),
    "sending_domain_id": _identifier("domain_id"),
    "domain_id": _identifier("domain_id"),
    "events": {"include_event": _event, "not_include_event": lambda values: ~_event(values)},
    "clicks_count": _number("clicks_count"),
    "opens_count": _number("opens_count"),
    "email_service_provider": _exact("provider"),
    "client_ip": _address("client_ip", _of_submission),
    "sending_ip": _address("sending_ip", lambda asked: asked),
}
_OURS: dict[str, dict[str, Build]] = {
    "to": {
        **_ROWS["to"],
        "ci_start": lambda values: any_of(Q(recipient_lower__startswith=Lower(Value(value))) for value in values),
    },
    "custom_variable": {"equal": _variable},
}
"""What our pages offer beyond the contract."""
ELSEWHERE = ("events", "client_ip", "custom_variable")
"""Filters that look each row up in another table."""
