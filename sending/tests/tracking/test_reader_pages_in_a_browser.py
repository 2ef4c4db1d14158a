"""The pages that readers see and the list of their opt-outs, in a real browser: by day on a desk, by night on a phone;
axe finds nothing, nothing scrolls sideways, and nothing comes from elsewhere."""

import pytest
from pytest_django.live_server_helper import LiveServer

from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import make_world
from sending.models import TrackingOptOut
from sending.tests.tracking.links import tracking_of, unsubscribe_of

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]


def test_readers_pages_are_fit_for_everybody(transactional_db: None, live_server: LiveServer) -> None:
    world = make_world()
    message = make_message(world.domain, "rita.olsen@far.test", stream="bulk")
    plain = make_message(world.stranger_domain, "rita.olsen@far.test")
    world.domain.brand_name, world.domain.brand_colour = "Brightwater Books & Papers", "#8a1c5a"
    world.domain.brand_url = "https://brightwater.test/"
    world.domain.save()
    for number in range(3):
        TrackingOptOut.objects.create(
            account=world.account,
            domain=world.domain,
            email=f"reader{number}.with.a.rather.long.name@a-long-domain-name.example.test",
            message_id=message.pk if number else None,
        )
    entry = TrackingOptOut.objects.first()
    assert entry is not None
    base, session = f"/a/{world.account.pk}/suppressions/", session_of(world.alice)
    ours = {
        "list": f"{base}tracking/",
        "add": f"{base}tracking/new/",
        "removal": f"{base}tracking/{entry.pk}/removal/",
    }
    pages = {"unsubscribe": unsubscribe_of(message), "tracking": tracking_of(plain)}
    with chromium() as browser:
        page = open_page(browser)
        foreign: list[str] = []
        page.on("request", lambda one: None if live_server.url in one.url else foreign.append(one.url))
        for name, path in pages.items():
            page.goto(live_server.url + path)
            assert flaws(page, f"{name}-asked") == []
            page.locator("form button").click()
            assert flaws(page, f"{name}-done") == []
            page.get_by_role("button", name="Undo").click()
            assert flaws(page, f"{name}-undone") == []
        page.goto(f"{live_server.url}/t/c/broken")
        assert flaws(page, "unknown") == []
        assert page.context.cookies() == []
        sign_in(page, live_server.url, session)
        for name, path in ours.items():
            page.goto(live_server.url + path)
            assert flaws(page, f"opt-outs-{name}") == [], name
    assert foreign == []
