"""A plan is paid in a real browser: button, Stripe's page with a test card, back, and the limit is lifted."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from billing import subscriptions
from billing.tests.stripe_world import DECLINED, GOOD, stripe_at_hand
from mailtrap_site.fake_stripe.server import FakeStripe
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.world import World

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]

ASK = """([path, plan]) => {
  const form = document.querySelector("form[action$='/plan/portal/']");
  const field = document.createElement("input");
  field.name = "plan"; field.value = plan;
  form.append(field); form.action = path; form.requestSubmit();
}"""
"""Sends the form of the portal elsewhere; it stands on the page and carries the token."""


@pytest.fixture
def world(transactional_db: None) -> World:
    from mailtrap_site.testing.world import make_world

    return make_world()


@pytest.fixture
def fake(world: World, settings: Any, live_server: LiveServer) -> Iterator[FakeStripe]:
    settings.SITE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    with stripe_at_hand(settings) as fake:
        yield fake


def test_from_the_button_to_the_lifted_limit(world: World, live_server: LiveServer, fake: FakeStripe):
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(f"{live_server.url}/a/{world.account.pk}/invoices/")
        page.evaluate(ASK, [f"/a/{world.account.pk}/plan/checkout/", "basic_10k"])
        page.wait_for_url(f"{fake.address}/pages/checkout/*")
        assert flaws(page) == []
        page.get_by_label("Card number").fill(DECLINED)
        page.get_by_role("button", name="Subscribe").click()
        page.get_by_role("alert").wait_for()
        page.get_by_label("Card number").fill(GOOD)
        page.get_by_role("button", name="Subscribe").click()
        page.wait_for_url(f"{live_server.url}/**")
        page.goto(f"{live_server.url}/a/{world.account.pk}/invoices/")
        words = page.locator("table").inner_text()
        assert flaws(page) == []
    assert "$15.00" in words
    assert subscriptions.subscription_of(world.account).plan_code == "basic_10k"
