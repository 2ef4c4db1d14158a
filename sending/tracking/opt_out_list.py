"""Reading the list of those who do not want to be tracked: one page by key, newest entry first; never counted whole."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from sending.models import TrackingOptOut
from sending.suppressions import same_address
from sending.suppressions.lists import COUNT_TO, PAGE


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for; empty is everything. `until` is included, `before` is not. `domains` are the ones that the
    asker may see; None for the whole account."""

    beginning: str = ""
    email: str = ""
    domain_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None
    until: datetime | None = None
    domains: Collection[int] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """`older` continues the list."""

    rows: list[TrackingOptOut]
    older: uuid.UUID | None


def fetch(account_id: int, query: Query, *, after: uuid.UUID | None = None, size: int = PAGE) -> Page:
    """The newest `size` entries that came on the list before the entry `after`."""
    rows = narrow(account_id, query)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows.order_by("-id")[: size + 1])
    return Page(found[:size], found[size - 1].pk if len(found) > size else None)


def newer_than(account_id: int, query: Query, first: uuid.UUID, *, size: int = PAGE) -> uuid.UUID | None:
    """The `after` of the page directly above the one that begins with the entry `first`; None for the newest page."""
    above = narrow(account_id, query).filter(pk__gt=first).order_by("id").values_list("pk", flat=True)[: size + 1]
    found = list(above)
    return found[size] if len(found) > size else None


def count(account_id: int, query: Query) -> int:
    """How many there are; one above COUNT_TO stands for more."""
    return narrow(account_id, query).order_by().values("pk")[: COUNT_TO + 1].count()


def find(account_id: int, opt_out_id: uuid.UUID) -> TrackingOptOut | None:
    """The account's entry of this id."""
    return TrackingOptOut.objects.filter(account_id=account_id, pk=opt_out_id).select_related("domain").first()


def narrow(account_id: int, query: Query) -> QuerySet[TrackingOptOut]:
    """The entries that match, their domains beside them."""
    rows = TrackingOptOut.objects.filter(account_id=account_id).select_related("domain")
    if query.beginning:
        rows = rows.filter(email__startswith=same_address(query.beginning))
    if query.email:
        rows = rows.filter(email=same_address(query.email))
    if query.domain_id is not None:
        rows = rows.filter(domain=query.domain_id)
    if query.since:
        rows = rows.filter(created_at__gte=query.since)
    if query.before:
        rows = rows.filter(created_at__lt=query.before)
    if query.until:
        rows = rows.filter(created_at__lte=query.until)
    if query.domains is not None:
        rows = rows.filter(domain__in=list(query.domains))
    return rows
