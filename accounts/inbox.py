"""One person's notifications: found, marked as read, put away and taken back."""

from collections.abc import Collection
from enum import StrEnum

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Notification, User

PAGE = 30


class Shelf(StrEnum):
    """Which of them a page shows."""

    UNREAD = "unread"
    ALL = "all"
    ARCHIVE = "archive"


def on_shelf(
    user: User, shelf: Shelf, *, level: str = "", account_id: int | None = None, below: int | None = None
) -> tuple[list[Notification], int | None]:
    """A page of them, newest first, and the key of the next; `account_id` 0 is for news about the person."""
    found = Notification.objects.filter(user=user, archived_at__isnull=shelf is not Shelf.ARCHIVE)
    if shelf is Shelf.UNREAD:
        found = found.filter(read_at=None)
    if level:
        found = found.filter(level=level)
    if account_id is not None:
        found = found.filter(account=account_id or None)
    if below is not None:
        found = found.filter(pk__lt=below)
    rows = list(found.select_related("account").order_by("-pk")[: PAGE + 1])
    return rows[:PAGE], rows[PAGE - 1].pk if len(rows) > PAGE else None


def mark_read(user: User, ids: Collection[int] | None = None) -> int:
    """Marks these as read, or all; how many were not."""
    return _of(user, ids).filter(read_at=None).update(read_at=timezone.now())


def archive(user: User, ids: Collection[int]) -> int:
    """Puts these away, read; how many were not put away yet."""
    mark_read(user, ids)
    return _of(user, ids).filter(archived_at=None).update(archived_at=timezone.now())


def take_back(user: User, ids: Collection[int]) -> int:
    """Takes these out of the archive; how many lay there."""
    return _of(user, ids).exclude(archived_at=None).update(archived_at=None)


def _of(user: User, ids: Collection[int] | None) -> QuerySet[Notification]:
    own = Notification.objects.filter(user=user)
    return own if ids is None else own.filter(pk__in=ids)
