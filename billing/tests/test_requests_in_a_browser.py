"""Asking for larger messages in a real browser: axe finds nothing in any state, and nothing scrolls sideways."""

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from billing import requests
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.world import World, make_world

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.mark.parametrize("state", ["new", "open", "declined", "granted"])
def test_axe_finds_nothing_in_either_theme_and_width(world: World, live_server: LiveServer, state: str) -> None:
    if state != "new":
        asked = requests.ask_for_size(world.account, "Signed contracts as PDF, some 50 a day.", world.alice)
        answers = {"declined": requests.decline, "granted": requests.grant}
        if state in answers:
            answers[state](asked, "Links do better for files of this size.", world.bob)
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + reverse("billing:size_request", args=[world.account.pk]))
        assert flaws(page) == []


def test_a_request_is_sent_by_hand_and_then_stands_open(world: World, live_server: LiveServer) -> None:
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + reverse("billing:size_request", args=[world.account.pk]))
        page.get_by_label("What do you send?").fill("Contracts")
        page.get_by_role("button", name="Send the request").click()
        page.wait_for_selector(".toast")
        assert page.get_by_role("heading", name="You asked for 30").is_visible()
        assert flaws(page) == []
