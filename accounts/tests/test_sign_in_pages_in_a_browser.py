"""Every page about signing in, the audit log and the notifications in a real browser, and a passkey added by hand."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from accounts import audit, single_sign_on, standing, two_factor
from accounts.letter_choice import one_click_path
from accounts.models import Notification, Role, User
from accounts.notices import notify, tell_person
from accounts.single_sign_on import Wanted
from billing import subscriptions
from billing.plans import PLANS, Feature
from mailtrap_site.testing.browser import chromium, flaws, open_page, sign_in
from mailtrap_site.testing.world import PASSWORD, World, make_domain, make_user, make_world

pytestmark = [pytest.mark.outside("chromium"), pytest.mark.django_db(transaction=True)]


def session_by_password(user: User) -> str:
    """A session in which the password was typed twice, so that no page asks for it again."""
    client = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36"})
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client.cookies["sessionid"].value


def furnish(world: World) -> None:
    """News, acts, a rule, a provider and a key, so that no page is empty."""
    plan = next(plan for plan in PLANS.on_offer if Feature.SSO in plan.features)
    subscriptions.put_on(world.account, plan, subscriptions.By(), timezone.now())
    make_domain(world.account, "acme.test")
    single_sign_on.save(world.account, Wanted("https://login.acme.test", "mail", "s", ["acme.test"], Role.VIEWER, True))
    changes = {"url": {"from": "https://a.example/hooks", "to": "https://shop.example/hooks/mail"}}
    audit.record("webhook.changed", account=world.account, actor=world.bob, target=world.domain, changes=changes)
    standing.suspend(world.account, "Too many complaints", staff=world.charlie)
    standing.release(world.account, staff=world.charlie)
    title = "Records of example.test are gone"
    notify(world.account, "domain.records_gone", title, "Publish them.", "/a/1/", "warning")
    tell_person(world.alice, "user.password_changed", "Your password was changed", "Just now.", "/profile/")
    Notification.objects.filter(kind="account.released").update(read_at=timezone.now())
    two_factor.require_from(world.account, timezone.now() + timedelta(days=3))


def pages_of(world: World) -> dict[str, str]:
    account = [world.account.pk]
    return {
        "audit": reverse("accounts:audit", args=account),
        "notifications": reverse("accounts:notifications") + "?show=all",
        "letters": reverse("accounts:letters", args=account),
        "security": reverse("accounts:security", args=account),
        "two-factor-needed": reverse("accounts:two_factor_needed", args=account),
        "sso-settings": reverse("single_sign_on:settings", args=account),
        "profile": "/profile/",
        "password": "/accounts/password/change/",
        "sessions": "/accounts/sessions/",
        "mfa": "/accounts/2fa/",
        "totp": "/accounts/2fa/totp/activate/",
        "passkeys": "/accounts/2fa/webauthn/",
        "passkey-add": "/accounts/2fa/webauthn/add/",
        "logout": "/accounts/logout/",
    }


def look(page: Page, url: str, name: str) -> None:
    answer = page.goto(url)
    assert answer is not None
    assert answer.ok, (name, answer.status)
    assert page.url.startswith(url.partition("?")[0]), (name, page.url)
    assert flaws(page, name) == [], name


def test_each_page_in_each_look(transactional_db: None, live_server: LiveServer, settings: Any):
    # On a busy machine the walk takes longer than a password that was typed twice is believed.
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 3_600
    world = make_world()
    furnish(world)
    owner = session_by_password(world.alice)
    # Bob's address is one that signs in at the provider only.
    admin = session_by_password(make_user("sam@elsewhere.test", world.account, Role.ADMIN))
    dana = make_user("dana@elsewhere.test", world.account, Role.ADMIN)
    late = session_by_password(dana)
    TOTP.activate(dana, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(dana)
    asked = Client()
    asked.force_login(dana)
    stale = asked.cookies["sessionid"].value
    waiting = Client()
    waiting.post("/accounts/login/", {"login": dana.email, "password": PASSWORD})
    half = waiting.cookies["sessionid"].value
    signed_out = {
        "login": "/accounts/login/",
        "sso": "/sso/",
        "letters-stop": one_click_path(world.account, world.alice, "usage.alert"),
        "password-reset": "/accounts/password/reset/",
    }
    # Who has an address to confirm cannot set up a factor, so that is shown with somebody who has one.
    EmailAddress.objects.create(user=dana, email="dana@new.test", verified=False)
    factored = {
        "email": "/accounts/email/",
        "mfa-on": "/accounts/2fa/",
        "totp-off": "/accounts/2fa/totp/deactivate/",
        "codes": "/accounts/2fa/recovery-codes/",
        "codes-new": "/accounts/2fa/recovery-codes/generate/",
    }
    with chromium() as browser:
        add_a_passkey(open_page(browser), live_server.url, admin)
        for session, places in (
            (owner, pages_of(world)),
            ("", signed_out),
            (late, factored),
            (stale, {"reauthenticate": "/accounts/reauthenticate/"}),
            (half, {"authenticate": "/accounts/2fa/authenticate/"}),
        ):
            page = open_page(browser)
            if session:
                sign_in(page, live_server.url, session)
            for name, place in places.items():
                look(page, live_server.url + place, name)


def add_a_passkey(page: Page, site: str, session: str) -> None:
    """With the authenticator that Chromium simulates; an address that is a number is no site for passkeys."""
    site = site.replace("127.0.0.1", "localhost")
    sign_in(page, site, session)
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.goto(f"{site}/accounts/2fa/webauthn/add/")
    page.get_by_label("Name").fill("Desk")
    page.get_by_label("Sign in with it alone").check()
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url(lambda url: not url.endswith("/add/"), wait_until="load")
    page.goto(f"{site}/accounts/2fa/webauthn/")
    assert page.get_by_text("Desk").first.is_visible()
    assert problems == []
