"""What a production configuration demands of browsers and clients, and how its keys are changed."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import allauth
import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet
from django.conf import settings
from django.core import signing
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.letters import Letter, compose
from accounts.sign_in_news import NEW_BROWSER
from domains.models import DkimKey
from mailtrap_site import asgi, plain_http, sealed
from mailtrap_site.testing.world import World

PRODUCTION = {
    "EMBEDDED": "false",
    "DEBUG": "false",
    "ROUTE": "mx",
    "SITE_URL": "https://mail.example.com",
    "PLATFORM_DOMAIN": "example.com",
    "SECRET_KEY": "a-long-secret-of-more-than-fifty-characters-0123456789-abcdefgh",
    "SECRET_KEY_FALLBACKS": "an-older-secret-of-more-than-fifty-characters-0123456789-abcd",
}


def test_the_checks_of_a_deployment_are_silent_and_old_keys_open_links():
    script = (
        "from django.core.management import call_command as c; import django; django.setup();"
        "c('check', deploy=True, fail_level='WARNING');"
        "from django.conf import settings as s; print(len(s.RECIPIENT_LINK_KEYS), s.SESSION_COOKIE_SECURE,"
        " s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0, s.SUPPORT_EMAIL)"
    )
    environment = os.environ | PRODUCTION | {"DJANGO_SETTINGS_MODULE": "mailtrap_site.settings"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2 True True True support@example.com"


@pytest.fixture
def production(settings: Any) -> None:
    settings.HTTPS_ONLY = settings.SECURE_SSL_REDIRECT = True


@pytest.mark.parametrize("path", ["/api/send", "/api/batch", "/bulk/api/send", "/api/accounts", "/api/accounts/1/x"])
def test_the_apis_refuse_plain_http_and_never_redirect(production: None, db: None, path: str):
    for method in ("get", "post"):
        answer = getattr(Client(), method)(path)
        assert answer.status_code == 403
        assert "HTTPS is required" in answer.content.decode()
    body = json.loads(answer.content)
    assert ("success" in body) == path.startswith(("/api/send", "/api/batch", "/bulk"))


def test_the_event_loop_refuses_it_too(production: None):
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("the body is not read")

    asyncio.run(asgi.choose({"type": "http", "scheme": "http", "path": "/api/send", "headers": []}, receive, send))
    assert sent[0]["status"] == 403
    assert json.loads(sent[1]["body"]) == {"success": False, "errors": [plain_http.WORDS]}


def test_pages_are_led_to_https_and_probes_of_the_machine_are_answered(production: None, db: None):
    answer = Client().get("/pricing/")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/pricing/")
    assert Client().get("/healthz").status_code == 200
    assert Client().get("/api/accounts", secure=True).status_code == 401


def test_every_page_says_what_a_browser_may_do_and_where_help_is(db: None, settings: Any):
    settings.SUPPORT_EMAIL = "help@example.com"
    answer = Client().get("/accounts/login/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "camera=()" in answer["Permissions-Policy"]
    assert "mailto:help@example.com" in answer.content.decode()


NEVER_SENT = {
    "account/email/base": "the others extend it",
    "account/email/login_code": "nobody signs in by a code in a letter",
    "account/email/password_reset_code": "a new password is chosen by a link",
    "account/email/unknown_account": "ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS",
    "socialaccount/email/account_connected": "SocialAccountAdapter writes no letters",
    "socialaccount/email/account_disconnected": "the same",
}
"""Letters of allauth that keep its own words, with why."""


def test_every_letter_says_where_help_is(settings: Any):
    settings.SUPPORT_EMAIL = "help@example.com"
    folder = Path(allauth.__file__).parent / "templates"
    names = {str(one.relative_to(folder)).removesuffix("_message.txt") for one in folder.glob("*/email/*_message.txt")}
    links = dict.fromkeys(("activate_url", "password_reset_url"), "https://mail.example.com/x")
    letters = [
        get_adapter().render_mail(name, "ada@reader.test", links) for name in {*names, NEW_BROWSER} - NEVER_SENT.keys()
    ]
    letters.append(compose(Letter("Subject", ("Text.",), "Because."), "ada@reader.test"))
    assert len(letters) > 15
    for letter in letters:
        text, html = str(letter.body), str(letter.alternatives[0][0])
        assert "help@example.com" in text, letter.subject
        assert "mailto:help@example.com" in html, letter.subject
    # What is not written by allauth is composed of these alone.
    assert {one.name for one in (Path(settings.BASE_DIR) / "templates" / "emails").iterdir()} == {
        "_meter.html",
        "letter.html",
        "letter.txt",
    }


def test_what_an_older_key_signed_still_holds(settings: Any):
    signed = signing.dumps("x", salt="s")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert signing.loads(signed, salt="s") == "x"


@pytest.fixture
def new_key(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A key that is put before the old one; afterwards alone."""
    old, new = sealed._box(), Fernet(Fernet.generate_key())
    both = type(old)([new, *old._fernets])
    monkeypatch.setattr(sealed, "_box", lambda: both)
    return lambda: monkeypatch.setattr(sealed, "_box", lambda: type(old)([new]))


def test_after_rotation_the_old_key_may_go(world: World, new_key: Any):
    TOTP.activate(world.alice, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(world.alice)
    Authenticator.objects.create(user=world.bob, type="totp", data={"secret": "BEFORESEALING"})
    key = DkimKey.objects.first()
    assert key is not None
    private = key.private_key
    call_command("rotate_keys")
    new_key()
    assert DkimKey.objects.get(pk=key.pk).private_key == private
    found = {one.user_id: one for one in Authenticator.objects.filter(type="totp")}
    assert sealed.unseal(found[world.alice.pk].data["secret"]) == "JBSWY3DPEHPK3PXP"
    assert sealed.unseal(found[world.bob.pk].data["secret"]) == "BEFORESEALING"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM domains_dkimkey WHERE private_key NOT LIKE 'gAAAA%%'")
        assert cursor.fetchone()[0] == 0


def test_the_threat_model_names_tests_that_exist():
    text = (Path(settings.BASE_DIR) / "docs" / "threat-model.md").read_text()
    named, last = re.findall(r"`([a-z_/.]*)(?:::(test_\w+))?`", text), ""
    found = 0
    for path, function in named:
        last = path if "/tests/" in path else last if not path else ""
        if not last:
            continue
        found += 1
        file = Path(settings.BASE_DIR) / last
        assert file.exists(), last
        assert not function or f"def {function}(" in file.read_text(), (last, function)
    assert found > 30
