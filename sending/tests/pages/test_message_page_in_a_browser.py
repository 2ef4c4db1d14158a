"""The page of one message in a real browser: axe finds nothing in any state, and nothing scrolls sideways."""

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from billing import requests
from mailtrap_site.testing.browser import chromium, flaws, open_page, session_of, sign_in
from mailtrap_site.testing.mail import make_event, make_message
from mailtrap_site.testing.world import World, make_world
from sending.events.record import News, record_news
from sending.models import Event, Message, Suppression

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]
E = Event.Type
STATES = ("bounced", "reported", "gave_up", "deferred", "held", "rejected", "complained", "asked")


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def make(world: World, state: str) -> Message:
    domain = world.domain
    match state:
        case "bounced":
            message = make_message(domain, status=state, reply=(550, "5.7.26", "DMARC check failed", "verifyfail"))
        case "gave_up":
            message = make_message(domain, status="bounced", reply=(None, "4.4.1", "Connection refused", "timeout"))
        case "reported":
            message = make_message(domain)
            told = {
                "response_code": 550,
                "email_service_provider_response": "Mailbox full",
                "reported_by": "mx.far.test",
            }
            news = News(
                message.pk, message.account_id, E.BOUNCE, message.sent_at, told | {"bounce_category": "overquota"}
            )
            record_news([news])
            _suppress(message, "hard bounce")
        case "held":
            message = make_message(domain, status=state)
            told = {"code": "domain_not_verified", "reject_reason": "The DNS records do not stand any more"}
            make_event(message, E.SUSPENSION, told)
        case "rejected":
            message = make_message(domain, status=state)
            reason = "Recipient in suppression list. Reason: spam complaint"
            make_event(message, E.REJECT, {"code": "suppressed", "reject_reason": reason})
            _suppress(message, "spam complaint")
        case "complained":
            message = make_message(domain)
            make_event(message, E.SPAM, {"spam_feedback_type": "abuse", "reported_by": "fbl.far.test"})
            _suppress(message, "spam complaint")
        case "asked":
            message = make_message(domain)
            asked = requests.ask_about_message(world.account, message.pk, "Where is it?", world.alice)
            requests.answer_question(asked, "In the junk folder, says their postmaster.", world.bob)
        case _:
            message = make_message(domain, status=state)
    return message


def _suppress(message: Message, kind: str) -> None:
    Suppression.objects.create(account_id=message.account_id, email=message.recipient, stream="any", type=kind)


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_in_either_theme_and_width(world: World, live_server: LiveServer, state: str) -> None:
    message = make(world, state)
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + reverse("sending:message", args=[world.account.pk, message.pk]))
        assert flaws(page, f"message-{state}") == []


def test_a_question_is_asked_in_the_dialog_and_without_scripts(world: World, live_server: LiveServer) -> None:
    message, other = make_message(world.domain), make_message(world.domain)
    session = session_of(world.alice)
    with chromium() as browser:
        page = open_page(browser)
        sign_in(page, live_server.url, session)
        page.goto(live_server.url + reverse("sending:message", args=[world.account.pk, message.pk]))
        page.get_by_role("link", name="Ask support").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Your question").fill("Where is it?")
        assert flaws(page, "question-dialog") == []
        dialog.get_by_role("button", name="Send the question").click()
        page.wait_for_selector(".toast")
        assert page.get_by_text("Where is it?").is_visible()
        plain = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}).new_page()
        sign_in(plain, live_server.url, session)
        plain.goto(live_server.url + reverse("sending:message", args=[world.account.pk, other.pk]))
        plain.get_by_role("link", name="Ask support").click()
        plain.get_by_label("Your question").fill("And this one?")
        plain.get_by_role("button", name="Send the question").click()
        assert plain.get_by_text("And this one?").is_visible()
