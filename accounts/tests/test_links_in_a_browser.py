"""Where a letter's link leads nowhere, in a real browser: axe finds nothing, and nothing scrolls sideways."""

import pytest
from pytest_django.live_server_helper import LiveServer

from accounts.links import link_path
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.world import World, make_world

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.mark.parametrize("state", ["another", "unknown"])
def test_axe_finds_nothing_in_either_theme_and_width(world: World, live_server: LiveServer, state: str) -> None:
    session = session_of(world.charlie)
    where = link_path(world.alice, "/a/1/") if state == "another" else "/l/changed/"
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + where)
        assert flaws(page) == []
