"""The notice in a real browser: axe finds nothing, and nothing scrolls sideways."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from billing.models import Subscription, UsagePeriod
from billing.periods import period_of
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.world import World, make_world

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.mark.parametrize("state", ["near", "payment_failed"])
def test_axe_finds_nothing_in_either_theme_and_width(world: World, live_server: LiveServer, state: str) -> None:
    period = period_of(world.account.created_at, timezone.now())
    UsagePeriod.objects.create(
        account=world.account, starts_at=period.starts_at, ends_at=period.ends_at, used=3_700, message_limit=4_000
    )
    if state == "payment_failed":
        Subscription.objects.create(
            account=world.account,
            plan_code="basic_10k",
            plan_generation=1,
            anchor=world.account.created_at,
            grace_until=timezone.now() + timedelta(days=3),
        )
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + reverse("accounts:tokens", args=[world.account.pk]))
        assert page.locator(".notice").count() == 1
        assert flaws(page) == []
