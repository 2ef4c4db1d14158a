"""An account near its limit, over the real doors of a whole instance: the letter at 80 %, mail that is refused at the
limit, and from the letter's button over sign-in, plan and test card to mail that is accepted again."""

import re
import smtplib
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mailtrap_site.testing.browser import chromium, open_page
from mailtrap_site.testing.live_instance import PATIENCE, Client, LiveInstance, wait_for
from mailtrap_site.testing.newcomer import set_up_a_domain
from mailtrap_site.tests.test_browser_story import complaints, look_at
from mailtrap_site.tests.test_first_email import confirmation_link

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(300), pytest.mark.outside("chromium")]

ADDRESS, PASSWORD, DOMAIN = "joan@upgrade.test", "three unrelated words", "upgrade.test"
LIMIT = 4_000
DECLINED, GOOD = "4000 0000 0000 0002", "4242 4242 4242 4242"


def test_from_the_letter_at_80_percent_over_the_card_to_mail_again(live: LiveInstance) -> None:
    account_id, token = newcomer(live)
    shop = live.client(account_id, token)
    shop.send(mail("first"))

    use_up(live, account_id, LIMIT * 8 // 10 - 1)
    shop.send(mail("eighty"))
    wait_for(lambda: letter_about(live, "80"), "the letter at 80 %")

    use_up(live, account_id, LIMIT - 1)
    with live.smtp(token) as session:
        assert session.send_message(plain_mail("last")) == {}
    # The dialogue refuses early by what it saw at most two seconds ago.
    full = 535, b"5.7.0 Monthly messages limit reached"
    wait_for(lambda: refusal_by_smtp(live, token) == full, "no more mail by SMTP")
    refused = shop.post("/api/send", mail("refused"))
    assert (refused.status_code, refused.json()["errors"]) == (403, ["Monthly messages limit reached"])
    wait_for(lambda: letter_about(live, "all of"), "the letter at the limit")

    upgrade(live, account_id)

    wait_for(lambda: refusal_by_smtp(live, token) is None, "mail by SMTP again")
    with live.smtp(token) as session:
        assert session.send_message(plain_mail("again")) == {}
    [message_id] = shop.send(mail("api-again"))
    shop.wait_until(message_id, "delivered")
    assert shop.used == 2
    assert limit_of(shop) == 10_000


def newcomer(live: LiveInstance) -> tuple[int, str]:
    """A new account on Free with a verified domain: its id and a token."""
    visitor = live.visitor()
    visitor.open("/accounts/signup/")
    visitor.press("Create account", name="Joan Upgrade", email=ADDRESS, password1=PASSWORD)
    visitor.open(confirmation_link(live.wait_for_captured(ADDRESS)))
    visitor.press("Confirm the address")
    joan = live.visitor()
    joan.open("/accounts/login/")
    joan.press("Sign in", login=ADDRESS, password=PASSWORD)
    account = re.fullmatch(r"/a/(\d+)/", joan.path)
    assert account, joan.path
    set_up_a_domain(joan, account[0], DOMAIN)
    joan.open(f"{account[0]}tokens/")
    joan.press("Add the token", name="Shop")
    (token,) = [text for text in joan.text_of("code") if re.fullmatch("[0-9a-f]{32}", text)]
    return int(account[1]), token


def upgrade(live: LiveInstance, account_id: int) -> None:
    """In the browser: the letter, its button, sign-in, the plan, a card that is declined and one that pays."""
    with chromium() as browser:
        page = open_page(browser)
        page.context.set_default_timeout(PATIENCE * 1000)
        expect.set_options(timeout=PATIENCE * 1000)
        said = complaints(page.context)
        page = open_the_letter(live, page)
        look_at(page, "Sign in")
        page.get_by_label("Email").fill(ADDRESS)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        look_at(page, "Free, $0 a month")
        assert page.url == f"{live.url}/a/{account_id}/plan/"
        card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Basic 10K"))
        expect(card).to_contain_text("$15 today, then $15 a month.")
        card.get_by_role("button", name="Change to Basic 10K").click()
        expect(page.get_by_role("heading", name="Subscribe to Basic 10K")).to_be_visible()
        pay_with(page, DECLINED)
        expect(page.get_by_role("alert")).to_have_text("Your card was declined.")
        pay_with(page, GOOD)
        look_at(page, "Basic 10K, $15 a month")
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Usage").click()
        look_at(page, "0 of 10,000 emails used")
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Plan").click()
        page.get_by_role("link", name="Invoices").click()
        expect(page.get_by_role("row").nth(1)).to_contain_text("$15.00")
        assert said == []


def open_the_letter(live: LiveInstance, page: Page) -> Page:
    """Reads the letter at 80 % in the captured mailbox and presses its button; the page that it opened."""
    page.goto(f"{live.url}/captured/?recipient={ADDRESS}")
    row = page.get_by_role("row").filter(has_text=re.compile(r"has used 80\s% of this month’s emails"))
    row.get_by_role("link").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("link", name="Stop usage letters")).to_be_visible()
    with page.expect_popup() as opened:
        frame.get_by_role("link", name="See usage and plans").click()
    return opened.value


def pay_with(page: Page, card: str) -> None:
    """At the stand-in's Checkout."""
    page.get_by_label("Card number").fill(card)
    page.get_by_role("button", name="Subscribe").click()


def use_up(live: LiveInstance, account_id: int, used: int) -> None:
    """As if so many had been sent, which no test has the time for."""
    assert live.change("UPDATE billing_usageperiod SET used = %s WHERE account_id = %s", used, account_id) == 1


def letter_about(live: LiveInstance, words: str) -> bool:
    """Whether a letter with these words in its subject has arrived."""
    letters = [BytesParser(policy=default).parsebytes(letter) for letter in live.captured(ADDRESS)]
    subjects = [str(letter["Subject"]).replace("\N{NO-BREAK SPACE}", " ") for letter in letters]
    return any("this month’s emails" in subject and words in subject for subject in subjects)


def refusal_by_smtp(live: LiveInstance, token: str) -> tuple[int, bytes] | None:
    """What signing in to the SMTP server is answered; None where it is accepted."""
    try:
        with live.smtp(token):
            return None
    except smtplib.SMTPAuthenticationError as refused:
        assert isinstance(refused.smtp_error, bytes)
        return refused.smtp_code, refused.smtp_error


def limit_of(shop: Client) -> int:
    return int(shop.get("billing/usage")["sending"]["usage"]["sent_messages_count"]["limit"])


def mail(name: str) -> dict[str, Any]:
    return {
        "from": {"email": f"shop@{DOMAIN}"},
        "to": [{"email": f"{name}@reader.test"}],
        "subject": name,
        "text": "It works.",
    }


def plain_mail(name: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"shop@{DOMAIN}", f"{name}@reader.test", name
    message.set_content("It works.")
    return message
