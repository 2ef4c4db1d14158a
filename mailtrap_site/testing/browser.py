"""Debian's chromium under playwright, and what axe finds on a page. Mark tests that use it `outside("chromium")`."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from accounts.models import User

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
WIDTHS = (1280, 390)
"""A desk's and a phone's, in CSS pixels."""
WIDTHS_OF: dict[Theme, tuple[int, ...]] = dict(zip(THEMES, ((width,) for width in WIDTHS), strict=True))
if os.environ.get("EVERY_LOOK"):
    WIDTHS_OF = dict.fromkeys(THEMES, WIDTHS)
LOOKS = tuple((theme, width) for theme, widths in WIDTHS_OF.items() for width in widths)
"""How a test sees each page: by day on a desk, by night on a phone. `EVERY_LOOK=1` shows all four, which takes long."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; it is closed, and its event loop with it, before the database is used again."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        try:
            yield browser
        finally:
            browser.close()


def open_page(browser: Browser, theme: Theme = "light", width: int = 1280) -> Page:
    """A page of a fresh context, with motion reduced, so that nothing is measured half-faded."""
    return browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=theme, reduced_motion="reduce"
    ).new_page()


def session_of(user: User) -> str:
    """A session of the user's; made before the browser runs, whose event loop keeps the ORM out."""
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def sign_in(page: Page, url: str, session: str) -> None:
    """Gives the page's context a session at the site of `url`."""
    host = urlsplit(url).hostname or "localhost"
    page.context.add_cookies([{"name": "sessionid", "value": session, "domain": host, "path": "/"}])


def axe_findings(page: Page) -> list[str]:
    """One line for each element that axe objects to. It stays out of frames: those hold the mails of others, sandboxed,
    and its message to one that still loads is an error of the page's console."""
    found = Axe().run(page, options={"iframes": False}).response["violations"]
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


def is_wider_than_the_screen(page: Page) -> bool:
    """Whether the page scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))
