"""The meter holds the limit exactly, whoever else is sending at the same moment."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Barrier

import psycopg
import pytest
from django.db import connection

from accounts.models import Account
from billing.metering import Demand, Reservation, look, reserve, usage
from billing.models import UsagePeriod
from billing.periods import period_of
from billing.plans import FREE

LIMIT = FREE.emails_per_month
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SIGNED_UP = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def make_account(name: str = "Acme", used: int = 0) -> Account:
    account = Account.objects.create(name=name, created_at=SIGNED_UP)
    if used:
        period = period_of(SIGNED_UP, NOW)
        UsagePeriod.objects.create(
            account=account, starts_at=period.starts_at, ends_at=period.ends_at, used=used, message_limit=LIMIT
        )
    return account


def demand(account: Account, recipients: int = 1) -> Demand:
    return Demand(account.pk, recipients, account.created_at, not account.is_platform)


def used_by(account: Account) -> int:
    return sum(UsagePeriod.objects.filter(account=account).values_list("used", flat=True))


def ask(*demands: Demand, now: datetime = NOW) -> dict[int, Reservation]:
    return reserve(raw_cursor(), demands, now)


def raw_cursor() -> "psycopg.Cursor":
    connection.ensure_connection()
    return psycopg.Cursor(connection.connection)


@contextmanager
def another_connection() -> Iterator[psycopg.Connection]:
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        yield other


@pytest.mark.django_db
def test_a_demand_moves_the_meter_of_its_period():
    account = make_account()
    assert ask(demand(account, 8)) == {account.pk: Reservation(True, 8, LIMIT)}
    assert ask(demand(account, 3)) == {account.pk: Reservation(True, 11, LIMIT)}
    meter = UsagePeriod.objects.get()
    assert (meter.starts_at, meter.ends_at) == (
        datetime(2026, 10, 31, 12, tzinfo=UTC),
        datetime(2026, 11, 30, 12, tzinfo=UTC),
    )


@pytest.mark.django_db
def test_the_last_one_that_fits_is_taken_and_the_next_refused():
    account = make_account(used=LIMIT - 1)
    assert ask(demand(account)) == {account.pk: Reservation(True, LIMIT, LIMIT)}
    assert ask(demand(account)) == {account.pk: Reservation(False, LIMIT, LIMIT)}
    assert used_by(account) == LIMIT


@pytest.mark.django_db
def test_what_fits_only_in_part_is_refused_whole():
    account = make_account(used=LIMIT - 2)
    assert ask(demand(account, 2), demand(account, 1)) == {account.pk: Reservation(False, LIMIT - 2, LIMIT)}
    assert used_by(account) == LIMIT - 2


@pytest.mark.django_db
def test_more_than_a_whole_period_is_refused_on_an_empty_meter():
    account = make_account()
    assert ask(demand(account, LIMIT + 1)) == {account.pk: Reservation(False, 0, LIMIT)}
    assert used_by(account) == 0


@pytest.mark.django_db
def test_one_full_account_does_not_hold_back_the_others_of_the_batch():
    full, free = make_account("Full", used=LIMIT), make_account("Free")
    answers = ask(demand(free, 2), demand(full, 1))
    assert answers == {full.pk: Reservation(False, LIMIT, LIMIT), free.pk: Reservation(True, 2, LIMIT)}


@pytest.mark.django_db
def test_a_new_period_begins_with_an_empty_meter():
    account = make_account(used=LIMIT)
    next_month = datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert not ask(demand(account), now=next_month - timedelta(microseconds=1))[account.pk].accepted
    assert ask(demand(account), now=next_month) == {account.pk: Reservation(True, 1, LIMIT)}


@pytest.mark.django_db
def test_the_platform_is_not_metered():
    platform = Account.objects.create(name="Platform", is_platform=True)
    assert ask(demand(platform, LIMIT * 2)) == {platform.pk: Reservation(True, 0, None)}
    assert not UsagePeriod.objects.exists()
    assert usage(platform).limit is None


@pytest.mark.django_db
def test_looking_takes_nothing():
    account = make_account(used=LIMIT - 1)
    assert look(raw_cursor(), [demand(account, 1)], NOW) == {account.pk: Reservation(True, LIMIT - 1, LIMIT)}
    assert look(raw_cursor(), [demand(account, 2)], NOW) == {account.pk: Reservation(False, LIMIT - 1, LIMIT)}
    assert used_by(account) == LIMIT - 1


@pytest.mark.django_db
def test_usage_for_pages_is_the_meter_of_now(django_assert_num_queries: Callable):
    account = make_account(used=1000)
    with django_assert_num_queries(1):
        judged = usage(account, NOW)
    assert (judged.used, judged.limit, judged.remaining, judged.percent) == (1000, LIMIT, 3000, 25.0)
    assert usage(account, NOW + timedelta(days=30)).used == 0


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_acceptance_gives_its_recipients_back():
    account = make_account(used=LIMIT - 1)
    with another_connection() as other:
        assert reserve(other.cursor(), [demand(account)], NOW)[account.pk].accepted
        other.rollback()
    assert ask(demand(account))[account.pk].accepted


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("used", [LIMIT - 1, 0], ids=["at the limit less one", "with no meter yet"])
def test_fifty_senders_at_once_never_pass_the_limit(used: int):
    account = make_account(used=used)
    each = 1 if used else LIMIT - 1
    together = Barrier(50)

    def send(_: int) -> Reservation:
        with another_connection() as other:
            together.wait(30)
            return reserve(other.cursor(), [demand(account, each)], NOW)[account.pk]

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(send, range(50)))
    assert [one.accepted for one in answers].count(True) == 1
    assert {one.used for one in answers if not one.accepted} == {used_by(account)}
    assert used_by(account) == (LIMIT if used else LIMIT - 1)


@pytest.mark.django_db(transaction=True)
def test_batches_that_name_the_accounts_in_opposite_order_do_not_deadlock():
    accounts = [make_account(f"Account {number}") for number in range(20)]
    together = Barrier(4)

    def send(sender: int) -> None:
        demands = [demand(account) for account in (accounts if sender % 2 else reversed(accounts))]
        with another_connection() as other:
            together.wait(30)
            for _ in range(25):
                reserve(other.cursor(), demands, NOW)
                other.commit()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(send, range(4)))
    assert {used_by(account) for account in accounts} == {100}
