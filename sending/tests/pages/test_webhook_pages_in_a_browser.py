"""The pages of webhooks in a real browser: axe finds nothing, nothing scrolls sideways, a webhook can be repaired."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.webhook_sink import Sink
from mailtrap_site.testing.world import World, make_world
from sending.models import WebhookAttempt, WebhookEndpoint
from sending.tests.webhooks.conftest import *  # noqa: F403 the fixtures
from sending.tests.webhooks.conftest import Happen, Make
from sending.tests.webhooks.test_failures_lose_nothing import step
from sending.webhooks.drain import drain
from sending.webhooks.endpoints import By, pause

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]

LONG = "https://shop:password@hooks.a-rather-long-name-of-a-host.brightwater.example/" + "deep/" * 20


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def failing(happen: Happen, make_endpoint: Make, sink: Sink) -> WebhookEndpoint:
    """Three answers of 200, then six of 503."""
    endpoint = make_endpoint()
    for _ in range(3):
        happen("delivery", "open")
        drain(5)
    happen("bounce", "click", category="Receipt")
    sink.statuses, sink.answer_body = [503], b"upstream connect error or disconnect/reset before headers"
    sink.headers = {"Retry-After": "120"}
    now = timezone.now()
    for number in range(6):
        step(now - timedelta(minutes=30 - 5 * number))
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(due_at=now - timedelta(days=1))
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(due_at=now + timedelta(minutes=2))
    return endpoint


def test_axe_finds_nothing_on_any_page_in_either_theme_and_width(
    world: World, live_server: LiveServer, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    broken = failing(happen, make_endpoint, sink)
    paused = make_endpoint(sending_stream="bulk")
    WebhookEndpoint.objects.filter(pk=paused.pk).update(url="")
    paused.url = LONG
    paused.save(update_fields=["url"])
    pause(paused, By())
    happen("delivery", stream="bulk")
    base, one = f"/a/{world.account.pk}/webhooks/", f"/a/{world.account.pk}/webhooks/{broken.pk}/"
    answered = WebhookAttempt.objects.filter(status=200).latest("id").pk
    paths = [
        base,
        f"{base}new/",
        one,
        f"{one}?open={answered}",
        f"{one}?failed=1",
        f"{base}{paused.pk}/",
        *(f"{one}{rest}/" for rest in ("edit", "secret", "replay", "delete")),
        f"{base}{paused.pk}/state/",
        f"/a/{world.stranger_account.pk}/webhooks/",
    ]
    session, stranger = session_of(world.alice), session_of(world.charlie)
    with chromium() as browser:
        page = open_page(browser)
        for path in paths:
            sign_in(page, live_server.url, stranger if path == paths[-1] else session)
            answer = page.goto(live_server.url + path)
            assert answer is not None
            assert answer.status == 200, path
            assert page.locator("main a[href='']").count() == 0, path
            assert flaws(page) == [], path


def test_one_is_added_tested_and_opened(world: World, live_server: LiveServer, sink: Sink) -> None:
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(f"{live_server.url}/a/{world.account.pk}/webhooks/")
        page.get_by_role("link", name="Add a webhook").click()
        page.get_by_label("URL").fill("ftp://shop.test")
        page.get_by_role("button", name="Add the webhook").click()
        assert page.get_by_text("The URL must begin with https:// or http://.").is_visible()
        page.get_by_label("URL").fill(sink.url)
        page.get_by_role("button", name="Add the webhook").click()
        page.get_by_text("Copy it now").wait_for()
        assert flaws(page) == []
        page.get_by_role("link", name="Go to the webhook").click()
        page.get_by_role("button", name="Send a test event").click()
        page.wait_for_selector(".toast")
        assert page.get_by_text("thanks").is_visible()
        page.get_by_role("button", name="Pause").click()
        page.get_by_text("Paused by hand").wait_for()
        page.get_by_role("button", name="Resume").click()
        page.get_by_role("button", name="Pause").wait_for()
    assert {event["test"] for event in sink.events} == {True}
