"""How many people an account may have: members, and who is invited. `billing` above tells what the plan allows."""

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from accounts.models import Account

Limit = Callable[[Account], int | None]


class NoSeatLeft(Exception):
    """All seats of the plan are taken. `limit` is how many there are."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"all {limit} seats are taken")
        self.limit = limit


def limit_seats_by(limit: Limit) -> None:
    """From now on `limit` says how many people an account may have; None is no limit."""
    global _limit
    _limit = limit


def seats_of(account: Account) -> tuple[int, int | None]:
    """How many seats are taken, and how many there are (None for no limit)."""
    return _taken(account), _limit(account)


def seats_left(account: Account) -> int | None:
    """How many more people there is room for; never below zero, and None where there is no limit."""
    limit = _limit(account)
    return None if limit is None else max(limit - _taken(account), 0)


def take_seat(account: Account) -> None:
    """Makes sure of a seat until the caller's transaction, which adds the member or invites, ends. Raises NoSeatLeft.

    One person is added after the other, so that two who take the last seat do not both get it.
    """
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if seats_left(account) == 0:
            raise NoSeatLeft(_limit(account) or 0)


def _taken(account: Account) -> int:
    return account.memberships.count() + account.invitations.filter(expires_at__gt=timezone.now()).count()


def _no_limit(account: Account) -> int | None:
    return None


_limit: Limit = _no_limit
