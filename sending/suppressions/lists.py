"""Reading the list: one page by key, newest entry first; never by offset, and never counted whole."""

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from sending.models import Message, Suppression
from sending.suppressions import same_address
from sending.suppressions.marks import written

PAGE = 50
COUNT_TO = 10_000
AT_ONCE = 2_000
"""Entries of one statement where all are read."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for; empty is everything.

    `beginning` is that of the address. `domain_id` 0: entries for all domains alone. `until` is included, `before` is
    not. `domains` are the ones that the asker may see; None for the whole account.
    """

    beginning: str = ""
    email: str = ""
    type: str = ""
    stream: str = ""
    domain_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None
    until: datetime | None = None
    domains: Collection[int] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """`older` continues the list, `newer` begins the page above (the newest one, where it is empty)."""

    rows: list[Suppression]
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


def newest(account_id: int, query: Query, *, until: uuid.UUID | None = None) -> list[tuple[uuid.UUID, str]]:
    """(id, type) of the newest COUNT_TO that match, from the entry `until` back."""
    rows = narrow(account_id, query)
    rows = rows.filter(pk__lte=until) if until is not None else rows
    return list(rows.order_by("-id").values_list("pk", "type")[:COUNT_TO])


def every(account_id: int, query: Query) -> Iterator[Suppression]:
    """All that match, newest first, read in parts, so that no statement holds a connection while a client dawdles."""
    after: uuid.UUID | None = None
    while True:
        page = fetch(account_id, query, after=after, size=AT_ONCE)
        yield from page.rows
        if page.older is None:
            return
        after = page.older


def find(account_id: int, suppression_id: uuid.UUID) -> Suppression | None:
    """The account's entry of this id."""
    entries = Suppression.objects.filter(account_id=account_id, pk=suppression_id)
    return entries.select_related("domain", "created_by").first()


def standing_for(message: Message) -> Suppression | None:
    """The entry that keeps the next mail of this domain and stream from this recipient; the one that stood first."""
    covering = Q(domain=None) | Q(domain=message.domain_id)
    own = Suppression.objects.filter(
        account=message.account_id, email__in=written(message.account_id, same_address(message.recipient))
    )
    return own.filter(covering, stream__in=[message.stream, Suppression.Scope.ANY]).order_by("pk").first()


def narrow(account_id: int, query: Query) -> QuerySet[Suppression]:
    """The entries that match. `domain` comes with them: a deleted one keeps its row, so none is lost by the join."""
    rows = Suppression.objects.filter(account_id=account_id).select_related("domain")
    if query.beginning:
        # Of an address that was erased only the whole matches.
        whole = written(account_id, same_address(query.beginning))
        rows = rows.filter(Q(email__startswith=whole[0]) | Q(email__in=whole[1:]))
    if query.email:
        rows = rows.filter(email__in=written(account_id, same_address(query.email)))
    if query.type:
        rows = rows.filter(type=query.type)
    if query.stream:
        rows = rows.filter(stream=query.stream)
    if query.domain_id is not None:
        rows = rows.filter(domain=query.domain_id or None)
    if query.since:
        rows = rows.filter(created_at__gte=query.since)
    if query.before:
        rows = rows.filter(created_at__lt=query.before)
    if query.until:
        rows = rows.filter(created_at__lte=query.until)
    if query.domains is not None:
        rows = rows.filter(domain__in=list(query.domains))
    return rows
