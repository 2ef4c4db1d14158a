"""The organisation's page and what sub-accounts show in a real browser: axe finds nothing, nothing scrolls sideways."""

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account
from accounts.people import By
from billing import organization, subscriptions
from billing.models import UsagePeriod
from billing.plans import PLANS
from billing.tests.senders import ask, demand
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.world import World, make_world

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def add(world: World, name: str, cap: int | None, used: int) -> Account:
    account = organization.create(world.account, name, cap, world.alice, By())
    ask(demand(account, used), now=timezone.now())
    return account


def test_an_organisation_and_its_sub_accounts(live_server: LiveServer, world: World) -> None:
    business = PLANS.newest("business_100k")
    acme = world.account.pk
    shop = add_all(world, business.code)
    pages = [
        ("organization", reverse("billing:organization", args=[acme])),
        ("organization-usage", reverse("billing:usage", args=[acme])),
        ("independence", reverse("billing:sub_account_independence", args=[acme, shop.pk])),
        ("cannot-close", reverse("accounts:closing", args=[acme])),
        ("sub-account-usage", reverse("billing:usage", args=[shop.pk])),
        ("sub-account-plan", reverse("billing:plan", args=[shop.pk])),
        ("organization-without", reverse("billing:organization", args=[world.stranger_account.pk])),
    ]
    cookies = {False: session_of(world.alice), True: session_of(world.charlie)}
    with chromium() as browser:
        for name, path in pages:
            page = open_page(browser)
            sign_in(page, live_server.url, cookies[name == "organization-without"])
            assert flaws(page, live_server.url + path, name) == []


def add_all(world: World, plan_code: str) -> Account:
    now = timezone.now()
    subscriptions.put_on(world.account, PLANS.newest(plan_code), subscriptions.By(), now, stripe_id="")
    shop = add(world, "Harbour Shop", 20_000, 18_214)
    add(world, "Newsletter of the very long and winding brand", None, 41_300)
    add(world, "Lab", 0, 0)
    ask(demand(world.account, 5_120), now=now)
    assert UsagePeriod.objects.count() == 3
    return shop
