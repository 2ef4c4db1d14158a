"""The pages of privacy in a real browser: axe finds nothing in any look, and nothing scrolls sideways."""

import time
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts.views.legal import PAGES
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.models import Archive, Erasure, Message, MessageStatus
from sending.privacy import erasure
from sending.suppressions.store import By

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    from mailtrap_site.testing.world import make_world

    return make_world()


def fill(world: World) -> tuple[Erasure, Erasure]:
    """One erasure that is done and one that waits; archives in every state."""
    make_message(world.domain, "rita@far.test")
    done = erasure.ask(world.account, "rita@far.test", By(None, "test"), keep_out=True)
    erasure.work_off(time.monotonic() + 30)
    make_message(world.domain, "sam@far.test", status=MessageStatus.DEFERRED, leased=True)
    waiting = erasure.ask(world.account, "sam@far.test", By(None, "test"), keep_out=False)
    erasure.work_off(time.monotonic() + 30)
    own = {"account": world.account, "user": world.alice}
    Archive.objects.create(file="1", state="failed", **own)
    Archive.objects.create(file="1", state="gone", **own)
    Archive.objects.create(file="1", part=9, rows=4_200, due_at=timezone.now() + timedelta(days=1), **own)
    make_message(world.domain, "tom@far.test")
    assert Message.objects.filter(recipient="erased@erased.invalid").count() == 1
    return done, waiting


def test_axe_finds_nothing_in_any_look(world: World, live_server: LiveServer):
    done, waiting = fill(world)
    account, session, wrong = world.account.pk, session_of(world.alice), []
    privacy = reverse("sending:privacy", args=[account])
    paths = {
        "privacy": privacy,
        "certificate": reverse("sending:privacy_erasure", args=[account, done.pk]),
        "erasing": reverse("sending:privacy_erasure", args=[account, waiting.pk]),
        **{f"legal-{name}": f"/legal/{name}/" for name in PAGES},
    }
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        for name, path in paths.items():
            page.goto(live_server.url + path)
            wrong += [(name, flaw) for flaw in flaws(page, f"privacy-{name}")]
        page.goto(live_server.url + privacy)
        page.get_by_label("Email address").fill("tom@far.test")
        page.get_by_role("button", name="Look it up").click()
        page.get_by_role("button", name="Erase tom@far.test").wait_for()
        wrong += [("question", flaw) for flaw in flaws(page, "privacy-question")]
        page.goto(live_server.url + reverse("accounts:closing", args=[account]))
        page.get_by_label("Password").fill("correct horse battery")
        page.locator("main button[type=submit]").first.click()
        page.get_by_label("Name of the account").fill("Acme")
        wrong += [("closing", flaw) for flaw in flaws(page, "privacy-closing")]
        page.get_by_role("button", name="Close Acme").click()
        page.get_by_role("button", name="Keep Acme open").wait_for()
        wrong += [("closing asked", flaw) for flaw in flaws(page, "privacy-closing-asked")]
    assert wrong == []
