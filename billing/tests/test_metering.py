"""The meter holds the month's limit exactly, whoever else is sending at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from accounts.models import Account
from billing import subscriptions
from billing.fitting import Limit
from billing.metering import look, usage
from billing.models import UsageDay, UsagePeriod
from billing.periods import period_of
from billing.plans import PLANS
from billing.terms import read_terms
from billing.tests import senders
from billing.tests.senders import (
    LIMIT,
    NOW,
    SIGNED_UP,
    another_connection,
    ask,
    demand,
    fifty_at_once,
    raw_cursor,
    used_by,
)


def make_account(name: str = "Acme", used: int = 0, **terms: int | None) -> Account:
    return senders.make_account(name, used, **{"emails_per_day": None} | terms)


def left(account: Account) -> int | None:
    cursor = raw_cursor()
    return look(cursor, read_terms(cursor, [account.pk], NOW), NOW)[account.pk]


@pytest.mark.django_db
def test_a_demand_moves_the_meter_of_its_period():
    account = make_account()
    assert ask(demand(account, 8)) == [None]
    assert ask(demand(account, 3)) == [None]
    meter = UsagePeriod.objects.get()
    assert (meter.used, meter.starts_at, meter.ends_at) == (
        11,
        datetime(2026, 10, 31, 12, tzinfo=UTC),
        datetime(2026, 11, 30, 12, tzinfo=UTC),
    )


@pytest.mark.django_db
def test_the_last_one_that_fits_is_taken_and_the_next_refused():
    account = make_account(used=LIMIT - 1)
    assert [ask(demand(account)), ask(demand(account))] == [[None], [Limit.MONTH]]
    assert used_by(account) == LIMIT


@pytest.mark.django_db
def test_a_demand_that_fits_only_in_part_is_refused_whole_and_a_smaller_one_after_it_taken():
    account = make_account(used=LIMIT - 4)
    assert ask(demand(account, 3), demand(account, 2), demand(account, 1)) == [None, Limit.MONTH, None]
    assert used_by(account) == LIMIT
    assert sum(UsageDay.objects.values_list("used", flat=True)) == 4


@pytest.mark.django_db
def test_more_than_a_whole_period_is_refused_on_an_empty_meter():
    account = make_account()
    assert ask(demand(account, LIMIT + 1), demand(account, 2)) == [Limit.MONTH, None]
    assert used_by(account) == 2


@pytest.mark.django_db
def test_one_full_account_does_not_hold_back_the_others_of_the_batch():
    full, free = make_account("Full", used=LIMIT), make_account("Free")
    assert ask(demand(free, 2), demand(full, 1)) == [None, Limit.MONTH]
    assert (used_by(full), used_by(free)) == (LIMIT, 2)


@pytest.mark.django_db
def test_a_new_period_begins_with_an_empty_meter():
    account = make_account(used=LIMIT)
    next_month = datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert ask(demand(account), now=next_month - timedelta(microseconds=1)) == [Limit.MONTH]
    assert ask(demand(account), now=next_month) == [None]
    assert list(UsagePeriod.objects.order_by("starts_at").values_list("used", flat=True)) == [LIMIT, 1]


@pytest.mark.django_db
def test_the_platform_is_not_metered():
    platform = Account.objects.create(name="Platform", is_platform=True)
    assert ask(demand(platform, LIMIT * 2, metered=False)) == [None]
    assert not UsagePeriod.objects.exists()
    assert not UsageDay.objects.exists()
    assert usage(platform).limit is None


@pytest.mark.django_db
def test_without_a_limit_everything_fits_and_is_counted():
    account = make_account(used=LIMIT, emails_per_month=None)
    assert ask(demand(account, 10_000_000)) == [None]
    assert used_by(account) == LIMIT + 10_000_000
    assert left(account) is None


@pytest.mark.django_db
def test_looking_takes_nothing():
    account = make_account(used=LIMIT - 1)
    assert left(account) == 1
    assert used_by(account) == LIMIT - 1


@pytest.mark.django_db
def test_usage_for_pages_is_the_meter_of_now(django_assert_num_queries: Callable):
    account = make_account(used=1000)
    with django_assert_num_queries(3):
        judged = usage(account, NOW)
    assert (judged.used, judged.limit, judged.remaining, judged.percent) == (1000, LIMIT, 3000, 25.0)
    assert usage(account, NOW + timedelta(days=30)).used == 0


@pytest.mark.django_db
def test_a_larger_plan_counts_from_the_next_mail_on_in_a_period_of_its_own_and_overage_above_its_limit():
    account = make_account(used=LIMIT)
    plan = PLANS.newest("basic_10k")
    subscriptions.put_on(account, plan, subscriptions.By(), NOW, stripe_id="sub_1")
    subscriptions.agree_overage(account, 2, subscriptions.By())
    assert ask(demand(account, 10_000), demand(account, 3), demand(account, 2)) == [None, Limit.MONTH, None]
    assert dict(UsagePeriod.objects.values_list("starts_at", "used"))[NOW] == 10_002


@pytest.mark.django_db
def test_a_smaller_plan_counts_at_once_and_leaves_what_was_used():
    account = make_account(used=LIMIT - 10)
    senders.grant(account, "emails_per_month", 100)
    assert ask(demand(account)) == [Limit.MONTH]
    assert used_by(account) == LIMIT - 10


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_acceptance_gives_its_recipients_back():
    account = make_account(used=LIMIT - 1)
    with another_connection() as other:
        assert ask(demand(account), cursor=other.cursor()) == [None]
        other.rollback()
    assert ask(demand(account)) == [None]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("used", [LIMIT - 1, 0], ids=["at the limit less one", "with no meter yet"])
def test_fifty_senders_at_once_never_pass_the_limit(used: int):
    account = make_account(used=used)
    each = 1 if used else LIMIT - 1
    answers = fifty_at_once(lambda _: demand(account, each))
    assert answers.count(None) == 1
    assert used_by(account) == (LIMIT if used else LIMIT - 1)


@pytest.mark.django_db(transaction=True)
def test_fifty_senders_at_the_turn_of_the_period_fill_both_meters_and_no_more():
    account = make_account(used=LIMIT - 10)
    turn = datetime(2026, 11, 30, 12, tzinfo=UTC)
    UsagePeriod.objects.create(
        account=account,
        starts_at=turn,
        ends_at=period_of(SIGNED_UP, turn).ends_at,
        used=LIMIT - 5,
        message_limit=LIMIT,
    )
    answers = fifty_at_once(lambda _: demand(account), lambda number: turn + timedelta(microseconds=number % 2 - 1))
    assert answers.count(None) == 15
    assert set(UsagePeriod.objects.values_list("used", flat=True)) == {LIMIT}


@pytest.mark.django_db(transaction=True)
def test_batches_that_name_the_accounts_in_opposite_order_do_not_deadlock():
    accounts = [make_account(f"Account {number}") for number in range(20)]
    together = Barrier(4)

    def send(sender: int) -> None:
        demands = [demand(account) for account in (accounts if sender % 2 else reversed(accounts))]
        with another_connection() as other:
            together.wait(30)
            for _ in range(25):
                ask(*demands, cursor=other.cursor())
                other.commit()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(send, range(4)))
    assert {used_by(account) for account in accounts} == {100}
