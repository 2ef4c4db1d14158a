"""The pages of statistics in a real browser: axe finds nothing, nothing scrolls sideways, filters need no reload."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World, make_world
from sending.tests.stats.counting import happen

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def test_every_state_can_be_read_in_either_theme_and_width(world: World, live_server: LiveServer) -> None:
    now = timezone.now()
    for days, provider, bounced in ((0, "Google Workspace", 12), (1, "Office 365", 1), (3, None, 0), (9, "Yahoo", 0)):
        for category in ("Order confirmation", "A category with a rather long name, as some have it"):
            at = now - timedelta(days=days)
            happen(world.domain, at, provider=provider, category=category, delivered=60, opened=20, clicked=7)
            happen(
                world.domain, at, provider=provider, category=category, bounced=bounced, rejected=1, spam=bounced // 6
            )
    base = f"/a/{world.account.pk}/statistics/"
    for kind in ("welcome", "a value that is rather long, as some systems write whole sentences there"):
        make_message(world.domain, submission={"custom_variables": {"kind": kind}}, opens_count=1)
    queries = ["", "?range=24h&by=time", "?range=dates&since=x&by=category", "?stream=bulk"]
    queries += ["variables/", "variables/?variable=kind", "variables/?variable=none"]
    paths = [*(base + query for query in queries), f"/a/{world.stranger_account.pk}/statistics/"]
    session, stranger = session_of(world.alice), session_of(world.charlie)
    with chromium() as browser:
        page = open_page(browser)
        for path in paths:
            sign_in(page, live_server.url, stranger if path == paths[-1] else session)
            answer = page.goto(live_server.url + path)
            assert answer is not None
            assert answer.status == 200, path
            assert flaws(page) == [], path
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + base)
        page.get_by_label("Mailbox provider", exact=True).select_option("Office 365")
        page.wait_for_url("**provider=Office+365**")
        page.locator("#statistics").get_by_text("mail to Office 365").wait_for()
        page.get_by_role("link", name="Day", exact=True).click()
        page.get_by_role("link", name="Office 365").wait_for(state="detached")
        assert page.get_by_label("Mailbox provider", exact=True).input_value() == "Office 365"
