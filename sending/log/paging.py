"""One page of the email log, newest first, by key; a partition that the page does not need is never visited.

What no index answers ("contains") is read newest first within a bound of rows; the page says how far it looked, and
goes on by cursor.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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
    left = SCAN_ROWS
    since = horizon(account_id)
    for window in _windows(query, before):
        rows, read, reached = _newest_of(_rows(account_id, window, since), query, size + 1 - len(found), left)
        found += rows
        left -= read
        if len(found) > size:
            return Page(found[:size], found[size - 1].pk, None)
        if reached is not None:
            return Page(found, reached, time_of(reached))
    return Page(found, None, None)


def newer_than(account_id: int, query: Query, after: uuid.UUID, *, size: int = PAGE) -> uuid.UUID | None:
    """The `before` cursor of the page that stands directly above the row `after`; None for the newest page."""
    above: list[uuid.UUID] = []
    since, left = horizon(account_id), SCAN_ROWS
    for window in reversed(list(_windows(query, None))):
        if window.high <= after:
            continue
        rows = _rows(account_id, window, since).filter(pk__gte=after)
        some: list[uuid.UUID] = []
        for led in _led(rows, query):
            if query.is_bounded:
                led, read, reached = _bounded(led, left, order="id")
                left -= read
                if reached is not None:
                    return reached
            some += query.narrow(led).order_by("id").values_list("pk", flat=True)[: size + 1 - len(above)]
        above += sorted(some)[: size + 1 - len(above)]
        if len(above) > size:
            return above[size]
    return None


def total(account_id: int, query: Query) -> Total:
    """The count, exact to 10,000; of a question that is read row by row, what one scan finds."""
    count, left = 0, SCAN_ROWS
    since = horizon(account_id)
    for window in _windows(query, None):
        for rows in _led(_rows(account_id, window, since), query):
            if query.is_bounded:
                rows, read, _ = _bounded(rows, left)
                left -= read
            count += query.narrow(rows).order_by("-id").values("pk")[: COUNT_TO + 1 - count].count()
            if count > COUNT_TO or left <= 0:
                return Total(min(count, COUNT_TO), capped=True)
    return Total(count, capped=False)


def newest_values(
    account_id: int, query: Query, most: int
) -> list[tuple[uuid.UUID, str, datetime | None, datetime | None]]:
    """(id, status, finished at, send at) of the newest `most` rows, for figures."""
    rows: list[tuple[uuid.UUID, str, datetime | None, datetime | None]] = []
    since = horizon(account_id)
    for window in _windows(query, None):
        found = query.narrow(_rows(account_id, window, since)).order_by("-id")
        rows += found.values_list("pk", "status", "finished_at", "send_at")[: most - len(rows)]
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
        for rows in _led(newer, query):
            led = _bounded(rows, SCAN_ROWS)[0] if query.is_bounded else rows
            count += query.narrow(led).order_by("-id").values("pk")[: most - count].count()
            if count >= most:
                return count
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


def _led(rows: QuerySet[Message], query: Query) -> list[QuerySet[Message]]:
    """The rows that the question's index gives, one set for each alternative."""
    return [lowered(rows).filter(lead) for lead in query.leads()]


def _newest_of(
    rows: QuerySet[Message], query: Query, most: int, left: int
) -> tuple[list[Message], int, uuid.UUID | None]:
    """The newest `most` of `rows` that answer, how many were read for it, and where the reading ended before its end.

    Each alternative is asked by itself, in the order of its own index: asked together they would have to be sorted,
    or all rows of the account be read for the few that are among them."""
    found: list[Message] = []
    all_read, ends = 0, []
    led = _led(rows, query)
    for some in led:
        if query.is_bounded:
            some, read, reached = _bounded(some, max(left // len(led), 1))
            all_read += read
            ends += [reached] if reached is not None else []
        found += query.narrow(some).order_by("-id")[:most]
    if len(led) > 1:
        found.sort(key=lambda one: one.pk, reverse=True)
    end = max(ends, default=None)
    # What one alternative gave beyond the end of another would come before rows that were not read yet.
    return [one for one in found if end is None or one.pk >= end][:most], all_read, end


def _bounded(rows: QuerySet[Message], most: int, order: str = "-id") -> tuple[QuerySet[Message], int, uuid.UUID | None]:
    """`rows` cut to the first `most` in this order, how many these are, and the last of them if there may be more."""
    ids = rows.order_by(order).values_list("pk", flat=True)
    count = ids[:most].count()
    if count < most:
        return rows, count, None
    last = ids[most - 1]
    return rows.filter(pk__gte=last) if order == "-id" else rows.filter(pk__lte=last), count, last
