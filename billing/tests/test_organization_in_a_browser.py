"""The organisation's page and what sub-accounts show in a real browser: axe finds nothing, nothing scrolls sideways."""

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account
from accounts.people import By
from billing import organization, subscriptions
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
    if used:
        ask(demand(account, used), now=timezone.now())
    return account


def test_an_organisation_and_its_sub_accounts(live_server: LiveServer, world: World) -> None:
    now = timezone.now()
    subscriptions.put_on(world.account, PLANS.newest("business_100k"), subscriptions.By(), now, stripe_id="")
    shop = add(world, "Harbour Shop", 20_000, 18_214)
    add(world, "Newsletter of a very long and winding brand", None, 41_300)
    add(world, "Lab", 0, used=0)
    ask(demand(world.account, 5_120), now=now)
    acme, others = world.account.pk, world.stranger_account.pk
    paths = [
        reverse("billing:organization", args=[acme]),
        reverse("billing:usage", args=[acme]),
        reverse("billing:sub_account_independence", args=[acme, shop.pk]),
        reverse("accounts:closing", args=[acme]),
        reverse("billing:usage", args=[shop.pk]),
        reverse("billing:plan", args=[shop.pk]),
    ]
    alice, charlie = session_of(world.alice), session_of(world.charlie)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, alice)
        for path in paths:
            page.goto(live_server.url + path)
            assert flaws(page) == []
        page = open_page(browser)
        sign_in(page, live_server.url, charlie)
        page.goto(live_server.url + reverse("billing:organization", args=[others]))
        assert flaws(page) == []
