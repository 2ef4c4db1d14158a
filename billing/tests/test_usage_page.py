"""The usage page: what is used, when it runs out, who sent, and the periods before."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from billing.models import QuotaOverride, UsageDay, UsagePeriod
from billing.periods import period_of
from billing.quota import judge
from billing.usage_figures import daily_chart
from mailtrap_site.testing.world import World


def page(user: User, world: World) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(reverse("billing:usage", args=[world.account.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def meter(world: World, used: int) -> UsagePeriod:
    period = period_of(world.account.created_at, timezone.now())
    return UsagePeriod.objects.create(
        account=world.account, starts_at=period.starts_at, ends_at=period.ends_at, used=used, message_limit=4000
    )


def test_the_heading_says_how_much_of_the_limit_is_used(world: World):
    meter(world, 3214)
    assert "3,214 of 4,000 emails used since" in page(world.vera, world)


def test_a_full_meter_says_that_mail_is_refused(world: World):
    meter(world, 4000)
    assert "Nothing is left: mail is refused until" in page(world.vera, world)


def test_the_limit_is_the_one_in_force(world: World):
    QuotaOverride.objects.create(account=world.account, term="emails_per_month", value=9000, reason="A test.")
    meter(world, 4000)
    assert "4,000 of 9,000 emails used" in page(world.vera, world)


def test_mail_is_shown_by_who_sent_it_and_a_deleted_token_says_so(world: World):
    row = meter(world, 12)
    for token, used in ((world.token.pk, 8), (987654, 3), (0, 1)):
        UsageDay.objects.create(
            account=world.account,
            period=row,
            day=timezone.now().date(),
            domain="example.test",
            stream="transactional",
            token_id=token,
            used=used,
        )
    text = page(world.vera, world)
    assert '<th scope="row" class="domain">example.test</th><td class="number">12</td>' in text
    assert '<th scope="row" class="domain">Test</th><td class="number">8</td>' in text
    assert '<th scope="row" class="domain">Transactional</th>' in text
    assert "A deleted token (no. 987654)" in text
    assert "Sent from these pages" in text


def test_the_side_leaves_its_small_meter_out_here(world: World):
    meter(world, 100)
    assert 'class="side-usage"' not in page(world.vera, world)


@pytest.mark.parametrize("days", [3])
def test_days_that_have_not_come_are_neither_drawn_nor_counted(world: World, days: int):
    now = timezone.now()
    period = period_of(now - timedelta(days=days), now)
    drawn = daily_chart(judge(900, 1000, period, now), {}, now)
    assert len(drawn.counted) == days + 1
    assert len(drawn.bars) > 28
    assert "full on" in drawn.svg
    assert "a day lasts the period" in drawn.svg
