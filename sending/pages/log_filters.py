"""The email log's filters as its address holds them: read, described as chips, and written into links."""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sending.events.lifecycle import ContractStatus, stored_statuses
from sending.log.conditions import YEARS, Condition
from sending.log.query import Query
from sending.models import Event, MessageStatus, Stream
from sending.pages import filter_words
from sending.replies.providers import MAIN_PROVIDERS


@dataclass(frozen=True, slots=True)
class Group:
    """A quick choice: the word of its tab, and what it asks."""

    word: str | Promise
    statuses: tuple[MessageStatus, ...] = ()
    conditions: tuple[Condition, ...] = ()


class Asked(Protocol):
    """The parameters of a request, or of a saved address."""

    def get(self, name: str, default: str) -> str: ...

    def __iter__(self) -> Iterator[str]: ...


def _stored(status: ContractStatus) -> tuple[MessageStatus, ...]:
    return tuple(one for one in stored_statuses(status)[0] if one is not MessageStatus.SCHEDULED)


GROUPS: dict[str, Group] = {
    "": Group(gettext_lazy("All")),
    "waiting": Group(gettext_lazy("Waiting"), _stored(ContractStatus.ENQUEUED)),
    "scheduled": Group(gettext_lazy("Scheduled"), (MessageStatus.SCHEDULED,)),
    "delivered": Group(gettext_lazy("Delivered"), _stored(ContractStatus.DELIVERED)),
    "not_delivered": Group(gettext_lazy("Not delivered"), _stored(ContractStatus.NOT_DELIVERED)),
    "bounces": Group(gettext_lazy("Bounces"), (MessageStatus.BOUNCED,)),
    "opted_out": Group(
        gettext_lazy("Opted out"), conditions=(Condition("status", "equal", (ContractStatus.OPTED_OUT,)),)
    ),
    "spam": Group(gettext_lazy("Spam reports"), conditions=(Condition("events", "include_event", (Event.Type.SPAM,)),)),
    **{
        name: Group(name, conditions=(Condition("email_service_provider", "equal", (name,)),))
        for name in MAIN_PROVIDERS
    },
}
PLAIN = ("q", "group", "status", "stream", "after", "until")
"""Filters that are no condition of the log's table under `name.operator`."""
CONTROLS = ("q", "status", "stream")
"""Those that the form shows all the time."""
_SHORT = {
    "to": "to.ci_equal",
    "from": "from.ci_contain",
    "subject": "subject.ci_contain",
    "category": "category.equal",
}
"""Names that an address may use instead."""


def filters_of(asked: Asked) -> dict[str, str]:
    """The filters in force, by their names in the address."""
    found = {name: value for name in PLAIN if (value := asked.get(name, "").strip())}
    for key in asked:
        name = _SHORT.get(key, key)
        if filter_words.is_filter(name):
            value = asked.get(key, "").strip()[: filter_words.MOST_CHARACTERS]
            if value or name.endswith(filter_words.WITHOUT_VALUE):
                found[name] = value or "yes"
    return found


def read_query(filters: Mapping[str, str]) -> Query:
    """The filters as a question to the log; what cannot be read is left out."""
    conditions = [filter_words.condition(key, value) for key, value in filters.items() if key not in PLAIN]
    if stream := filters.get("stream"):
        conditions.append(Condition("sending_stream", "equal", (stream,)))
    status, until = filters.get("status", ""), midnight(filters.get("until", ""))
    group = GROUPS.get(filters.get("group", ""), GROUPS[""])
    return Query(
        conditions=(*conditions, *group.conditions),
        statuses=(MessageStatus(status),) if status in MessageStatus.values else group.statuses,
        sent_after=midnight(filters.get("after", "")),
        sent_before=until + timedelta(days=1) if until else None,
        text=filters.get("q", "")[:200],
    )


def sentences(
    filters: Mapping[str, str], account_id: int, domain_ids: Collection[int] | None = None
) -> Iterator[tuple[str, str]]:
    """Each filter by its name, as a sentence; the group has its tab instead. `domain_ids`: those that may be named."""
    plain = {
        "q": _("Recipient or subject contains %(value)s"),
        "status": _("Status is %(value)s"),
        "stream": _("Stream is %(value)s"),
        "after": _("Sent on or after %(value)s"),
        "until": _("Sent on or before %(value)s"),
    }
    labels = dict(MessageStatus.choices) | dict(Stream.choices)
    domains = filter_words.domain_names(account_id, domain_ids) if any("domain_id." in key for key in filters) else {}
    for name, value in filters.items():
        if name in plain:
            shown = str(labels.get(value, value)) if name in ("status", "stream") else value
            yield name, plain[name] % {"value": shown[:80]}
        elif name not in PLAIN:
            yield name, filter_words.sentence(name, value, domains)


def chips(
    filters: Mapping[str, str], account_id: int, domain_ids: Collection[int] | None = None
) -> list[tuple[str, str]]:
    """Each filter as a sentence, with the address of the list without it."""
    said = sentences(filters, account_id, domain_ids)
    return [(sentence, address(filters, **{name: ""})) for name, sentence in said]


def tabs(filters: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    """The quick choices: word, address, whether it is the current one. Nearly all mail is delivered: that choice has a
    tab only while it is in force."""
    current = filters.get("group", "")
    shown = [(key, group) for key, group in GROUPS.items() if key != "delivered" or key == current]
    return [(str(group.word), address({}, group=key), key == current) for key, group in shown]


def address(filters: Mapping[str, str], **changed: str) -> str:
    """A query string of the filters with some parameters changed; an empty value removes one."""
    kept = {name: value for name, value in {**filters, **changed}.items() if value}
    return f"?{urlencode(kept)}" if kept else "?"


def read_uuid(text: str) -> uuid.UUID | None:
    """The id that `text` spells, if it does."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def is_day(text: str) -> bool:
    """Whether it is a day that the log may be asked for."""
    return midnight(text) is not None


def midnight(text: str) -> datetime | None:
    """The start of that day in the reader's zone."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    if day is None or day.year not in YEARS:
        return None
    return timezone.make_aware(datetime.combine(day, time.min)).astimezone(UTC)
