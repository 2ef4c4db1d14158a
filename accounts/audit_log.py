"""Reads the audit log of one account: filtered, newest first, paged by key, and as a file."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy

from accounts.audit import SYSTEM
from accounts.audit_words import WORDS, noun_of, words_of
from accounts.models import Account, AuditEntry
from mailtrap_site.web.csv_lines import csv_line

PAGE = 50
_AT_ONCE = 500
HEADS = (
    "id", "at", "action", "actor", "by_staff", "by", "by_id", "target_type", "target_id", "target", "changes", "ip",
)  # fmt: skip
SUPPORT = gettext_lazy("Support")
SERVICE = gettext_lazy("The service itself")


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for; empty texts and None ask for everything. `since` is included, `before` is not."""

    actor: str = ""
    """Part of the actor's name."""
    action: str = ""
    """`noun.verb`, or a noun with its dot for all of them."""
    target: str = ""
    """Part of the name of what was acted on, or its id."""
    since: datetime | None = None
    before: datetime | None = None
    staff_only: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first, and the keys to go on with; None at an end."""

    rows: list[AuditEntry]
    newer: int | None
    older: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """One line of what an entry changed, as texts; both are empty where there was nothing."""

    field: str
    before: str
    after: str


def fetch(account: Account, query: Query, *, below: int | None = None, above: int | None = None) -> Page:
    """The page below one key, or the one above another; the newest without either."""
    found = _found(account, query)
    if above is not None:
        rows = list(found.filter(pk__gt=above).order_by("pk")[: PAGE + 1])
        more, rows = len(rows) > PAGE, rows[:PAGE][::-1]
        return Page(rows, rows[0].pk if more else None, rows[-1].pk if rows else None)
    rows = list((found if below is None else found.filter(pk__lt=below)).order_by("-pk")[: PAGE + 1])
    more, rows = len(rows) > PAGE, rows[:PAGE]
    return Page(rows, rows[0].pk if rows and below is not None else None, rows[-1].pk if more else None)


def csv_pieces(account: Account, query: Query) -> Iterator[str]:
    """The whole answer as CSV (RFC 4180), newest first, times in UTC (RFC 3339)."""
    yield csv_line(HEADS)
    for entries in _batches(account, query):
        yield "".join(csv_line(map(_cell, _values(entry))) for entry in entries)


def ndjson_pieces(account: Account, query: Query) -> Iterator[str]:
    """The same, one JSON object a line."""
    for entries in _batches(account, query):
        lines = (json.dumps(dict(zip(HEADS, _values(entry), strict=True)), ensure_ascii=False) for entry in entries)
        yield "".join(f"{line}\n" for line in lines)


def actor_of(entry: AuditEntry) -> str:
    """Who it was as the tenant reads it: of staff it is support that acts, whoever sat at the desk."""
    if entry.by_staff:
        return str(SUPPORT)
    return str(SERVICE) if entry.actor_name == SYSTEM else entry.actor_name


def address_of(entry: AuditEntry) -> str:
    """From where; staff's own address is no business of the tenant's."""
    return "" if entry.by_staff else entry.ip or ""


def changes_of(entry: AuditEntry) -> list[Change]:
    """What it changed, line by line."""
    return [
        Change(str(field).replace("_", " "), _text(pair.get("from")), _text(pair.get("to")))
        for field, pair in entry.changes.items()
        if isinstance(pair, dict)
    ]


def choices() -> list[tuple[str, str]]:
    """The actions one can ask for, by their words."""
    return sorted(((action, str(words)) for action, words in WORDS.items()), key=lambda pair: pair[1].lower())


def said(entry: AuditEntry) -> tuple[str, str]:
    """The action in words and the kind of what was acted on."""
    return words_of(entry.action), noun_of(entry.target_type)


def _found(account: Account, query: Query) -> QuerySet[AuditEntry]:
    found = AuditEntry.objects.filter(account=account)
    if query.actor:
        named = Q(by_staff=False, actor_name__icontains=query.actor)
        found = found.filter(named | Q(by_staff=True) if query.actor.lower() in str(SUPPORT).lower() else named)
    if query.action:
        found = found.filter(action=query.action)
    if query.target:
        found = found.filter(Q(target_name__icontains=query.target) | Q(target_id=query.target))
    if query.since:
        found = found.filter(at__gte=query.since)
    if query.before:
        found = found.filter(at__lt=query.before)
    return found.filter(by_staff=True) if query.staff_only else found


def _batches(account: Account, query: Query) -> Iterator[Sequence[AuditEntry]]:
    below = None
    while True:
        found = _found(account, query)
        entries = list((found if below is None else found.filter(pk__lt=below)).order_by("-pk")[:_AT_ONCE])
        if not entries:
            return
        yield entries
        below = entries[-1].pk


def _values(entry: AuditEntry) -> Iterable[Any]:
    return (
        entry.pk,
        entry.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        entry.action,
        actor_of(entry),
        entry.by_staff,
        entry.means,
        entry.means_id,
        entry.target_type,
        entry.target_id,
        entry.target_name,
        entry.changes,
        address_of(entry),
    )


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
