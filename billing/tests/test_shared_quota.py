"""What sub-accounts send is taken from their own cap and from the organisation's month and day, both or neither."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import Account
from billing import metering, subscriptions
from billing.fitting import Limit
from billing.metering import Returned, give_back, look
from billing.models import UsageAlert, UsageDay, UsagePeriod
from billing.plans import PLANS
from billing.terms import read_terms, terms_of
from billing.tests.senders import (
    LIMIT,
    NOW,
    SIGNED_UP,
    another_connection,
    ask,
    demand,
    fifty_at_once,
    grant,
    make_account,
    raw_cursor,
    reserved,
    used_by,
)


def make_organization(used: int = 0, **terms: int | None) -> Account:
    return make_account("Acme", used, **{"emails_per_day": None} | terms)


def make_sub(organization: Account, name: str = "Shop", cap: int | None = None) -> Account:
    return Account.objects.create(
        name=name, created_at=SIGNED_UP + timedelta(days=3), organization=organization, monthly_cap=cap
    )


def shown(*accounts: Account) -> list[int]:
    return [used_by(account) for account in accounts]


@pytest.mark.django_db
def test_both_meters_move_or_neither_and_days_are_counted_for_the_sender() -> None:
    organization = make_organization(used=LIMIT - 5)
    capped, free = make_sub(organization, cap=3), make_sub(organization)
    answers = ask(demand(capped, 4), demand(capped, 3), demand(free, 3), demand(organization, 2), demand(free, 1))
    assert answers == [Limit.MONTH, None, Limit.MONTH, None, Limit.MONTH]
    assert shown(organization, capped, free) == [LIMIT, 3, 0]
    assert dict(UsageDay.objects.values_list("account", "used")) == {capped.pk: 3, organization.pk: 2}
    own = UsagePeriod.objects.get(account=capped)
    assert (own.organization, own.starts_at) == (organization, UsagePeriod.objects.get(account=organization).starts_at)


@pytest.mark.django_db
def test_what_is_paid_above_the_limit_is_open_to_sub_accounts_and_a_cap_is_not() -> None:
    organization = make_organization()
    subscriptions.put_on(organization, PLANS.newest("basic_10k"), subscriptions.By(), NOW, stripe_id="sub_1")
    subscriptions.agree_overage(organization, 2, subscriptions.By())
    free, capped = make_sub(organization), make_sub(organization, cap=1)
    assert ask(demand(free, 10_000), demand(capped, 2), demand(capped), demand(free), demand(free)) == [
        None,
        Limit.MONTH,
        None,
        None,
        Limit.MONTH,
    ]
    assert shown(organization, free, capped) == [10_002, 10_001, 1]


@pytest.mark.django_db
def test_the_day_is_shared_and_an_hour_is_not() -> None:
    organization = make_organization(emails_per_day=10, emails_per_hour=3)
    one, other = make_sub(organization, "One"), make_sub(organization, "Other")
    for account in (one, other):
        grant(account, "emails_per_hour", 3)
    found = reserved(demand(one, 4), demand(other, 3), demand(organization, 3), demand(one, 1))
    assert found.refusals == [None, None, None, Limit.DAY]
    assert list(found.waits) == [0]
    assert ask(demand(other)) == [Limit.DAY]
    assert ask(demand(other, 10), now=NOW + timedelta(days=1)) == [None]


@pytest.mark.django_db
def test_what_is_given_back_makes_room_on_both() -> None:
    organization = make_organization(used=LIMIT - 3)
    sub = make_sub(organization, cap=3)
    assert ask(demand(sub, 3)) == [None]
    give_back(raw_cursor(), [Returned(sub.pk, NOW, "acme.test", "transactional", 0)] * 2)
    assert shown(organization, sub) == [LIMIT - 2, 1]
    assert set(UsagePeriod.objects.values_list("given_back", flat=True)) == {2}
    assert (UsageDay.objects.get().used, UsageDay.objects.get().given_back) == (1, 2)
    assert ask(demand(sub, 3), demand(sub, 2)) == [Limit.MONTH, None]


@pytest.mark.django_db
def test_a_look_tells_the_lesser_of_cap_and_pool() -> None:
    organization = make_organization(used=LIMIT - 5)
    capped, free = make_sub(organization, cap=3), make_sub(organization)
    cursor = raw_cursor()
    left = look(cursor, read_terms(cursor, [capped.pk, free.pk], NOW), NOW)
    assert left == {organization.pk: 5, capped.pk: 3, free.pk: 5}


@pytest.mark.django_db
def test_alerts_are_about_the_whole_and_about_caps() -> None:
    organization = make_organization(used=LIMIT - 2)
    ask(demand(make_sub(organization), 1), demand(sub := make_sub(organization, cap=1)))
    found = UsageAlert.objects.filter(told_at=None).values_list("account", "limit", "threshold")
    assert set(found) == {(organization.pk, LIMIT, 100), (sub.pk, 1, 100)}


@pytest.mark.django_db
def test_a_first_paid_plan_begins_a_period_of_all() -> None:
    organization = make_organization()
    sub = make_sub(organization)
    assert ask(demand(sub, LIMIT)) == [None]
    later = NOW + timedelta(hours=1)
    subscriptions.put_on(organization, PLANS.newest("basic_10k"), subscriptions.By(), later, stripe_id="sub_1")
    assert ask(demand(sub, 7), now=later) == [None]
    of_all = UsagePeriod.objects.order_by("account", "starts_at").values_list("used", flat=True)
    assert list(of_all) == [LIMIT, 7, LIMIT, 7]
    assert UsagePeriod.objects.filter(ends_at=later).count() == 2


@pytest.mark.django_db
def test_the_terms_of_a_sub_account_are_the_same_in_both_ways_to_ask() -> None:
    organization = make_organization()
    capped, free, alone = make_sub(organization, cap=9), make_sub(organization), make_account("Alone")
    grant(capped, "users", 7)
    grant(organization, "log_days", 40)
    asked = [organization, capped, free, alone]
    for plan in (None, "business_100k"):
        if plan:
            subscriptions.put_on(organization, PLANS.newest(plan), subscriptions.By(), NOW, stripe_id="")
        found = read_terms(raw_cursor(), [capped.pk, free.pk, alone.pk], NOW)
        assert found == {one.pk: terms_of(one, NOW) for one in asked}
    its = found[capped.pk]
    assert (its.plan.code, its.anchor, its.organization_id) == ("business_100k", NOW, organization.pk)
    assert (its.emails_per_month, its.overage_cap, its.sub_accounts, its.users, its.log_days) == (9, 0, 0, 7, 15)
    assert found[free.pk].hard_limit is None
    assert (found[organization.pk].sub_accounts, found[organization.pk].log_days) == (10, 40)


@pytest.mark.django_db
def test_what_a_deleted_sub_account_sent_stays_used() -> None:
    organization = make_organization()
    sub = make_sub(organization)
    ask(demand(sub, 5), demand(organization, 2))
    metering.keep_of_deleted(sub)
    metering.keep_of_deleted(sub)
    sub.delete()
    assert UsagePeriod.objects.values_list("used", "of_deleted").get() == (7, 5)


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_never_pass_cap_or_pool() -> None:
    organization = make_organization(used=LIMIT - 11)
    accounts = [organization, make_sub(organization, cap=4), make_sub(organization)]
    answers = fifty_at_once(lambda number: demand(accounts[number % 3]))
    pool, capped, free = shown(*accounts)
    assert (pool, answers.count(None)) == (LIMIT, 11)
    assert capped <= 4
    assert UsageDay.objects.filter(account=organization).get().used + capped + free == 11


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_never_pass_the_day_that_they_share() -> None:
    organization = make_organization(emails_per_day=10)
    accounts = [organization, make_sub(organization), make_sub(organization)]
    answers = fifty_at_once(lambda number: demand(accounts[number % 3]))
    assert answers.count(None) == used_by(organization) == 10


@pytest.mark.django_db(transaction=True)
def test_mixed_batches_in_any_order_do_not_deadlock() -> None:
    """With demands above a cap or limit, which its meter cannot take at once, and with some given back in between."""
    alone = [make_account(name, emails_per_day=None, emails_per_month=25) for name in ("One", "Two", "Three")]
    organization = make_organization(emails_per_month=10**6)
    subs = [make_sub(organization, str(number), cap=20 if number % 2 else None) for number in range(6)]
    together = Barrier(4)

    def send(sender: int) -> int:
        wanted = [*alone, *subs, organization]
        accepted = 0
        with another_connection() as other:
            together.wait(30)
            for turn in range(20):
                demands = [
                    demand(one, 30 if (turn + number + sender) % 3 == 0 else 1) for number, one in enumerate(wanted)
                ]
                asked = demands if sender % 2 else demands[::-1]
                answers = ask(*asked, cursor=other.cursor())
                accepted += answers.count(None)
                other.commit()
                if answers[asked.index(demands[len(alone) + sender])] is None:
                    give_back(other.cursor(), [Returned(subs[sender].pk, NOW, "acme.test", "transactional", 0)])
                    other.commit()
        return accepted

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(send, range(4)))
    assert all(used_by(one) <= 20 for one in subs if one.monthly_cap)
    assert used_by(organization) == sum(UsageDay.objects.exclude(account__in=alone).values_list("used", flat=True))


class PoolAndCaps(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), max_size=6), max_size=8),
        st.lists(st.none() | st.integers(0, 20), min_size=3, max_size=3),
    )
    def test_whatever_is_asked_a_plain_model_answers_alike(
        self, batches: list[list[tuple[int, int]]], caps: list[int | None]
    ) -> None:
        organization = make_organization(emails_per_month=40, emails_per_day=30)
        accounts = [organization, *(make_sub(organization, str(cap), cap) for cap in caps)]
        limits = [None, *caps]
        used, whole = [0] * 4, 0
        for batch in batches:
            expected: list[Limit | None] = []
            for number, wanted in batch:
                limit = limits[number]
                if (limit is not None and used[number] + wanted > limit) or whole + wanted > 40:
                    expected.append(Limit.MONTH)
                elif whole + wanted > 30:
                    expected.append(Limit.DAY)
                else:
                    expected.append(None)
                    used[number], whole = used[number] + wanted, whole + wanted
            assert ask(*(demand(accounts[number], wanted) for number, wanted in batch)) == expected
        assert shown(*accounts) == [whole, *used[1:]]
