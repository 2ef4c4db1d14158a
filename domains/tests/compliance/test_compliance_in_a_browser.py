"""Sender information and the review in a real browser: axe finds nothing in any state, and nothing scrolls sideways."""

import re
from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from domains import company
from domains.compliance import decisions
from domains.models import ComplianceReview, SendingDomain
from domains.tests.compliance.people import ANSWERS, COMPANY, looked_at, unreviewed
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.world import World, make_domain, make_user, make_world

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def missing(world: World) -> SendingDomain:
    return make_domain(world.account, "acme.test", approved=False)


def asked(world: World) -> SendingDomain:
    domain = unreviewed(world.account, "googel.test")
    looked_at(domain)
    return domain


def manual(world: World) -> SendingDomain:
    domain = unreviewed(world.account, "paypa1.test")
    looked_at(domain)
    return domain


def asked_by_staff(world: World) -> SendingDomain:
    domain = manual(world)
    row = domain.reviews.get()
    decisions.ask(row, "What have you to do with PayPal?", make_user("sam@platform.test"), seen=row.state_since)
    return domain


def rejected(world: World) -> SendingDomain:
    domain = manual(world)
    row = domain.reviews.get()
    decisions.reject(row, "It imitates PayPal.", make_user("sam@platform.test"), seen=row.state_since)
    return domain


def suspended(world: World) -> SendingDomain:
    decisions.suspend(world.domain, "Complaints above 1 % for three days.", make_user("sam@platform.test"))
    return world.domain


OURS = re.compile(r": (label|button-name|link-name)")
"""Of what axe finds at the desk: the frame around it is unfold's."""
STATES = (missing, asked, manual, asked_by_staff, rejected, suspended)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing_on_the_review_page(
    world: World, live_server: LiveServer, state: Callable[[World], SendingDomain]
) -> None:
    domain = state(world)
    session = session_of(world.alice)
    with chromium() as browser:
        look(browser, live_server, session, reverse("domains:review", args=[domain.account_id, domain.pk]))


@pytest.mark.parametrize("given", [False, True])
def test_axe_finds_nothing_on_the_sender_information(world: World, live_server: LiveServer, given: bool) -> None:
    if given:
        company.save(world.account, COMPANY)
        company.save(world.account, {"info_level": "individual"})
    session = session_of(world.alice)
    address = reverse("domains:company", args=[world.account.pk])
    with chromium() as browser:
        look(browser, live_server, session, f"{address}?next={world.domain.pk}")


@pytest.mark.parametrize("place", ["", "{domain}/", "{domain}/reject/"])
def test_nothing_scrolls_sideways_at_the_desk(world: World, live_server: LiveServer, place: str) -> None:
    domain = manual(world)
    staff = make_user("sam@platform.test")
    staff.is_staff = staff.is_superuser = True
    staff.save()
    session = session_of(staff)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(f"{live_server.url}/admin/compliance/{place.format(domain=domain.pk)}")
        found = [one for one in flaws(page) if one.endswith("sideways") or OURS.search(one)]
        assert found == []


def test_from_the_missing_information_to_answered_questions_by_hand(world: World, live_server: LiveServer) -> None:
    domain = make_domain(world.account, "googel.test", approved=False)
    session = session_of(world.alice)
    address = live_server.url + reverse("domains:review", args=[domain.account_id, domain.pk])
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(address)
        page.get_by_role("link", name="Enter the sender information").click()
        page.get_by_label("Business").check()
        page.get_by_label("Name", exact=True).fill("Acme Shop")
        page.get_by_label("Street and number").fill("1 Harbour Road")
        page.get_by_label("Postal code").fill("5003")
        page.get_by_label("City").fill("Bergen")
        page.get_by_role("button", name="Save the sender information").click()
        expect(page.get_by_text("This is missing.").first).to_be_visible()
        assert flaws(page) == []
        page.get_by_label("Country").select_option("Norway")
        page.get_by_label("Website").fill("acme.test")
        page.get_by_role("button", name="Save the sender information").click()
        expect(page.get_by_text("The sender information was saved.")).to_be_visible()
    looked_at(domain)
    with chromium() as browser:
        page = open_page(browser, width=390)
        sign_in(page, live_server.url, session)
        page.goto(address)
        page.get_by_label("What do you send?").fill(ANSWERS["purpose"])
        page.get_by_label("Who gets it?").fill(ANSWERS["recipients"])
        page.get_by_label("They bought from us").check()
        page.get_by_label("Up to 10,000").check()
        page.get_by_label("Where can we see what you do?").fill("https://acme.test")
        page.get_by_role("button", name="Send the answers").click()
        expect(page.get_by_role("heading", name="googel.test is under review")).to_be_visible()
    assert domain.reviews.get().state == ComplianceReview.State.AUTOMATIC
    looked_at(domain)


def look(browser: Browser, live_server: LiveServer, session: str, address: str) -> None:
    page = open_page(browser)
    sign_in(page, live_server.url, session)
    page.goto(live_server.url + address)
    assert flaws(page) == []
