"""The email log's filters as its address holds them: read, described as chips, and written into links."""

import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from sending.events.lifecycle import ContractStatus, stored_statuses
from sending.log.conditions import YEARS, Condition, Query
from sending.models import MessageStatus, Stream

GROUPS: dict[str, list[MessageStatus]] = {
    "waiting": [one for one in stored_statuses(ContractStatus.ENQUEUED)[0] if one is not MessageStatus.SCHEDULED],
    "scheduled": [MessageStatus.SCHEDULED],
    "not_delivered": stored_statuses(ContractStatus.NOT_DELIVERED)[0],
    "delivered": stored_statuses(ContractStatus.DELIVERED)[0],
}
FILTERS = ("q", "group", "status", "to", "from", "subject", "category", "stream", "after", "until")
_CONDITIONS = {
    "to": ("to", "ci_equal"),
    "from": ("from", "ci_contain"),
    "subject": ("subject", "ci_contain"),
    "category": ("category", "equal"),
    "stream": ("sending_stream", "equal"),
}


def filters_of(asked: QueryDict) -> dict[str, str]:
    """The filters in force, by their names in the address."""
    return {name: value for name in FILTERS if (value := asked.get(name, "").strip())}


def read_query(filters: Mapping[str, str]) -> Query:
    """The filters as a question to the log; what cannot be read is left out."""
    conditions = [Condition(*_CONDITIONS[name], (filters[name],)) for name in _CONDITIONS if name in filters]
    status, until = filters.get("status", ""), midnight(filters.get("until", ""))
    statuses = [MessageStatus(status)] if status in MessageStatus.values else GROUPS.get(filters.get("group", ""), [])
    return Query(
        conditions=tuple(conditions),
        statuses=tuple(statuses),
        sent_after=midnight(filters.get("after", "")),
        sent_before=until + timedelta(days=1) if until else None,
        text=filters.get("q", "")[:200],
    )


def chips(filters: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each filter as a sentence, with the address of the list without it. The group has its tab instead."""
    sentences = {
        "q": _("Recipient or subject contains %(value)s"),
        "status": _("Status is %(value)s"),
        "to": _("Recipient is %(value)s"),
        "from": _("Sender contains %(value)s"),
        "subject": _("Subject contains %(value)s"),
        "category": _("Category is %(value)s"),
        "stream": _("Stream is %(value)s"),
        "after": _("Sent on or after %(value)s"),
        "until": _("Sent on or before %(value)s"),
    }
    labels = dict(MessageStatus.choices) | dict(Stream.choices)
    for name, sentence in sentences.items():
        if value := filters.get(name):
            shown = str(labels.get(value, value)) if name in ("status", "stream") else value
            yield sentence % {"value": shown[:80]}, address(filters, **{name: ""})


def tabs(filters: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    """The quick choices: word, address, whether it is the current one."""
    words = {
        "": _("All"),
        "waiting": _("Waiting"),
        "scheduled": _("Scheduled"),
        "not_delivered": _("Not delivered"),
        "delivered": _("Delivered"),
    }
    current = filters.get("group", "")
    return [(word, address({}, group=key), key == current) for key, word in words.items()]


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


def midnight(text: str) -> datetime | None:
    """The start of that day in the reader's zone."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    if day is None or day.year not in YEARS:
        return None
    return timezone.make_aware(datetime.combine(day, time.min)).astimezone(UTC)
