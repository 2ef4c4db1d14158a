"""Usage, plan and prices in a real browser: axe finds nothing in either theme and width, nothing scrolls sideways."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from billing import requests, subscriptions
from billing.models import UsageDay, UsagePeriod
from billing.periods import period_of
from billing.plans import PLANS
from billing.subscriptions import By
from billing.terms import terms_of
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.world import World, make_world

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def on_basic(world: World) -> None:
    """Paid, with much used, a smaller plan agreed and a payment that failed."""
    now = timezone.now()
    begun = now - timedelta(days=22)
    subscriptions.put_on(world.account, PLANS.newest("basic_10k"), By(name="Stripe"), begun, stripe_id="sub_1")
    subscriptions.know_customer(world.account, "cus_1")
    period = period_of(terms_of(world.account).anchor, now)
    meter, _new = UsagePeriod.objects.update_or_create(
        account=world.account,
        starts_at=period.starts_at,
        defaults={"ends_at": period.ends_at, "used": 8_214, "message_limit": 10_000},
    )
    for number in range(22):
        UsageDay.objects.create(
            account=world.account,
            period=meter,
            day=(begun + timedelta(days=number)).date(),
            domain=world.domain.name,
            stream="bulk" if number % 7 == 0 else "transactional",
            token_id=world.token.pk,
            used=100 + number * 26,
        )


def states(world: World, settings: Any, state: str) -> None:
    if state != "unpaid" and state != "asked":
        settings.STRIPE_SECRET_KEY = "sk_test_x"
    if state in ("basic", "planned", "usage", "up", "down"):
        on_basic(world)
    if state == "planned":
        now = timezone.now()
        by = By(name="Stripe")
        subscriptions.agree_later(world.account, PLANS.free, by, period_of(terms_of(world.account).anchor, now).ends_at)
        subscriptions.set_grace(world.account, now + timedelta(days=7), by)
    if state == "asked":
        requests.ask_for_plan(world.account, PLANS.newest("basic_50k"), "Newsletters.", world.alice)


@pytest.mark.parametrize("state", ["free", "basic", "planned", "unpaid", "asked", "prices", "usage", "up", "down"])
def test_axe_finds_nothing(world: World, live_server: LiveServer, settings: Any, state: str) -> None:
    states(world, settings, state)
    session = session_of(world.alice)
    change = reverse("billing:change", args=[world.account.pk])
    pages = {
        "prices": reverse("billing:pricing"),
        "usage": reverse("billing:usage", args=[world.account.pk]),
        "up": f"{change}?plan=basic_50k",
        "down": f"{change}?plan=free",
    }
    address = pages.get(state) or reverse("billing:plan", args=[world.account.pk])
    with chromium() as browser:
        page = open_page(browser)
        if state != "prices":
            sign_in(page, live_server.url, session)
        page.goto(live_server.url + address)
        for fold in page.locator("main details > summary").all()[:2]:
            fold.click()
        assert flaws(page) == []


def test_overage_is_saved_by_hand(world: World, live_server: LiveServer) -> None:
    subscriptions.put_on(world.account, PLANS.newest("basic_10k"), By(), timezone.now(), stripe_id="sub_1")
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + reverse("billing:plan", args=[world.account.pk]))
        page.get_by_label("Emails above the limit").fill("2500")
        page.get_by_role("button", name="Save").click()
        page.wait_for_selector(".toast")
        assert page.get_by_text("Up to 2,500 emails above the limit are sent").is_visible()


def test_the_days_of_a_period_are_downloaded(world: World, live_server: LiveServer) -> None:
    on_basic(world)
    session = session_of(world.vera)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + reverse("billing:usage", args=[world.account.pk]))
        with page.expect_download() as begun:
            page.get_by_role("link", name="Download CSV").click()
        lines = begun.value.path().read_text().splitlines()
        name = begun.value.suggested_filename
    assert name.startswith(f"usage-{world.account.pk}-20")
    assert lines[0] == "day,domain,stream,token_id,token,emails"
    assert sum(int(line.rpartition(",")[2]) for line in lines[1:]) == sum(100 + number * 26 for number in range(22))
