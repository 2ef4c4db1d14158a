"""In a real browser: axe finds nothing, nothing scrolls sideways, no script or style is refused by the policy."""

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account, Membership, Role, User
from mailtrap_site.testing.browser import chromium, flaws, open_page

PATHS = (
    "/styleguide/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/confirm-email/",
)

pytestmark = [
    pytest.mark.outside("chromium"),
    pytest.mark.urls("mailtrap_site.tests.web.urls_with_styleguide"),
    pytest.mark.django_db(transaction=True),
]


def complaints(page: Page) -> list[str]:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def stands(page: Page, url: str, said: list[str]) -> None:
    page.goto(url)
    assert flaws(page) == []
    assert said == []


def test_the_style_guide_stands(live_server: LiveServer) -> None:
    with chromium() as browser:
        page = open_page(browser)
        stands(page, live_server.url + "/styleguide/", complaints(page))


def test_the_entrance_stands(live_server: LiveServer) -> None:
    with chromium() as browser:
        page = open_page(browser)
        said = complaints(page)
        for path in PATHS:
            stands(page, live_server.url + path, said)


def test_the_theme_is_chosen_kept_and_set_before_the_first_paint(live_server: LiveServer) -> None:
    with chromium() as browser:
        page = open_page(browser, "light")
        page.goto(live_server.url + "/styleguide/")
        page.click("[data-theme-choice] button[value=dark]")
        page.reload(wait_until="commit")
        page.wait_for_selector("body", state="attached")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        page.wait_for_load_state()
        assert page.get_attribute("[data-theme-choice] button[value=dark]", "aria-pressed") == "true"


def test_copying_says_so_politely(live_server: LiveServer) -> None:
    with chromium() as browser:
        page = open_page(browser)
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(live_server.url + "/styleguide/")
        page.click("[aria-label='Copy the name of DMARC policy']")
        page.wait_for_function("document.getElementById('said').textContent === 'Copied'")
        assert page.evaluate("navigator.clipboard.readText()") == "_dmarc"


def test_keys_open_the_list_of_keys_and_rest_in_fields(live_server: LiveServer) -> None:
    with chromium() as browser:
        page = open_page(browser)
        page.goto(live_server.url + "/styleguide/")
        page.focus("#sample_hint")
        page.keyboard.press("?")
        assert not page.evaluate("document.getElementById('keys').open")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("?")
        assert page.evaluate("document.getElementById('keys').open")
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.hash") == "#news"


def test_times_are_rewritten_in_the_zone_of_the_browser(live_server: LiveServer) -> None:
    with chromium() as browser:
        page = browser.new_context(timezone_id="Asia/Tokyo").new_page()
        page.goto(live_server.url + "/styleguide/")
        page.wait_for_function("document.querySelector('time[data-when]').title.endsWith('Asia/Tokyo')")
        assert {"name": "time_zone", "value": "Asia%2FTokyo"}.items() <= page.context.cookies()[-1].items()


SIGNED_IN_PATHS = (
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/sessions/",
    "/accounts/reauthenticate/",
    "/accounts/logout/",
)


@pytest.fixture
def reader(transactional_db: None) -> User:
    user = User.objects.create_user("priya@brightwater.example", "three unrelated words", name="Priya Raman")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    account = Account.objects.create(name="Brightwater Books")
    Membership.objects.create(account=account, user=user, role=Role.OWNER)
    return user


def test_the_pages_about_ones_own_sign_in_stand(live_server: LiveServer, reader: User) -> None:
    address = reader.email
    with chromium() as browser:
        page = open_page(browser)
        said = complaints(page)
        page.goto(f"{live_server.url}/accounts/login/?next={SIGNED_IN_PATHS[0]}")
        page.fill("[name=login]", address)
        page.fill("[name=password]", "three unrelated words")
        page.click("main button.button-primary")
        page.wait_for_url("**" + SIGNED_IN_PATHS[0])
        for path in SIGNED_IN_PATHS:
            stands(page, live_server.url + path, said)
