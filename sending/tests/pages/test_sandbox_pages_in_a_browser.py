"""The captured mailboxes in a real browser: hostile mail stays inert, new mail appears by itself, axe finds nothing."""

from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from pytest_django.live_server_helper import LiveServer

from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.captured import make_captured, make_sandbox
from mailtrap_site.testing.world import World, make_world

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]

HOSTILE = (
    "<html><head><meta http-equiv=refresh content='0;url=https://evil.test/'><base href='https://evil.test/'>"
    "<script>document.title='ran'; parent.document.title='ran'</script></head>"
    "<body onload=\"parent.document.title='ran'\"><h1>Hello</h1><img src=x onerror=\"document.title='ran'\">"
    "<img src='https://evil.test/pixel.gif'><iframe src='https://evil.test/'></iframe>"
    "<link rel=stylesheet href='https://evil.test/a.css'><form action='https://evil.test/'><button>Send</button></form>"
    "<a href='javascript:parent.document.title=1' target=_top>Click</a>"
    "<svg onload=\"document.title='ran'\"></svg></body></html>"
)


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def hostile(html: str = HOSTILE) -> bytes:
    head = 'From: "<script>alert(1)</script>" <a@evil.test>\r\nSubject: <img src=x onerror=alert(1)>\r\n'
    return f"{head}X-<script>: 1\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n".encode()


def arrive(live_server: LiveServer, world: World, sandbox_id: int, recipient: str) -> None:
    """A mail by HTTP, since the database is not to be asked where the browser's event loop runs."""
    mail: dict[str, Any] = {
        "from": {"email": "a@b.test"},
        "to": [{"email": recipient}],
        "subject": "Hello",
        "text": "Hi",
    }
    session = requests.Session()
    session.trust_env = False
    answer = session.post(
        f"{live_server.url}/api/send/{sandbox_id}", json=mail, headers={"Api-Token": world.secret}, timeout=20
    )
    assert answer.status_code == 200, answer.text


def test_axe_finds_nothing_on_any_page_in_either_theme_and_width(world: World, live_server: LiveServer) -> None:
    sandbox, empty = make_sandbox(world.account), make_sandbox(world.account, "Empty")
    mail, evil = make_captured(sandbox), make_captured(sandbox, hostile(), subject="<b>", is_read=True)
    base = f"/a/{world.account.pk}/sandboxes/"
    tabs = [f"{base}{sandbox.pk}/{mail.pk}/?show={show}" for show in ("html", "text", "markup", "headers", "source")]
    others = [
        f"{base}{sandbox.pk}/{rest}" for rest in ("", "?q=zzz", "setup/", "empty/", "delete/", f"{mail.pk}/delete/")
    ]
    paths = [
        *tabs,
        *others,
        f"{base}{sandbox.pk}/{evil.pk}/?show=checks",
        f"{base}{empty.pk}/",
        f"{base}new/",
        "/captured/",
    ]
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        for path in paths:
            page.goto(live_server.url + path)
            assert flaws(page) == [], path


def test_hostile_mail_runs_nothing_loads_nothing_and_leaves_the_page_alone(
    world: World, live_server: LiveServer
) -> None:
    sandbox = make_sandbox(world.account)
    mail = make_captured(
        sandbox, hostile(), subject="<img src=x onerror=alert(1)>", from_header="<script>alert(1)</script>"
    )
    where = f"{live_server.url}/a/{world.account.pk}/sandboxes/{sandbox.pk}/{mail.pk}/"
    session, asked, dialogs = session_of(world.alice), [], []
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.on("request", lambda request: asked.append(request.url))
        page.on("requestfailed", lambda request: asked.remove(request.url) if request.failure == "csp" else None)
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        for rest in ("", "?show=markup", "?show=headers", "?show=source", "?show=checks", "preview/"):
            page.goto(where + rest)
            page.wait_for_timeout(300)
            assert "ran" not in page.title()
            assert page.url == where + rest
        page.goto(where)
        page.frame_locator("iframe").get_by_text("Click").click()
        page.wait_for_timeout(300)
        assert page.url == where
        title = page.title()
    assert title.startswith("<img src=x onerror=alert(1)>")
    assert dialogs == []
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(live_server.url).netloc}


def test_new_mail_appears_by_itself_and_the_focus_stays(world: World, live_server: LiveServer) -> None:
    sandbox = make_sandbox(world.account)
    session = session_of(world.alice)
    where = f"{live_server.url}/a/{world.account.pk}/sandboxes/{sandbox.pk}/"
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(where)
        assert page.get_by_text("Waiting for the first email").is_visible()
        page.evaluate("window.kept = true")
        arrive(live_server, world, sandbox.pk, "first@far.test")
        page.get_by_role("link", name="first@far.test").wait_for(timeout=15_000)
        page.get_by_role("link", name="first@far.test").focus()
        arrive(live_server, world, sandbox.pk, "second@far.test")
        page.get_by_role("link", name="second@far.test").wait_for(timeout=15_000)
        assert page.evaluate("document.activeElement.textContent") == "first@far.test"
        assert page.evaluate("window.kept")
        page.get_by_role("link", name="second@far.test").click()
        page.get_by_role("link", name="Delete…").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete the email").click()
        page.wait_for_selector(".toast")
        assert page.locator("tbody .main-link").all_inner_texts() == ["first@far.test"]
