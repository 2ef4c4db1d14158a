"""Automatic copies as people see them: the form in each state, the domain's page, the log, a message and the usage."""

import json

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from domains import auto_bcc
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.world import World, make_world
from sending.models import Message, RecipientKind

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]

COPIES = ("archive@copies.test", "crm@copies.test")


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def send_six(world: World) -> list[str]:
    """Three to and three in copy, over the API; the ids of its answer."""
    mail = {
        "from": {"email": "alice@example.test"},
        "to": [{"email": f"to{number}@far.test"} for number in range(3)],
        "cc": [{"email": f"cc{number}@far.test"} for number in range(3)],
        "subject": "Your order",
        "text": "It is on its way.",
    }
    answer = Client().post(
        "/api/send",
        json.dumps(mail),
        content_type="application/json",
        headers={"Authorization": f"Bearer {world.secret}"},
    )
    assert answer.status_code == 200
    return list(answer.json()["message_ids"])


def refuse(page: Page) -> None:
    """Fills the form with what it refuses, and presses the button."""
    page.get_by_label("Addresses that get a copy").fill("archive@copies.test\nnobody")
    page.get_by_label("Header that marks the copies").fill("Subject")
    page.get_by_label("Value of the header").fill("yes")
    page.get_by_role("button", name="Save the copies").click()
    expect(page.get_by_text("“nobody” is no address")).to_be_visible()


@pytest.mark.parametrize("state", ["empty", "chosen", "refused", "domain", "log", "copy"])
def test_axe_finds_nothing_in_either_theme_and_width(world: World, live_server: LiveServer, state: str) -> None:
    if state not in ("empty", "refused"):
        auto_bcc.choose(world.domain, COPIES, "X-Copy: yes", user=world.alice)
        send_six(world)
    account, session = world.account.pk, session_of(world.alice)
    form = reverse("sending:auto_bcc", args=[account, world.domain.pk])
    copy = Message.objects.filter(kind=RecipientKind.AUTO_BCC).first()
    pages = {
        "domain": reverse("domains:settings", args=[account, world.domain.pk]),
        "log": reverse("sending:email_log", args=[account]),
        "copy": reverse("sending:message", args=[account, copy.pk]) if copy else "",
    }
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + pages.get(state, form))
        if state == "refused":
            refuse(page)
        assert flaws(page) == []


def test_what_is_chosen_by_hand_stands_on_the_domains_page_and_can_be_ended(
    world: World, live_server: LiveServer
) -> None:
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + reverse("domains:settings", args=[world.account.pk, world.domain.pk]))
        page.get_by_role("link", name="Add copies").click()
        page.get_by_label("Addresses that get a copy").fill("\n".join(COPIES))
        page.get_by_label("Header that marks the copies").fill("X-Copy")
        page.get_by_label("Value of the header").fill("yes")
        page.get_by_role("button", name="Save the copies").click()
        expect(page.locator(".toast")).to_contain_text("copied to 2 addresses from now on")
        copies = page.locator("section", has=page.get_by_role("heading", name="Automatic copies"))
        expect(copies).to_contain_text("Each email is sent to archive@copies.test, crm@copies.test as well.")
        expect(copies).to_contain_text("X-Copy: yes")
        page.get_by_role("link", name="Change the copies").click()
        expect(page.get_by_label("Addresses that get a copy")).to_have_value("\n".join(COPIES))
        page.get_by_label("Addresses that get a copy").fill("")
        page.get_by_role("button", name="Save the copies").click()
        expect(page.locator(".toast")).to_contain_text("no longer copied")
        expect(page.get_by_role("link", name="Add copies")).to_be_visible()


def test_six_recipients_and_two_copies_are_eight_in_the_answer_the_log_and_on_the_usage_page(
    world: World, live_server: LiveServer
) -> None:
    auto_bcc.choose(world.domain, COPIES, user=world.alice)
    ids, session = send_six(world), session_of(world.alice)
    assert len(set(ids)) == 8
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + reverse("sending:email_log", args=[world.account.pk]))
        expect(page.locator("[data-row]")).to_have_count(8)
        marked = page.locator("[data-row]", has_text="automatic copy")
        expect(marked).to_have_count(2)
        assert {row.get_by_role("link").first.inner_text() for row in marked.all()} == set(COPIES)
        linked = {link.get_attribute("href") for link in page.locator("[data-row] a.main-link").all()}
        assert linked == {reverse("sending:message", args=[world.account.pk, one]) for one in ids}
        page.goto(live_server.url + reverse("billing:usage", args=[world.account.pk]))
        expect(page.get_by_role("meter").first).to_have_attribute("aria-valuenow", "8")
