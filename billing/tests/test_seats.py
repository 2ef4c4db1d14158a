"""A plan has so many seats, and the last one is taken once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from accounts.models import Membership
from accounts.seats import NoSeatLeft, seats_left, take_seat
from billing.tests.senders import grant, make_account
from mailtrap_site.testing.world import make_platform, make_user

pytestmark = pytest.mark.django_db


def test_members_take_the_seats_of_the_plan():
    account = make_account(users=2)
    make_user("alice@acme.test", account)
    assert seats_left(account) == 1
    take_seat(account)
    make_user("bob@acme.test", account)
    assert seats_left(account) == 0
    with pytest.raises(NoSeatLeft) as refused:
        take_seat(account)
    assert refused.value.limit == 2


def test_a_smaller_plan_keeps_its_members_and_takes_no_more():
    account = make_account(users=2)
    for name in ("alice", "bob"):
        make_user(f"{name}@acme.test", account)
    grant(account, "users", 1)
    assert seats_left(account) == 0


def test_without_a_limit_and_on_the_platform_there_is_always_a_seat():
    assert seats_left(make_account(users=None)) is None
    assert seats_left(make_platform()) is None


@pytest.mark.django_db(transaction=True)
def test_two_who_take_the_last_seat_do_not_both_get_it():
    account = make_account(users=1)
    users = [make_user(f"{number}@acme.test") for number in range(8)]
    together = Barrier(8)

    def join(number: int) -> bool:
        together.wait(30)
        try:
            with transaction.atomic():
                take_seat(account)
                Membership.objects.create(account=account, user=users[number], role="admin")
            return True
        except NoSeatLeft:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(join, range(8))).count(True) == 1
    assert account.memberships.count() == 1
