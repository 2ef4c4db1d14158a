"""The page of the keys in a real browser: axe finds nothing, nothing scrolls sideways, dialogs do their work."""

from datetime import timedelta

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from domains import keys
from domains.key_states import SETTLES_IN, STAYS_FOR
from domains.keys import KeyMode
from domains.models import DkimKey, SendingDomain
from domains.tests.key_story import BothZones, pass_time
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.fake_dns import resolving
from mailtrap_site.testing.world import World, make_domain, make_world

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.fixture
def states(world: World) -> dict[str, SendingDomain]:
    """Domains by what their keys are doing."""
    quiet, rotated, waiting, direct = (
        world.domain,
        *(make_domain(world.account, f"{name}.test") for name in ("rotated", "waiting", "direct")),
    )
    zones = BothZones(quiet)
    with resolving(zones):
        for domain in (rotated, waiting, direct):
            zones.publish(domain)
            pass_time(domain, timedelta(days=200))
        keys.choose_ed25519(rotated, enabled=True)
        zones.publish(rotated)
        for _time in range(2):
            keys.replace(SendingDomain.objects.get(pk=rotated.pk))
            pass_time(rotated, SETTLES_IN)
            keys.settle(rotated.pk)
            pass_time(rotated, STAYS_FOR)
        keys.replace(waiting)
        keys.choose_mode(direct, KeyMode.DIRECT)
        keys.choose_ed25519(direct, enabled=True)
        keys.replace(direct)
    return {"quiet": quiet, "rotated": rotated, "waiting": waiting, "direct": direct}


def test_axe_finds_nothing_in_any_state_theme_and_width(
    world: World, states: dict[str, SendingDomain], live_server: LiveServer
) -> None:
    paths = {name: reverse("domains:keys", args=[one.account_id, one.pk]) for name, one in states.items()}
    for act in ("replacement", "leak", "mode"):
        place = states["direct" if act == "mode" else "quiet"]
        paths[act] = reverse(f"domains:keys_{act}", args=[place.account_id, place.pk])
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        for name, path in paths.items():
            page.goto(live_server.url + path)
            assert flaws(page, f"keys-{name}") == [], name
            if name == "quiet":
                page.click('[data-dialog="key-leak"]')
                assert flaws(page, "keys-dialog") == []


def test_a_key_is_replaced_from_the_dialog(
    world: World, states: dict[str, SendingDomain], live_server: LiveServer
) -> None:
    quiet = states["quiet"]
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + reverse("domains:keys", args=[quiet.account_id, quiet.pk]))
        page.click('[data-dialog="replace-key"]')
        page.click('dialog[open] button:has-text("Keep it")')
        assert page.locator("dialog[open]").count() == 0
        page.click('[data-dialog="replace-key"]')
        page.click('dialog[open] button:has-text("Replace mt1")')
        page.wait_for_selector('h1:has-text("mt2 takes over from mt1")')
    assert DkimKey.objects.filter(domain=quiet, retired_at=None).count() == 2
