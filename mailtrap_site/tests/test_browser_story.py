"""A newcomer's first minutes in a real browser, against a whole instance: from signing up to a delivered email.

Each page on the way is looked at in both themes, once as wide as a desk and once as a phone: axe finds nothing, nothing
scrolls sideways, no script fails and nothing is refused by the content policy.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from mailtrap_site.testing.browser import chromium, flaws, open_page
from mailtrap_site.testing.live_instance import PATIENCE, LiveInstance

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(300), pytest.mark.outside("chromium")]

ADDRESS, PASSWORD, DOMAIN = "hedy@browser.test", "three unrelated words", "browser.test"


@pytest.fixture
def first_page() -> Iterator[Page]:
    with chromium() as browser:
        page = open_page(browser)
        page.context.set_default_timeout(PATIENCE * 1000)
        expect.set_options(timeout=PATIENCE * 1000)
        said = complaints(page.context)
        yield page
        assert said == []


def test_from_sign_up_to_a_delivered_email(live: LiveInstance, first_page: Page) -> None:
    page = sign_up(live, first_page)
    verify_a_domain(page)
    make_a_token(page)
    send_the_first_email(page)


def sign_up(live: LiveInstance, page: Page) -> Page:
    """From the sign-in page to the overview; the page that the link in the letter opened."""
    page.goto(f"{live.url}/accounts/login/")
    look_at(page, "Sign in")
    page.get_by_role("link", name="Create one").click()
    look_at(page, "Create your account")
    page.get_by_label("Your name").fill("Hedy Browser")
    page.get_by_label("Work email").fill(ADDRESS)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    look_at(page, "A letter is on its way")
    page.get_by_role("link", name="Read it in the captured mail").click()
    page.get_by_role("link", name=ADDRESS).click()
    look_at(page, "Confirm your email address for Mailtrap")
    page.get_by_role("link", name="Captured mail").first.click()
    look_at(page, "Captured mail")
    page.get_by_role("link", name=ADDRESS).click()
    with page.expect_popup() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Confirm this address").click()
    page = opened.value
    look_at(page, "Confirm your address")
    page.get_by_role("button", name="Confirm the address").click()
    look_at(page, "Nothing sent yet.")
    assert re.fullmatch(r"/a/\d+/", page.url.removeprefix(live.url))
    return page


def verify_a_domain(page: Page) -> None:
    """From the overview to a domain that may send."""
    page.locator("#content").get_by_role("link", name="Add a domain").click()
    look_at(page, "Add a domain")
    page.get_by_label("Domain").fill(DOMAIN)
    page.get_by_role("button", name="Add the domain").click()
    look_at(page, f"Set up {DOMAIN}")
    page.get_by_role("button", name="Publish in the demo zone").click()
    expect(page.get_by_text("The records were published in the demo zone.")).to_be_visible()
    # The page asks by itself as well, and may be the quicker.
    stands = page.get_by_text("Its records stand. Next: say who sends.")
    check_now = page.get_by_role("button", name="Check now")
    check_now.click()
    expect(stands).to_be_visible()
    look_at(page, f"Set up {DOMAIN}")
    say_who_sends(page)
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Sending domains").click()
    look_at(page, "Sending domains")
    expect(page.get_by_role("row", name=DOMAIN)).to_contain_text("Verified")


def say_who_sends(page: Page) -> None:
    """The sender information, and the review that approves the domain by itself while the page looks on."""
    domain_url = page.url.partition("?")[0]
    page.goto(f"{domain_url}review/")
    look_at(page, f"{DOMAIN} waits for your sender information")
    page.get_by_role("link", name="Enter the sender information").click()
    look_at(page, "Who stands behind the mail")
    page.get_by_label("Name", exact=True).fill("Hedy Browser")
    page.get_by_label("Street and number").fill("1 Harbour Road")
    page.get_by_label("Postal code").fill("5003")
    page.get_by_label("City").fill("Bergen")
    page.get_by_label("Country").select_option("Norway")
    page.get_by_label("Website").fill(DOMAIN)
    page.get_by_role("button", name="Save the sender information").click()
    expect(page.get_by_text("The sender information was saved.")).to_be_visible()
    page.goto(f"{domain_url}review/")
    look_at(page, f"{DOMAIN} is approved")


def make_a_token(page: Page) -> None:
    """A token, and the page that shows it once."""
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="API tokens").click()
    look_at(page, "API tokens")
    page.get_by_label("Name of the token").fill("Shop")
    page.get_by_role("button", name="Add the token").click()
    expect(page.locator(".secret code")).to_have_text(re.compile("^[0-9a-f]{32}$"))
    look_at(page, "API tokens")


def send_the_first_email(page: Page) -> None:
    """From the lines to paste to the message's page, the log and the overview."""
    pages = page.get_by_role("navigation", name="Pages")
    pages.get_by_role("link", name="Email log").click()
    look_at(page, "Email log")
    pages.get_by_role("link", name="API and SMTP").click()
    look_at(page, "API and SMTP")
    page.get_by_role("button", name="Send a test email").click()
    # The page of the message follows its delivery by itself.
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Delivered to {ADDRESS}")
    look_at(page, f"Delivered to {ADDRESS}")
    page.get_by_role("navigation", name="Parts of the message").get_by_role("link", name="Source").click()
    expect(page.locator("#story")).to_contain_text(f"d={DOMAIN};")
    look_at(page, f"Delivered to {ADDRESS}")
    pages.get_by_role("link", name="Email log").click()
    expect(page.get_by_role("row", name=f"Delivered {ADDRESS} Test email from {DOMAIN}")).to_be_visible()
    look_at(page, "Email log")
    pages.get_by_role("link", name="Overview").click()
    look_at(page, "Mail is flowing.")
    expect(page.locator("#content").get_by_role("meter")).to_have_attribute("aria-valuenow", "1")


def look_at(page: Page, heading: str) -> None:
    """The page with this heading, as a desk in light and as a phone in dark show it, then as the desk again."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    assert flaws(page) == [], page.url


def complaints(context: BrowserContext) -> list[str]:
    """What the browser objects to on any page of the context, from now on."""
    said: list[str] = []

    def hear(line: ConsoleMessage) -> None:
        if line.type in ("error", "warning"):
            said.append(line.text)

    context.on("console", hear)
    context.on("weberror", lambda problem: said.append(str(problem.error)))
    return said
