"""The suppression list in a real browser: a file is imported while the page tells how far, addresses are filtered,
chosen and reactivated, and axe finds nothing on any page in either theme and width."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World, make_world
from sending.models import Suppression, SuppressionImport
from sending.suppressions import importing

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]

EVIDENCE = {
    "esp_response": "5.1.1 The email account that you tried to reach does not exist.",
    "response_code": 550,
    "bounce_category": "badrecipient",
    "esp_server_type": "Google",
    "recipient_mx_name": "gmail-smtp-in.l.google.example",
    "outgoing_ip": "192.0.2.25",
    "sender_email": "shop@example.test",
}


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def fill(world: World) -> Suppression:
    message = make_message(world.domain, "rita@far.test", status="bounced", subject="Your order is on its way")
    now = datetime.now(UTC)
    values = {"account": world.account, "domain": world.domain}
    Suppression.objects.create(
        email="everyone.at.all@far.test", stream="any", type="manual import", account=world.account
    )
    for number, kind in enumerate(("unsubscription", "spam complaint", "hard bounce")):
        at = now - timedelta(days=number)
        Suppression.objects.create(
            email=f"reader{number}@far.test", stream="bulk", type=kind, incident="dns", created_at=at, **values
        )
    long = f"a.very.long.name.that.no.screen.can.show.{'x' * 20}@a-long-domain-name.example.test"
    Suppression.objects.create(email=long, stream="transactional", type="hard bounce", **values)
    return Suppression.objects.create(
        email="rita@far.test",
        stream="transactional",
        type="hard bounce",
        incident="dns",
        message_id=message.pk,
        rule="mailbox does not exist",
        evidence=EVIDENCE,
        **values,
    )


def imports(world: World) -> tuple[SuppressionImport, SuppressionImport]:
    bad = [[3, "nobody", "address", "no_at_sign"], [9, "other.test", "domain", ""], [12, "", "unreadable", ""]]
    values = {"account": world.account, "stream": "any", "type": "manual import", "entries": 48_200}
    done = SuppressionImport.objects.create(
        file_name="mailtrap-suppressions.csv",
        position=48_200,
        added=48_000,
        known=197,
        bad=3,
        bad_lines=bad,
        finished_at=datetime.now(UTC),
        **values,
    )
    return done, SuppressionImport.objects.create(file_name="sendgrid.csv", position=21_000, added=20_998, **values)


@contextmanager
def worker() -> Iterator[None]:
    """What the upkeep worker does, beside the browser."""
    is_over = threading.Event()

    def work() -> None:
        while not is_over.wait(0.2):
            importing.work_off(time.monotonic() + 0.4)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(20)


def test_axe_finds_nothing_on_any_page_in_either_width(world: World, live_server: LiveServer) -> None:
    base, other = f"/a/{world.account.pk}/suppressions/", f"/a/{world.stranger_account.pk}/suppressions/"
    entry, (done, running) = fill(world), imports(world)
    paths = {
        "list": base,
        "filtered": f"{base}?q=reader&type=hard+bounce&after=2026-01-01",
        "none": f"{base}?q=zzz",
        "entry": f"{base}{entry.pk}/",
        "reactivation": f"{base}{entry.pk}/reactivation/",
        "incident": f"{base}{entry.pk}/incident/",
        "add": f"{base}new/",
        "imports": f"{base}imports/",
        "done": f"{base}imports/{done.pk}/",
        "running": f"{base}imports/{running.pk}/",
        "message": f"/a/{world.account.pk}/log/{entry.message_id}/",
        "empty": other,
    }
    alice, charlie = session_of(world.alice), session_of(world.charlie)
    with chromium() as browser:
        page = open_page(browser)
        for name, path in paths.items():
            sign_in(page, live_server.url, charlie if name == "empty" else alice)
            page.goto(live_server.url + path)
            assert flaws(page, f"suppressions-{name}") == [], path


def test_a_file_is_imported_filtered_chosen_and_reactivated(
    world: World, live_server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 400)
    file, session = tmp_path / "postmark.csv", session_of(world.alice)
    lines = "".join(
        f"reader{number}@far.test,HardBounce,Recipient,2025-06-15T11:06:40-04:00\n" for number in range(4_000)
    )
    file.write_text(f"EmailAddress,SuppressionReason,Origin,CreatedAt\n{lines}nobody,HardBounce,,\n")
    with chromium() as browser, worker():
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(f"{live_server.url}/a/{world.account.pk}/suppressions/")
        page.get_by_role("link", name="Import a file").first.click()
        page.get_by_label("File", exact=True).set_input_files(file)
        page.get_by_role("button", name="Import the file").click()
        page.evaluate("window.kept = true")
        page.get_by_text("4,000 addresses are new on the list.").wait_for(timeout=30_000)
        assert page.evaluate("window.kept")
        assert page.get_by_role("cell", name="The address has no @ sign.").is_visible()
        page.get_by_role("link", name="Show the list").click()
        page.get_by_label("Find addresses by their beginning").fill("reader12")
        page.get_by_label("Find addresses by their beginning").press("Enter")
        page.get_by_text("Address begins with reader12").wait_for()
        assert "q=reader12" in page.url
        assert page.evaluate("window.scrollY") == 0
        for number in (1299, 1250):
            page.get_by_label(f"Choose reader{number}@far.test").check()
        page.get_by_role("button", name="Reactivate the chosen…").click()
        page.get_by_role("button", name="Reactivate 2 addresses").click()
        page.get_by_text("2 entries were taken off the list.").wait_for()
    assert Suppression.objects.count() == 3_998
    assert not Suppression.objects.filter(email__in=["reader1299@far.test", "reader1250@far.test"]).exists()
