"""How many people an account may have by its plan, for `accounts.seats`."""

from accounts.models import Account
from billing.terms import terms_of


def seats_by_plan(account: Account) -> int | None:
    """The people that the terms in force allow; None for no limit."""
    return None if account.is_platform else terms_of(account).users
