"""Signing up: from three fields to a confirmed person with an account of their own."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from accounts.models import Account, AuditEntry, Membership, Role, User
from accounts.tests.letters import html_of
from mailtrap_site.testing.world import PASSWORD, make_user

NEW = {"name": "Priya Raman", "email": "Priya@Brightwater.test", "password1": "three unrelated words"}


def sign_up(client: Client, **changes: str):
    return client.post(reverse("account_signup"), NEW | changes)


def link_in(message: mail.EmailMessage) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", str(message.body))
    assert found
    return found.group(1)


@pytest.mark.django_db
def test_from_sign_up_to_a_confirmed_owner(client: Client):
    answer = sign_up(client)
    assert (answer.status_code, answer["Location"]) == (302, reverse("account_email_verification_sent"))
    user = User.objects.get()
    assert (user.email, user.name) == ("priya@brightwater.test", "Priya Raman")

    [letter] = mail.outbox
    assert letter.to == ["priya@brightwater.test"]
    assert letter.subject == "Confirm your email address for Mailtrap"
    link = link_in(letter)
    assert client.get(link).status_code == 200
    assert not EmailAddress.objects.get(user=user).verified, "looking at the link must not confirm"
    answer = client.post(link)
    assert EmailAddress.objects.get(user=user).verified
    assert client.session["_auth_user_id"] == str(user.pk)
    assert len(mail.outbox) == 1, "one letter is enough"

    account = Account.objects.get()
    assert account.name == "Priya Raman"
    assert Membership.objects.get(account=account, user=user).role == Role.OWNER
    entry = AuditEntry.objects.get(action="account.created")
    assert (entry.action, entry.actor, entry.account) == ("account.created", user, account)


@pytest.mark.django_db
def test_nobody_signs_in_before_the_address_is_confirmed(client: Client):
    sign_up(client)
    answer = client.post(reverse("account_login"), {"login": NEW["email"], "password": NEW["password1"]})
    assert answer["Location"] == reverse("account_email_verification_sent")
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_sign_in_asks_for_no_particular_case(client: Client):
    user = make_user("alice@acme.test")
    client.post(reverse("account_login"), {"login": "ALICE@Acme.test", "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.django_db
def test_a_known_address_gets_a_letter_and_the_page_tells_nothing(client: Client):
    make_user("priya@brightwater.test")
    answer = sign_up(client)
    assert answer["Location"] == reverse("account_email_verification_sent")
    assert User.objects.count() == 1
    assert not Account.objects.exists()
    assert mail.outbox[0].subject == "You already have an account at Mailtrap"


@pytest.mark.django_db
def test_the_database_holds_one_user_an_address_whatever_its_case():
    User.objects.create_user("alice@acme.test", PASSWORD)
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(email="Alice@ACME.test")])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("email", "nonsense"), ("password1", "short"), ("password1", "priya@brightwater")],
)
def test_what_does_not_stand_makes_no_user(client: Client, field: str, value: str):
    answer = sign_up(client, **{field: value})
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert not User.objects.exists()
    assert not mail.outbox


@pytest.mark.django_db
def test_a_new_password_by_letter(client: Client):
    user = make_user("alice@acme.test")
    client.post(reverse("account_reset_password"), {"email": "Alice@acme.test"})
    [letter] = mail.outbox
    assert letter.subject == "Choose a new password for Mailtrap"
    form = client.get(link_in(letter), follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": "an entirely new one", "password2": "an entirely new one"})
    user.refresh_from_db()
    assert user.check_password("an entirely new one")


@pytest.mark.django_db
def test_a_changed_password_is_told_by_letter(client: Client):
    client.force_login(make_user("alice@acme.test"))
    client.post(reverse("account_login"), {"login": "alice@acme.test", "password": PASSWORD})
    new = "an entirely new one"
    client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert [letter.subject for letter in mail.outbox] == ["Your password was changed"]
    assert re.search(r"^When: \d+ \w+ 20\d\d, \d\d:\d\d UTC$", str(mail.outbox[0].body), re.MULTILINE)


@pytest.mark.django_db
def test_a_reset_for_an_unknown_address_sends_nothing_and_tells_nothing(client: Client):
    answer = client.post(reverse("account_reset_password"), {"email": "nobody@acme.test"})
    assert answer["Location"] == reverse("account_reset_password_done")
    assert not mail.outbox


@pytest.mark.django_db
def test_a_letter_says_the_same_as_text_and_as_html(client: Client):
    sign_up(client)
    [letter] = mail.outbox
    html = html_of(letter)
    link = link_in(letter)
    assert link in html
    assert "Welcome. One step is left" in letter.body
    assert "Welcome. One step is left" in html
    assert "<script" not in html


@pytest.mark.django_db
def test_nobody_signs_up_with_a_throw_away_mailbox(client: Client):
    answer = sign_up(client, email="x@sub.mailinator.com")
    assert "throw-away mailbox" in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.django_db
def test_one_address_signs_up_so_many_people_a_day(client: Client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"signup": "20/m/ip,3/d/ip"}
    answers = [sign_up(Client(), email=f"p{number}@many.test").status_code for number in range(4)]
    assert answers == [302, 302, 302, 429]
