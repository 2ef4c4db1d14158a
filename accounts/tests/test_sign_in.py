"""Signing in, and what a person's other browsers, letters and accounts learn of it."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import known_browsers
from accounts.models import AuditEntry, Notification, User
from mailtrap_site.testing.world import PASSWORD, World

NEW = "an even better horse"
KEY = "JBSWY3DPEHPK3PXP"


def sign_in(user: User, client: Client | None = None, password: str = PASSWORD) -> Client:
    client = client or Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
    client.post("/accounts/login/", {"login": user.email, "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


@pytest.fixture
def alice(world: World) -> User:
    """Somebody who has signed in before."""
    sign_in(world.alice)
    mail.outbox.clear()
    return world.alice


def test_the_first_sign_in_is_no_news_and_a_new_browser_is(world: World):
    client = sign_in(world.alice)
    assert mail.outbox == []
    sign_in(world.alice, client)
    assert mail.outbox == []
    sign_in(world.alice)
    [letter] = mail.outbox
    assert letter.subject == "You signed in from a browser that we do not know"
    assert "Firefox/140.0" in letter.body
    assert "List-Unsubscribe" not in letter.extra_headers
    one = Notification.objects.get(user=world.alice)
    assert (one.kind, one.level, one.account, one.title) == ("user.new_browser", "warning", None, letter.subject)


def test_a_browser_that_knows_somebody_else_is_new_to_this_person(world: World, alice: User):
    client = sign_in(world.bob)
    client.logout()
    sign_in(alice, client)
    assert [one.to for one in mail.outbox] == [[alice.email]]
    assert client.cookies[known_browsers.COOKIE]["httponly"]


def test_each_sign_in_stands_in_the_log_of_each_account_of_theirs(world: World, alice: User):
    entry = AuditEntry.objects.get(action="user.signed_in")
    assert (entry.account, entry.actor, entry.means, entry.ip) == (world.account, alice, "session", "127.0.0.1")


def test_a_new_password_ends_the_other_sessions(alice: User):
    here, there = sign_in(alice), sign_in(alice)
    mail.outbox.clear()
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert (is_in(here), is_in(there)) == (True, False)
    assert [one.subject for one in mail.outbox] == ["Your password was changed"]
    assert AuditEntry.objects.filter(action="user.password_changed").count() == 1
    assert Notification.objects.filter(user=alice, kind="user.password_changed").count() == 1


def test_one_session_is_signed_out_from_the_list(world: World, alice: User):
    here, there = sign_in(alice), sign_in(alice)
    text = here.get("/accounts/sessions/").content.decode()
    assert text.count("Firefox on Linux") >= 2
    other = UserSession.objects.get(session_key=there.session.session_key)
    assert sign_in(world.bob).post(reverse("accounts:session_end", args=[other.pk])).status_code == 404
    here.post(reverse("accounts:session_end", args=[other.pk]))
    assert (is_in(here), is_in(there)) == (True, False)


def test_a_new_address_counts_once_it_is_confirmed(alice: User):
    client = sign_in(alice)
    mail.outbox.clear()
    asked = client.post("/accounts/email/", {"email": "alice@new.test", "action_add": ""})
    assert asked["Location"].startswith("/accounts/reauthenticate/"), "a session alone moves no account"
    client.post(asked["Location"], {"password": PASSWORD})
    alice.refresh_from_db()
    assert alice.email == "alice@acme.test"
    [letter] = [one for one in mail.outbox if one.to == ["alice@new.test"]]
    [path] = re.findall(r"http://localhost:8020(/accounts/confirm-email/\S+/)", str(letter.body))
    assert "alice@new.test waits to be confirmed" in client.get("/accounts/email/").content.decode()
    Client().get(path)
    assert not EmailAddress.objects.get(email="alice@new.test").verified
    client.post(path)
    alice.refresh_from_db()
    assert alice.email == "alice@new.test"
    assert Notification.objects.filter(user=alice, kind="user.email_changed").exists()


def test_who_fails_too_often_is_told_how_long_to_wait(alice: User):
    client = Client()
    for _try in range(5):
        client.post("/accounts/login/", {"login": alice.email, "password": "wrong"})
    text = client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD}).content.decode()
    assert re.search(r"Try again in [45] minutes", text)
    assert not is_in(client)


def test_who_asks_for_too_many_letters_is_told_how_long_to_wait(alice: User):
    for _try in range(30):
        answer = Client().post("/accounts/password/reset/", {"email": alice.email})
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 3_600
    assert re.search(r"Try again in \d+ (minutes?|hours?)", answer.content.decode())


def test_a_second_factor_is_asked_for_and_its_key_is_sealed(alice: User):
    TOTP.activate(alice, KEY)
    kept = Authenticator.objects.get(user=alice).data["secret"]
    assert kept.startswith("gAAAA")
    assert KEY not in kept
    client = sign_in(alice)
    assert not is_in(client)
    counter = next(iter(yield_hotp_counters_from_time()))
    client.post("/accounts/2fa/authenticate/", {"code": format_hotp_value(hotp_value(KEY, counter))})
    assert is_in(client)


def test_a_changed_profile_stands_in_the_log_and_an_unchanged_one_does_not(world: World, alice: User):
    client = sign_in(alice)
    for _time in range(2):
        client.post("/profile/", {"name": "Alice Aldous", "time_zone": ""})
    entry = AuditEntry.objects.get(action="user.profile_changed")
    assert entry.changes == {"name": {"from": "Alice", "to": "Alice Aldous"}}
