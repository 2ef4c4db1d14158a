"""The letter about usage and the page that stops it, as a browser shows them: axe finds nothing in either theme.

A letter is shown inside the page of a mail program, so it has no landmarks of its own."""

import pytest
from django.core import mail

from accounts.letter_choice import USAGE
from accounts.letters import Meter, Tone
from accounts.models import Role
from accounts.notices import Drawn, notify
from accounts.tests.letters import html_of
from mailtrap_site.testing.browser import chromium, flaws, open_page
from mailtrap_site.testing.world import World, make_world

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]

BODY = (
    "8,000 of 10,000 emails are used. At this pace the rest lasts until Friday, 27 November.\n\n"
    "When it is full, new mail is refused until 1 December; nothing already accepted is lost.\n\n"
    "Basic 50K gives you 50,000 emails for $5 more a month ($1.46 for the rest of this one)."
)


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.mark.parametrize(("percent", "tone"), [(80, Tone.WARN), (100, Tone.BAD)])
def test_axe_finds_nothing_in_the_letter_and_its_bar_is_as_long_as_its_share(world: World, percent: int, tone: Tone):
    drawn = Drawn(
        Meter(percent, "0", "10,000 · resets 1 December", tone),
        "Friday, 27 November",
        "See usage and plans",
        "We write at 80, 90 and 100 %, once each in a period.",
    )
    notify(
        world.account,
        USAGE,
        "Acme has used 80 % of this month’s emails",
        BODY,
        "/a/1/plan/",
        "info",
        [Role.OWNER],
        drawn,
    )
    [letter] = mail.outbox
    with chromium() as browser:
        for width in (600, 390):
            page = open_page(browser, width=width)
            page.set_content(html_of(letter))
            bar = page.locator(f"td.meter-{tone}")
            share = bar.evaluate("cell => cell.offsetWidth / cell.closest('table').offsetWidth")
            assert abs(share * 100 - percent) < 1, width
        assert flaws(page, f"letter-{percent}", but=("landmark", "region")) == []
