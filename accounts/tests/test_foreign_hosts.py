"""The Host header is the client's word: no letter and no redirect may lead where it says.

SDKs reach us as Mailtrap's own API hosts, so these are allowed hosts, yet none of them is this site.
"""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from mailtrap_site.testing.world import PASSWORD, World

FOREIGN = "mailtrap.io"


@pytest.mark.django_db
def test_the_link_to_a_new_password_leads_to_this_site_whatever_host_was_asked(world: World, settings):
    Client(headers={"Host": FOREIGN}).post(reverse("account_reset_password"), {"email": world.alice.email})
    [letter] = mail.outbox
    assert f"{settings.SITE_URL}/accounts/password/reset/key/" in str(letter.body)
    assert FOREIGN not in letter.message().as_string()


@pytest.mark.django_db
def test_the_link_that_confirms_an_address_leads_to_this_site(client: Client, settings):
    new = {"name": "Priya", "email": "priya@brightwater.test", "password1": "three unrelated words"}
    Client(headers={"Host": FOREIGN}).post(reverse("account_signup"), new)
    [letter] = mail.outbox
    assert f"{settings.SITE_URL}/accounts/confirm-email/" in str(letter.body)
    assert FOREIGN not in letter.message().as_string()


@pytest.mark.parametrize("there", [f"https://{FOREIGN}/", "//send.api.mailtrap.io/x", "https://elsewhere.example/"])
@pytest.mark.parametrize("host", ["testserver", FOREIGN])
@pytest.mark.django_db
def test_signing_in_never_leads_to_another_site(there: str, host: str, world: World):
    given = {"login": world.alice.email, "password": PASSWORD, "next": there}
    answer = Client(headers={"Host": host}).post(reverse("account_login"), given)
    assert (answer.status_code, answer["Location"]) == (302, reverse("home"))


@pytest.mark.django_db
def test_signing_in_leads_to_the_page_that_was_asked_for(world: World):
    there = reverse("sending:email_log", args=[world.account.pk])
    given = {"login": world.alice.email, "password": PASSWORD, "next": there}
    assert Client().post(reverse("account_login"), given)["Location"] == there
