"""The integration page in a browser: a choice shows its lines at once, and the button copies them as they stand."""

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from mailtrap_site.testing.browser import chromium, open_page, session_of, sign_in
from mailtrap_site.testing.world import World, make_domain

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    from mailtrap_site.testing.world import make_world

    return make_world()


def test_domain_stream_and_way_are_chosen_one_after_the_other(world: World, live_server: LiveServer):
    make_domain(world.account, "second.test")
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        sign_in(page, live_server.url, session)
        page.goto(f"{live_server.url}/a/{world.account.pk}/integration/?with=ruby")
        code = page.locator("#snippet")
        expect(code).to_contain_text("hello@example.test")
        page.get_by_label("From", exact=True).select_option(label="second.test")
        expect(code).to_contain_text("hello@second.test")
        page.get_by_role("link", name="Bulk").click()
        expect(code).to_contain_text("/bulk/api/send")
        page.get_by_role("link", name="Go", exact=True).click()
        expect(code).to_contain_text("package main")
        expect(code).to_contain_text("hello@second.test")
        expect(code).to_contain_text("/bulk/api/send")
        shown = code.text_content()
        page.locator("button[data-copy-from]").click()
        expect(page.locator("#said")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == shown
