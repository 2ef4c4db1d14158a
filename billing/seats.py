"""How many people an account may have."""

from django.db import transaction

from accounts.models import Account, Membership
from billing.terms import terms_of


class NoSeatLeft(Exception):
    """All seats of the plan are taken. `limit` is how many there are."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"all {limit} seats are taken")
        self.limit = limit


def seats_left(account: Account) -> int | None:
    """How many more members the plan has room for; never below zero, and None where there is no limit."""
    limit = None if account.is_platform else terms_of(account).users
    return None if limit is None else max(limit - Membership.objects.filter(account=account).count(), 0)


def take_seat(account: Account) -> None:
    """Makes sure of a seat until the caller's transaction, which adds the member, ends. Raises NoSeatLeft.

    One member is added after the other, so that two who take the last seat do not both get it.
    """
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if seats_left(account) == 0:
            raise NoSeatLeft(terms_of(account).users or 0)
