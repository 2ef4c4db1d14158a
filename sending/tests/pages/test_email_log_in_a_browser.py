"""The email log in a browser: a filter is added with its own field, views and exports are reached, axe is silent."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.mail import make_event, make_message
from mailtrap_site.testing.world import World, make_world
from sending.log.query import Query
from sending.models import LogExport, Message, SavedView

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]

NOW = datetime.now(UTC)
MAILS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("h.lindqvist@nordlys.example", "queued", {"subject": "Your order 58213 is on its way"}),
    ("dana.okafor@northwind.example", "delivered", {"provider": "Google", "category": "Sign-up"}),
    ("m.ferrante@libreria-centro.example", "delivered", {"provider": "Yahoo", "category": "Billing"}),
    ("jonas.weidner@posteo.example", "deferred", {"subject": "Reset your password"}),
    ("liam.oconnell@northwind.example", "bounced", {"category": "Order", "opens_count": 2}),
)


@pytest.fixture
def world(transactional_db: None, settings: Any, tmp_path: Path) -> World:
    settings.EXPORTS_ROOT = tmp_path
    world = make_world()
    for number, (name, status, fields) in enumerate(MAILS):
        make_message(world.domain, name, status=status, at=NOW - timedelta(minutes=3 * number), **fields)
    make_event(make_message(world.domain, "r.sandoval@vista.example", at=NOW - timedelta(minutes=30)), "spam")
    for name, query in (("Bounced orders", "group=bounces&category.equal=Order"), ("At Google", "group=Google")):
        SavedView.objects.create(account=world.account, name=name, query=query, made_by=world.alice)
    facts: dict[str, Any] = {"account": world.account, "user": world.alice, "query": Query().to_json(), "filters": "?"}
    last = make_message(world.domain, "old@far.test", at=NOW - timedelta(days=1)).pk
    LogExport.objects.create(
        **facts, format="csv", file="1", state="ready", rows=1_204_311, size=88_000_000, finished_at=NOW
    )
    LogExport.objects.create(**facts, format="ndjson", file="2", state="failed")
    LogExport.objects.create(**facts, format="csv", file="3", state="running", rows=41_000, cursor=last)
    return world


@pytest.mark.timeout(300)
def test_axe_finds_nothing_on_any_page_in_either_theme_and_width(world: World, live_server: LiveServer) -> None:
    base = f"/a/{world.account.pk}/log/"
    bounced = Message.objects.get(status="bounced").pk
    paths = {
        "log": base,
        "filtered": f"{base}?group=bounces&category.equal=Order&to.ci_contain=northwind",
        "adding": f"{base}?add=events.include_event",
        "problem": f"{base}?add=opens_count.equal&value=many&q=zzz",
        "spam": f"{base}?group=spam&live=off",
        "provider": f"{base}?group=Yahoo",
        "save": f"{base}views/new/?group=bounces&subject.ci_contain=order",
        "views": f"{base}views/",
        "again": f"{base}{bounced}/again/",
        "bounced": f"{base}{bounced}/",
        "exports": f"{base}exports/?group=delivered&category.equal=Order",
    }
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        for name, path in paths.items():
            page.goto(live_server.url + path)
            assert flaws(page, f"log-{name}") == [], name


def test_a_filter_is_added_with_its_own_field_and_the_export_follows_it(world: World, live_server: LiveServer) -> None:
    where = f"{live_server.url}/a/{world.account.pk}/log/"
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(where)
        page.get_by_label("Status", exact=True).select_option("delivered")
        page.get_by_text("Status is Delivered").wait_for()
        assert page.get_by_role("link", name="Export").get_attribute("href") == (
            f"/a/{world.account.pk}/log/exports/?status=delivered"
        )
        page.get_by_text("Add a filter").click()
        page.get_by_label("Filter", exact=True).select_option("email_service_provider.equal")
        page.get_by_label("Mailbox provider", exact=True).select_option("Google")
        page.get_by_role("button", name="Add the filter").click()
        page.get_by_text("Mailbox provider is Google").wait_for()
        assert page.url == f"{where}?status=delivered&email_service_provider.equal=Google"
        assert page.locator("tbody .main-link").all_inner_texts() == ["dana.okafor@northwind.example"]
        page.get_by_role("link", name="Save this view").click()
        page.get_by_label("Name of the view").fill("Arrived at Google")
        page.get_by_role("button", name="Save the view").click()
        page.get_by_role("link", name="Arrived at Google").wait_for()
        page.get_by_role("link", name="Export").click()
        assert page.get_by_role("heading", name="1 email", exact=True).is_visible()
        with page.expect_download() as download:
            page.get_by_role("button", name="Export as CSV").click()
        assert "dana.okafor@northwind.example" in Path(download.value.path()).read_text()
