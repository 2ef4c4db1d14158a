"""One notice on an account's pages, the most pressing first, and none where the page says it anyway."""

import doctest
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, User
from billing import account_notice
from billing.models import QuotaOverride, Subscription, UsagePeriod
from billing.periods import period_of
from billing.plans import FREE, PLANS
from mailtrap_site.testing.world import World


def page(user: User, world: World, name: str = "accounts:tokens") -> str:
    """With the no-break spaces made plain."""
    client = Client()
    client.force_login(user)
    answer = client.get(reverse(name, args=[world.account.pk]))
    assert answer.status_code == 200
    return answer.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def use(world: World, percent: int) -> None:
    period = period_of(world.account.created_at, timezone.now())
    UsagePeriod.objects.create(
        account=world.account,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        used=FREE.emails_per_month * percent // 100,
        message_limit=FREE.emails_per_month,
    )


def suspend(world: World, reason: str = "Complaints <b>rise</b>.") -> None:
    Account.objects.filter(pk=world.account.pk).update(state=Account.State.SUSPENDED, suspension_reason=reason)


def fail_payment(world: World, days: int = 3, **others: int) -> None:
    # Periods go on as they were.
    plan = PLANS.newest("basic_10k")
    Subscription.objects.create(
        account=world.account,
        plan_code=plan.code,
        plan_generation=plan.generation,
        anchor=world.account.created_at,
        grace_until=timezone.now() + timedelta(days=days),
        **others,
    )


def test_the_examples_of_the_order_hold():
    results = doctest.testmod(account_notice)
    assert (results.failed, results.attempted > 5) == (0, True)


def test_below_80_percent_there_is_none(world: World):
    use(world, 79)
    assert 'class="notice"' not in page(world.alice, world)


@pytest.mark.parametrize("percent", [80, 90])
def test_near_the_limit_it_says_when_it_is_full(world: World, percent: int):
    use(world, percent)
    text = page(world.vera, world)
    assert f"<strong>{percent} % of this month’s emails are used</strong>" in text
    assert 'data-tone="warn"' in text
    assert f'href="/a/{world.account.pk}/usage/">See the usage</a>' in text
    assert f'href="/a/{world.account.pk}/plan/">Compare plans</a>' in page(world.alice, world)


def test_at_the_limit_mail_is_refused(world: World):
    use(world, 100)
    text = page(world.vera, world)
    assert "<strong>All of this month’s emails are used</strong><p>Mail is refused until" in text
    assert text.count('class="notice"') == 1


def test_a_limit_above_which_mail_is_paid_for_refuses_nothing(world: World):
    QuotaOverride.objects.create(account=world.account, term="overage_cap", value=500, reason="A test.")
    use(world, 105)
    text = page(world.alice, world)
    assert "200 of up to 500 more are sent and paid for" in text
    assert "Mail is refused" not in text


def test_a_failed_payment_comes_before_the_meter(world: World):
    fail_payment(world)
    use(world, 100)
    text = page(world.alice, world)
    assert "<strong>A payment failed</strong><p>Sending goes on until" in text
    assert f'href="/a/{world.account.pk}/invoices/">See the invoices</a>' in text
    assert text.count('class="notice"') == 1


def test_where_it_is_mended_it_has_no_button(world: World):
    fail_payment(world)
    text = page(world.alice, world, "billing:invoices")
    assert "A payment failed" in text
    assert "notice-action" not in text


def test_a_suspension_comes_before_all_else_and_says_why_without_a_button(world: World):
    suspend(world)
    fail_payment(world)
    text = page(world.vera, world)
    assert "<strong>This account is suspended</strong><p>Complaints &lt;b&gt;rise&lt;/b&gt;.</p>" in text
    assert text.count('class="notice"') == 1
    assert "notice-action" not in text


@pytest.mark.parametrize("name", ["billing:usage", "sending:overview"])
def test_where_the_meter_stands_there_is_none_of_it(world: World, name: str):
    use(world, 90)
    assert 'class="notice"' not in page(world.alice, world, name)


def test_a_failed_payment_is_said_there_all_the_same(world: World):
    fail_payment(world)
    assert "A payment failed" in page(world.alice, world, "sending:overview")


def test_the_platforms_own_account_has_none(world: World):
    suspend(world)
    Account.objects.filter(pk=world.account.pk).update(is_platform=True)
    assert 'class="notice"' not in page(world.alice, world)


def test_a_page_with_a_notice_of_its_own_has_no_second(world: World):
    use(world, 90)
    world.domain.dns_records.all().delete()
    world.domain.delete()
    text = page(world.alice, world, "sending:integration")
    assert "No sending domain is verified yet" in text
    assert text.count('class="notice"') == 1


def test_the_notice_costs_one_statement_beside_the_meter_of_the_side(world: World):
    client = Client()
    client.force_login(world.alice)
    where = reverse("accounts:tokens", args=[world.account.pk])
    client.get(where)
    use(world, 90)
    with CaptureQueriesContext(connection) as asked:
        client.get(where)
    of_plans = [one["sql"] for one in asked if "billing_" in one["sql"]]
    assert len(of_plans) == 4
