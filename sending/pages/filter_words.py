"""The filters that one can add to the email log: their names, operators and values in words.

In the address each stands under `name.operator`, as in `?subject.ci_contain=invoice`. Several values stand between
commas where a filter compares whole values.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from domains.models import SendingDomain
from sending.events.lifecycle import ContractStatus
from sending.log.conditions import Condition, is_offered
from sending.models import Event, Stream
from sending.replies.providers import PROVIDERS

Words = str | Promise
MOST_VALUES = 100
MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: its label, its operators, and how its value is typed ("text", "number" or a list of choices)."""

    label: Words
    operators: tuple[str, ...]
    kind: str = "text"
    choices: Mapping[str, Words] | None = None
    hint: Words = ""
    is_one_value: bool = False
    """Whether a comma is part of the value."""


VERBS: dict[str, Words] = {
    "ci_equal": gettext_lazy("is"),
    "ci_not_equal": gettext_lazy("is not"),
    "ci_contain": gettext_lazy("contains"),
    "ci_not_contain": gettext_lazy("does not contain"),
    "ci_start": gettext_lazy("starts with"),
    "equal": gettext_lazy("is"),
    "not_equal": gettext_lazy("is not"),
    "contain": gettext_lazy("contains"),
    "not_contain": gettext_lazy("does not contain"),
    "empty": gettext_lazy("is empty"),
    "not_empty": gettext_lazy("is not empty"),
    "include_event": gettext_lazy("include"),
    "not_include_event": gettext_lazy("do not include"),
    "greater_than": gettext_lazy("is more than"),
    "less_than": gettext_lazy("is less than"),
}
WITHOUT_VALUE = ("empty", "not_empty")
WHOLE = ("ci_equal", "ci_not_equal", "equal", "not_equal", "include_event", "not_include_event")
_TEXT = ("ci_contain", "ci_not_contain", "ci_equal", "ci_not_equal")
_EXACT = ("equal", "not_equal")
_COUNT = ("greater_than", "less_than", "equal")
_ADDRESS = ("equal", "not_equal", "contain", "not_contain")
_STATUSES: dict[str, Words] = {
    ContractStatus.ENQUEUED: gettext_lazy("On its way"),
    ContractStatus.DELIVERED: gettext_lazy("Delivered"),
    ContractStatus.NOT_DELIVERED: gettext_lazy("Not delivered"),
    ContractStatus.OPTED_OUT: gettext_lazy("Opted out"),
}
_EVENTS = ("delivery", "open", "click", "bounce", "spam", "unsubscribe", "soft_bounce", "reject", "suspension")
_LABELS = dict(Event.Type.choices)

FILTERS: dict[str, Filter] = {
    "to": Filter(gettext_lazy("Recipient"), ("ci_contain", "ci_start", "ci_not_contain", "ci_equal", "ci_not_equal")),
    "from": Filter(gettext_lazy("Sender"), _TEXT),
    "subject": Filter(gettext_lazy("Subject"), (*_TEXT, *WITHOUT_VALUE), is_one_value=True),
    "status": Filter(gettext_lazy("Outcome"), _EXACT, choices=_STATUSES),
    "events": Filter(
        gettext_lazy("Events"),
        ("include_event", "not_include_event"),
        choices={kind: _LABELS[kind] for kind in _EVENTS},
    ),
    "category": Filter(gettext_lazy("Category"), _EXACT, is_one_value=True),
    "custom_variable": Filter(
        gettext_lazy("Custom variable"), ("equal",), hint=gettext_lazy("name=value"), is_one_value=True
    ),
    "sending_stream": Filter(gettext_lazy("Stream"), _EXACT, choices=dict(Stream.choices)),
    "sending_domain_id": Filter(gettext_lazy("Sending domain"), _EXACT, choices={}),
    "email_service_provider": Filter(
        gettext_lazy("Mailbox provider"), _EXACT, choices={name: name for name in PROVIDERS}
    ),
    "recipient_mx": Filter(gettext_lazy("Mail server (MX)"), _TEXT, hint=gettext_lazy("mx.example.com")),
    "email_service_provider_response": Filter(gettext_lazy("Server’s answer"), _TEXT, is_one_value=True),
    "opens_count": Filter(gettext_lazy("Number of opens"), _COUNT, kind="number"),
    "clicks_count": Filter(gettext_lazy("Number of clicks"), _COUNT, kind="number"),
    "client_ip": Filter(gettext_lazy("Client IP"), _ADDRESS, hint="203.0.113.7"),
    "sending_ip": Filter(gettext_lazy("Sending IP"), _ADDRESS, hint="198.51.100.24"),
}
"""By the contract's names, `domain_id` aside, which is another name of `sending_domain_id`; and one of ours."""


def is_filter(key: str) -> bool:
    """Whether the address may hold a filter under this name."""
    name, _dot, operator = key.partition(".")
    return (name in FILTERS or name == "domain_id") and is_offered(name, operator)


def condition(key: str, value: str) -> Condition:
    """The question that a filter of the address asks."""
    name, _dot, operator = key.partition(".")
    one = FILTERS["sending_domain_id" if name == "domain_id" else name]
    if one.is_one_value or operator not in WHOLE:
        return Condition(name, operator, (value,))
    return Condition(name, operator, tuple(part for part in map(str.strip, value.split(",")) if part)[:MOST_VALUES])


def sentence(key: str, value: str, domains: Mapping[str, Words]) -> str:
    """A filter of the address as its chip says it."""
    name, _dot, operator = key.partition(".")
    one = FILTERS["sending_domain_id" if name == "domain_id" else name]
    if operator in WITHOUT_VALUE:
        return _("%(filter)s %(verb)s") % {"filter": one.label, "verb": VERBS[operator]}
    labels = domains if one.choices == {} else one.choices or {}
    parts = condition(key, value).values if labels or operator in WHOLE else (value,)
    shown = _(" or ").join(str(labels.get(part, part)) for part in parts)
    return _("%(filter)s %(verb)s %(value)s") % {"filter": one.label, "verb": VERBS[operator], "value": shown[:80]}


def domain_names(account_id: int, domain_ids: Collection[int] | None = None) -> dict[str, Words]:
    """The account's sending domains by id, as the address holds them; of `domain_ids` where that is not None."""
    rows = SendingDomain.objects.filter(account=account_id).order_by("name").values_list("pk", "name")
    return {str(pk): name for pk, name in rows if domain_ids is None or pk in domain_ids}


def offered() -> Iterator[tuple[Words, list[tuple[str, str]]]]:
    """The groups of the list in which one chooses a filter: a label, and (name.operator, words)."""
    for name, one in FILTERS.items():
        yield (
            one.label,
            [(f"{name}.{operator}", f"{one.label} {VERBS[operator]}") for operator in one.operators],
        )
