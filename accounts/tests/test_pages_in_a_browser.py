"""The pages of accounts in a real browser: axe finds nothing, nothing scrolls sideways, and a token is made by hand."""

import re

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.world import World

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    from mailtrap_site.testing.world import make_world

    return make_world()


@pytest.mark.parametrize("name", ["tokens", "token_reset", "token_delete", "profile"])
def test_axe_finds_nothing_in_either_theme_and_width(world: World, live_server: LiveServer, name: str):
    arguments = {
        "tokens": [world.account.pk],
        "token_reset": [world.account.pk, world.token.pk],
        "token_delete": [world.account.pk, world.token.pk],
        "profile": [],
    }
    where = live_server.url + reverse(f"accounts:{name}", args=arguments[name])
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(where)
        assert flaws(page) == []


def test_a_token_is_added_and_deleted_by_hand(world: World, live_server: LiveServer):
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + reverse("accounts:tokens", args=[world.account.pk]))
        page.get_by_label("Name of the token").fill("Shop")
        page.get_by_role("button", name="Add the token").click()
        secret = page.locator(".secret code").inner_text()
        assert re.fullmatch(r"[0-9a-f]{32}", secret)
        assert flaws(page) == []
        page.get_by_role("link", name="Delete “Shop”…").click()
        page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
        assert not page.get_by_role("dialog").is_visible()
        page.get_by_role("link", name="Delete “Shop”…").click()
        assert flaws(page) == []
        page.get_by_role("dialog").get_by_role("button", name="Delete “Shop”").click()
        page.wait_for_selector(".toast")
        names = page.locator("tbody th").all_inner_texts()
    assert names == ["Test"]
