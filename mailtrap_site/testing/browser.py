"""Debian's chromium under playwright, and what is wrong with a page. Mark tests that use it `outside("chromium")`."""

import asyncio
import atexit
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zlib import crc32

from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from accounts.models import User

Theme = Literal["light", "dark"]
LOOKS: tuple[tuple[Theme, int], ...] = (("light", 1280), ("dark", 390))
"""How a test sees each page: by day on a desk, by night on a phone; widths are CSS pixels."""
EVERY_LOOK = bool(os.environ.get("EVERY_LOOK"))
"""Whether all four looks are shown, and contrast measured in each; that takes long."""
if EVERY_LOOK:
    LOOKS = tuple((theme, width) for theme in ("light", "dark") for width in (1280, 390))
HEIGHT = 844
SHOTS = os.environ.get("SHOTS_DIR", "")
"""A folder for pictures of all that is looked at; without it none are made."""
_AXE = Axe()
# It stays out of frames: those hold the mails of others, sandboxed, and its message to one that still loads is an error
# of the page's console.
_RUN_AXE = """contrast => axe.run({
    iframes: false, resultTypes: ['violations'], rules: {'color-contrast': {enabled: contrast}}
}).then(found => found.violations)"""

# The desk's theme looks at what the browser prefers while it loads, and not again.
_FOLLOW = """() => document.querySelector('html[x-data^="theme("]')?.classList.toggle(
    'dark', matchMedia('(prefers-color-scheme: dark)').matches
)"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of this process, empty; its pages are closed, and it is out of the ORM's way, once this is left."""
    browser, loop = _started()
    # Playwright's loop sleeps between its calls and yet counts as running, where the ORM refuses to work.
    asyncio._set_running_loop(loop)
    try:
        yield browser
    finally:
        for context in browser.contexts:
            context.close()
        asyncio._set_running_loop(None)


@cache
def _started() -> tuple[Browser, asyncio.AbstractEventLoop]:
    """Started with the first test that asks: it takes longer than most of what is done with it."""
    playwright = sync_playwright().start()
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
    )
    loop = asyncio.get_running_loop()

    def end() -> None:
        asyncio._set_running_loop(loop)
        browser.close()
        playwright.stop()

    atexit.register(end)
    return browser, loop


def open_page(browser: Browser, theme: Theme = "light", width: int = 1280) -> Page:
    """A page of a fresh context, with motion reduced, so that nothing is measured half-faded."""
    return browser.new_context(
        viewport={"width": width, "height": HEIGHT}, color_scheme=theme, reduced_motion="reduce"
    ).new_page()


def session_of(user: User) -> str:
    """A session of the user's; made before the browser runs, which keeps the ORM out."""
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def sign_in(page: Page, url: str, session: str) -> None:
    """Gives the page's context a session at the site of `url`."""
    host = urlsplit(url).hostname or "localhost"
    page.context.add_cookies([{"name": "sessionid", "value": session, "domain": host, "path": "/"}])


def flaws(page: Page, name: str = "", *, but: tuple[str, ...] = ()) -> list[str]:
    """What is wrong with the page as it stands, in each look: one line for each element that axe objects to by a rule
    that does not begin like one of `but`, and one where it scrolls sideways. Afterwards it has its first look again.

    Where pictures are wanted it is photographed, as `name` or else by its address. Contrast, which takes most of the
    time, is measured in one look a page: all pages have their colours from the same tokens.
    """
    found = []
    name = name or "-".join(re.findall(r"\w+", page.url.partition("://")[2].partition("/")[2]))
    measured = LOOKS[crc32(re.sub(r"\d", "", name).encode()) % len(LOOKS)]
    for theme, width in LOOKS:
        _show(page, theme, width)
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{theme}-{width}.png", full_page=True)
        contrast = EVERY_LOOK or (theme, width) == measured
        found += [f"{theme} {width}: {line}" for line in axe_findings(page, contrast) if not line.startswith(but)]
        if is_wider_than_the_screen(page):
            found.append(f"{theme} {width}: scrolls sideways")
    _show(page, *LOOKS[0])
    return found


def _show(page: Page, theme: Theme, width: int) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.evaluate(_FOLLOW)


def axe_findings(page: Page, contrast: bool = True) -> list[str]:
    """One line for each element that axe objects to."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_AXE.axe_script)
    return [
        f"{rule['id']}: {node['html'][:160]}" for rule in page.evaluate(_RUN_AXE, contrast) for node in rule["nodes"]
    ]


def is_wider_than_the_screen(page: Page) -> bool:
    """Whether the page scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))
