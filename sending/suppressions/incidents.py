""" "It was us": what one cause put on the list, so that it can be taken off again together.

A cause is the same words of the same operator (see `consequences.incident_of`). The same words come every day for
addresses that really are gone, so those of one day around the entry are meant by default.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.db.models import CharField, Count, F, Func, QuerySet, Value

from accounts.models import Account
from sending.models import Suppression
from sending.suppressions import store

NAMED = 10
"""Domains of recipients that a page names."""
_AROUND = timedelta(hours=24)


class Span(StrEnum):
    """How far around the entry."""

    DAY = "day"
    EVER = "ever"


@dataclass(frozen=True, slots=True)
class Incident:
    """What is to be undone. `recipient_domains` are the most frequent ones, each with how many entries."""

    span: Span
    entries: int
    sending_domains: Sequence[str]
    recipient_domains: Sequence[tuple[str, int]]


def is_undoable(entry: Suppression) -> bool:
    """Whether it has a cause that others may share: what receivers answered, and not what a person decided."""
    return bool(entry.incident) and entry.type == Suppression.Type.HARD_BOUNCE


def incident_of(entry: Suppression, span: Span) -> Incident:
    """What shares the entry's cause within the span."""
    entries = _of(entry, span)
    names = entries.order_by().values_list("domain__name", flat=True).distinct()
    domain = Func(F("email"), Value("@"), Value(-1), function="split_part", output_field=CharField())
    recipients = entries.order_by().annotate(at=domain).values("at").annotate(times=Count("pk"))
    return Incident(
        span,
        entries.count(),
        sorted(name for name in names if name),
        [(one["at"], one["times"]) for one in recipients.order_by("-times", "at")[:NAMED]],
    )


def undo(account: Account, entry: Suppression, span: Span, by: store.By) -> int:
    """Takes all of it off the list; returns how many entries."""
    domains = incident_of(entry, span).sending_domains
    return store.undo(account, _of(entry, span), by, incident=entry.incident, span=span.value, domains=list(domains))


def _of(entry: Suppression, span: Span) -> QuerySet[Suppression]:
    entries = Suppression.objects.filter(account=entry.account_id, incident=entry.incident)
    if span is Span.DAY:
        return entries.filter(created_at__range=(entry.created_at - _AROUND, entry.created_at + _AROUND))
    return entries
