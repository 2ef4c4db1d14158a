"""Near a limit an alert is recorded, once a period, limit and threshold, in the transaction that reached it."""

from datetime import timedelta

import pytest

from billing import subscriptions
from billing.models import UsageAlert, UsagePeriod
from billing.plans import PLANS
from billing.quota import crossed
from billing.tests.senders import LIMIT, NOW, ask, demand, fifty_at_once, grant, make_account, reserved

OF = UsageAlert.Of


def recorded(told: bool | None = None) -> list[tuple[str, int, int]]:
    rows = UsageAlert.objects.order_by("id")
    if told is not None:
        rows = rows.filter(told_at__isnull=not told)
    return list(rows.values_list("of", "threshold", "limit"))


def nearly(left: int):
    return make_account(used=LIMIT * 8 // 10 - left, emails_per_day=None)


@pytest.mark.parametrize(
    ("before", "after", "limit", "reached"),
    [
        (799, 800, 1_000, (80,)),
        (800, 899, 1_000, ()),
        (0, 1_000, 1_000, (80, 90, 100)),
        (899, 1_200, 1_000, (90, 100)),
        (1_000, 1_001, 1_000, ()),
        (2, 3, 3, (80, 90, 100)),
        (0, 0, 0, ()),
        (-5, 8, 10, (80,)),
    ],
)
def test_thresholds_that_a_step_reaches(before: int, after: int, limit: int, reached: tuple[int, ...]):
    assert crossed(before, after, limit) == reached


@pytest.mark.django_db
def test_the_mail_that_reaches_a_threshold_records_it_and_the_next_does_not():
    account = nearly(2)
    assert not reserved(demand(account)).has_alerts
    assert reserved(demand(account)).has_alerts
    assert not reserved(demand(account)).has_alerts
    assert recorded() == [(OF.LIMIT, 80, LIMIT)]
    alert = UsageAlert.objects.get()
    assert (alert.used, alert.recorded_at, alert.told_at) == (LIMIT * 8 // 10, NOW, None)


@pytest.mark.django_db
def test_of_several_thresholds_at_once_the_highest_alone_is_to_be_told():
    account = nearly(1)
    ask(demand(account, LIMIT * 2 // 10 + 1))
    assert recorded(told=True) == [(OF.LIMIT, 80, LIMIT), (OF.LIMIT, 90, LIMIT)]
    assert recorded(told=False) == [(OF.LIMIT, 100, LIMIT)]


@pytest.mark.django_db
def test_refused_mail_reaches_nothing():
    account = nearly(1)
    ask(demand(account, LIMIT))
    assert recorded() == []


@pytest.mark.django_db
def test_the_same_threshold_is_reached_again_in_the_next_period():
    account = nearly(1)
    ask(demand(account))
    ask(demand(account, LIMIT * 8 // 10), now=NOW + timedelta(days=10))
    assert recorded() == [(OF.LIMIT, 80, LIMIT)] * 2


@pytest.mark.django_db
def test_what_was_cancelled_and_sent_anew_is_not_told_twice():
    account = nearly(1)
    ask(demand(account))
    UsagePeriod.objects.update(used=LIMIT * 8 // 10 - 1)
    ask(demand(account))
    assert len(recorded()) == 1


@pytest.mark.django_db
def test_a_raised_limit_makes_the_thresholds_anew():
    account = nearly(1)
    ask(demand(account))
    grant(account, "emails_per_month", 10_000)
    assert not reserved(demand(account)).has_alerts
    ask(demand(account, 4_799))
    assert recorded() == [(OF.LIMIT, 80, LIMIT), (OF.LIMIT, 80, 10_000)]


@pytest.mark.django_db
def test_a_limit_raised_to_less_than_is_needed_alerts_with_the_next_mail():
    account = make_account(used=LIMIT, emails_per_day=None)
    grant(account, "emails_per_month", LIMIT + 100)
    assert reserved(demand(account)).has_alerts
    assert recorded(told=False) == [(OF.LIMIT, 90, LIMIT + 100)]
    assert not reserved(demand(account)).has_alerts


@pytest.mark.django_db
def test_what_is_paid_above_the_limit_has_thresholds_of_its_own():
    account = make_account()
    subscriptions.put_on(account, PLANS.newest("basic_10k"), subscriptions.By(), NOW, stripe_id="sub_1")
    subscriptions.agree_overage(account, 1_000, subscriptions.By())
    ask(demand(account, 10_700))
    assert recorded(told=False) == [(OF.LIMIT, 100, 10_000)]
    ask(demand(account, 100))
    ask(demand(account, 200))
    assert recorded(told=False)[1:] == [(OF.OVERAGE, 80, 1_000), (OF.OVERAGE, 100, 1_000)]


@pytest.mark.django_db(transaction=True)
def test_fifty_senders_at_once_record_each_threshold_once():
    account = nearly(25)
    fifty_at_once(lambda _: demand(account, 10))
    assert recorded() == [(OF.LIMIT, 80, LIMIT), (OF.LIMIT, 90, LIMIT)]
