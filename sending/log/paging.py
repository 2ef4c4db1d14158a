"""One page of the email log, newest first, by key; a partition that the page does not need is never visited.

What no index answers ("contains") is read newest first within a bound of rows; the page says how far it looked, and
goes on by cursor. Alternatives are asked in one statement, each in the order of its own index: asked as one condition
they would have to be sorted, or all rows of the account be read for the few that are among them.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from sending.log.conditions import lowered
from sending.log.query import Query
from sending.models import Message
from sending.models.identifiers import id_floor, time_of
from sending.models.partitions import Window, windows_newest_first
from sending.retention.terms import days_by_account

PAGE = 50
SCAN_ROWS = 20_000
"""How many rows one request reads for a question that scans."""
ELSEWHERE = 8
"""So many times fewer where each row is looked up in another table as well."""
FEW = 5_000
"""Mail to recipients that begin as asked, or to several, is sorted where it is so little in a week."""
COUNT_TO = 10_000
_EPOCH = datetime.fromtimestamp(0, UTC)
"""No id carries an older moment."""


@dataclass(frozen=True, slots=True)
class Page:
    """`older` continues the list; None at its end. `looked_back_to` is set when the scan's bound cut the search."""

    rows: list[Message]
    older: uuid.UUID | None
    looked_back_to: datetime | None


@dataclass(frozen=True, slots=True)
class Total:
    """How many rows there are; `capped` when there are more than `count`."""

    count: int
    capped: bool


def fetch(account_id: int, query: Query, *, before: uuid.UUID | None = None, size: int = PAGE) -> Page:
    """The newest `size` rows older than the id `before`."""
    found: list[Message] = []
    left, since = _bound(query), horizon(account_id)
    for window in _windows(query, before):
        asked = _asked(_rows(account_id, window, since), query, left, sorts=True)
        rows, end = list(_newest(asked, query, size + 1 - len(found))), max(asked.ends, default=None)
        # What one alternative gave beyond the end of another would come before rows that were not read yet.
        found += [one for one in rows if end is None or one.pk >= end]
        left -= asked.read
        if len(found) > size:
            return Page(found[:size], found[size - 1].pk, None)
        if end is not None:
            return Page(found, end, time_of(end))
    return Page(found, None, None)


def newer_than(account_id: int, query: Query, after: uuid.UUID, *, size: int = PAGE) -> uuid.UUID | None:
    """The `before` cursor of the page that stands directly above the row `after`; None for the newest page."""
    above: list[uuid.UUID] = []
    since, left = horizon(account_id), _bound(query)
    for window in reversed(list(_windows(query, None))):
        if window.high <= after:
            continue
        asked = _asked(_rows(account_id, window, since).filter(pk__gte=after), query, left, order="id")
        left -= asked.read
        if asked.ends:
            return min(asked.ends)
        above += _newest(asked, query, size + 1 - len(above), order="id").values_list("pk", flat=True)
        if len(above) > size:
            return above[size]
    return None


def total(account_id: int, query: Query) -> Total:
    """The count, exact to 10,000; of a question that is read row by row, what one scan finds."""
    count, left = 0, _bound(query)
    since = horizon(account_id)
    for window in _windows(query, None):
        asked = _asked(_rows(account_id, window, since), query, left, sorts=True)
        left -= asked.read
        count += _newest(asked, query, COUNT_TO + 1 - count).values("pk").count()
        if count > COUNT_TO or asked.ends:
            return Total(min(count, COUNT_TO), capped=True)
    return Total(count, capped=False)


def newest_values(account_id: int, query: Query, most: int, *columns: str) -> list[tuple[Any, ...]]:
    """These columns of the newest `most` rows, for figures."""
    rows: list[tuple[Any, ...]] = []
    since = horizon(account_id)
    for window in _windows(query, None):
        found = query.narrow(_rows(account_id, window, since)).order_by("-id")
        rows += found.values_list(*columns)[: most - len(rows)]
        if len(rows) >= most:
            break
    return rows


def has_any(account_id: int) -> bool:
    """Whether the account has ever sent."""
    return bool(fetch(account_id, Query(), size=1).rows)


def find(account_id: int, message_id: uuid.UUID) -> Message | None:
    """The account's message of this id, while its plan keeps it."""
    return in_sight(Message.objects.filter(account_id=account_id), horizon(account_id)).filter(pk=message_id).first()


def horizon(account_id: int) -> datetime:
    """Since when the account's plan keeps mail. Rows behind it are out of sight at once, and deleted soon after."""
    now = timezone.now()
    return now - timedelta(days=days_by_account(now, [account_id]).get(account_id, 0))


def in_sight(rows: QuerySet[Message], since: datetime) -> QuerySet[Message]:
    """Those that were accepted or finished since, and those that are not finished."""
    return rows.filter(Q(pk__gte=id_floor(since)) | Q(finished_at=None) | Q(finished_at__gte=since))


def count_newer(account_id: int, query: Query, than: uuid.UUID | None, *, most: int = 100) -> int:
    """How many rows came after the row `than`, up to `most`."""
    count = 0
    since = horizon(account_id)
    for window in _windows(query, None):
        if than is not None and window.high <= than:
            break
        newer = _rows(account_id, window, since).filter(pk__gt=than) if than else _rows(account_id, window, since)
        count += _newest(_asked(newer, query, _bound(query)), query, most - count).values("pk").count()
        if count >= most:
            break
    return count


def _windows(query: Query, before: uuid.UUID | None) -> Iterator[Window]:
    """The made partitions, newest first, cut to the dates of the question and to the cursor."""
    lowest = id_floor(max(query.sent_after, _EPOCH)) if query.sent_after else uuid.UUID(int=0)
    highest = id_floor(max(query.sent_before, _EPOCH)) if query.sent_before else uuid.UUID(int=2**128 - 1)
    if before is not None:
        highest = min(highest, before)
    # Partitions of the coming weeks stand ready and are empty.
    highest = min(highest, id_floor(timezone.now() + timedelta(days=1)))
    for window in windows_newest_first(Message._meta.db_table):
        low, high = max(window.low, lowest), min(window.high, highest)
        if low < high:
            yield Window(low, high)


def _rows(account_id: int, window: Window, since: datetime) -> QuerySet[Message]:
    rows = Message.objects.filter(account_id=account_id, pk__gte=window.low, pk__lt=window.high)
    return rows if window.low >= id_floor(since) else in_sight(rows, since)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The rows in which the answer lies, one set for each alternative; how many of them are read one by one, and where
    the reading of an alternative ends before its own end."""

    parts: list[QuerySet[Message]]
    read: int = 0
    ends: tuple[uuid.UUID, ...] = ()


def _bound(query: Query) -> int:
    return max(SCAN_ROWS // ELSEWHERE, 1) if query.looks_elsewhere else SCAN_ROWS


def _asked(rows: QuerySet[Message], query: Query, left: int, order: str = "-id", *, sorts: bool = False) -> _Asked:
    """What of `rows` the question's index gives, cut to about `left` rows where they are read one by one. `sorts`: few
    may be sorted; not for what came after a row, of which an index by address reads all that is older as well."""
    few = _few(rows, query) if sorts else None
    if few is not None:
        return _Asked([few])
    led = [lowered(rows).filter(lead) for lead in query.leads()]
    if not query.is_bounded:
        return _Asked(led)
    share = max(left // max(len(led), 1), 1)
    cut = [_bounded(some, share, order) for some in led]
    ends = tuple(end for _, _, end in cut if end is not None)
    return _Asked([some for some, _, _ in cut], sum(read for _, read, _ in cut), ends)


def _few(rows: QuerySet[Message], query: Query) -> QuerySet[Message] | None:
    """Those of the recipients that are asked for, where the index finds few of them; it has them in another order."""
    addressed = query.addressed
    if addressed is None:
        return None
    ids = list(lowered(rows).filter(addressed).values_list("pk", flat=True)[: FEW + 1])
    return rows.filter(pk__in=ids) if len(ids) <= FEW else None


def _newest(asked: _Asked, query: Query, most: int, order: str = "-id") -> QuerySet[Message]:
    """The first `most` of the rows that answer."""
    parts = [query.narrow(some).order_by(order)[:most] for some in asked.parts]
    if len(parts) == 1:
        return parts[0]
    return parts[0].union(*parts[1:], all=True).order_by(order)[:most] if parts else Message.objects.none()


def _bounded(rows: QuerySet[Message], most: int, order: str = "-id") -> tuple[QuerySet[Message], int, uuid.UUID | None]:
    """`rows` cut to the first `most` in this order, how many these are, and the last of them if there may be more."""
    ids = rows.order_by(order).values_list("pk", flat=True)
    last = next(iter(ids[most - 1 : most]), None)
    if last is None:
        return rows, ids[:most].count(), None
    return rows.filter(pk__gte=last) if order == "-id" else rows.filter(pk__lte=last), most, last
