"""By keyboard alone: Tab reaches all that can be pressed, in sight; menus and swapped fragments keep the focus. On
paper the log is black on white, whole, and has nothing to press."""

from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from mailtrap_site.testing.browser import chromium, open_page, session_of, sign_in
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import make_world
from sending.tests.stats.counting import happen

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]

PLACES = ("log/", "suppressions/", "statistics/", "domains/", "integration/", "tokens/", "people/", "usage/")
_MARK = """within => [...document.querySelector(within).querySelectorAll(
    'a[href], button, input:not([type=radio]:not(:checked)), select, textarea, summary, [tabindex]'
)]
    .filter(one => !one.disabled && one.tabIndex >= 0 && one.checkVisibility({visibilityProperty: true}))
    .filter(one => one.matches('summary') || !one.closest('details:not([open])'))
    .map((one, number) => { one.dataset.walked = number; return one.outerHTML.slice(0, 120); })"""
# What has the focus: its number, or -1 past the end, and whether it has a ring and the pointer would find it.
_FOCUSED = """() => {
    const one = document.activeElement, box = one.getClientRects()[0] ?? one.getBoundingClientRect();
    const [x, y] = [box.left + Math.min(box.width / 2, 12), box.top + Math.min(box.height / 2, 12)];
    const isRinged = getComputedStyle(one).outlineStyle !== 'none' || one.querySelector('.hit') !== null;
    return [Number(one.dataset.walked ?? -1), isRinged && one.contains(document.elementFromPoint(x, y))];
}"""


def faults_of_a_walk(page: Page, within: str = "main") -> list[str]:
    """One line for each thing that Tab does not reach, and for each that has the focus unseen or before its turn."""
    things = page.evaluate(_MARK, within)
    page.evaluate("document.getElementById('content').focus()" if within == "main" else "document.activeElement.blur()")
    walked = []
    for _ in things:
        page.keyboard.press("Tab")
        walked.append(page.evaluate(_FOCUSED))
    numbers = [number for number, _ in walked]
    return [
        *(f"not reached: {thing}" for number, thing in enumerate(things) if number not in numbers),
        *(f"unseen: {things[number]}" for number, is_seen in walked if not is_seen),
        *(f"out of turn: {things[after]}" for before, after in pairwise(numbers) if after < before),
    ]


def test_tab_reaches_everything_and_keeps_its_place(live_server: LiveServer) -> None:
    world = make_world()
    make_message(world.domain, "rita@far.test", status="bounced")
    happen(world.domain, timezone.now(), delivered=90, bounced=10)
    base, session = f"{live_server.url}/a/{world.account.pk}/", session_of(world.alice)
    with chromium() as browser:
        for width in (1280, 390):
            page = open_page(browser, width=width)
            sign_in(page, live_server.url, session)
            page.goto(base)
            assert faults_of_a_walk(page, "body") == []
            for place in PLACES if width == 1280 else PLACES[:3]:
                page.goto(base + place)
                assert faults_of_a_walk(page) == [], f"{width} {place}"
        page.focus(".bar-menu")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.closest('.close') !== null")
        page.focus("#menu .person > summary")
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.matches('.person > summary')")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.matches('.bar-menu')")
        page.goto(base + "statistics/")
        page.focus("select[name=stream]")
        with page.expect_response("**stream=**"):
            page.keyboard.press("ArrowDown")
        page.wait_for_function("document.getElementById('said').textContent.includes('transactional')")
        assert page.evaluate("document.activeElement.name") == "stream"
        page.set_viewport_size({"width": 1280, "height": 844})
        page.focus(".shell .switch > summary")
        page.keyboard.press("Enter")
        page.keyboard.press("Shift+Tab")
        assert not page.evaluate("document.querySelector('.shell .switch').open")


def test_the_log_on_paper_is_black_on_white_whole_and_has_nothing_to_press(live_server: LiveServer) -> None:
    world = make_world()
    make_message(
        world.domain, f"{'long.' * 9}name@very-long-domain.example", subject="An order " * 12, category="Shipping"
    )
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser, "dark", width=700)
        sign_in(page, live_server.url, session)
        page.goto(f"{live_server.url}/a/{world.account.pk}/log/")
        page.emulate_media(media="print", color_scheme="dark")
        paper: dict[str, Any] = page.evaluate("""() => ({
            ground: getComputedStyle(document.body).backgroundColor,
            presses: [...document.querySelectorAll('button, input, select, .side, .bar, .foot')]
                .filter(one => one.checkVisibility()).length,
            wide: document.documentElement.scrollWidth > innerWidth,
            cut: [...document.querySelectorAll('tbody :is(td, th)')]
                .filter(one => one.scrollWidth > one.clientWidth).length,
            row: getComputedStyle(document.querySelector('tbody tr')).display,
        })""")
    assert paper == {"ground": "rgb(255, 255, 255)", "presses": 0, "wide": False, "cut": 0, "row": "table-row"}
