"""Whoever wants no letters about usage stops them, for themselves."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.letter_choice import USAGE
from accounts.links import link_path
from accounts.models import AuditEntry, Membership, Notification, Role, User
from accounts.notices import notify
from mailtrap_site.testing.world import PASSWORD, World


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def gets_letters(user: User) -> bool:
    return Membership.objects.get(user=user).usage_letters


def page(world: World) -> str:
    return reverse("accounts:letters", args=[world.account.pk])


def test_the_link_of_the_letter_leads_over_sign_in_to_one_button(world: World):
    client = Client()
    signed = link_path(world.alice, page(world))
    to_sign_in = client.get(signed)
    signed_in = client.post(to_sign_in["Location"], {"login": world.alice.email, "password": PASSWORD})
    answer = client.get(signed_in["Location"], follow=True)
    assert answer.request["PATH_INFO"] == page(world)
    assert "You get usage letters about Acme" in answer.content.decode()
    answer = client.post(page(world), {"usage": "no"}, follow=True)
    assert "Usage letters about Acme are stopped" in answer.content.decode()
    assert not gets_letters(world.alice)


def test_they_are_turned_on_again_and_each_change_is_audited_once(world: World):
    client = as_user(world.alice)
    for usage in ("no", "no", "yes"):
        client.post(page(world), {"usage": usage})
    assert gets_letters(world.alice)
    found = AuditEntry.objects.filter(action="membership.letters_chosen").order_by("pk")
    assert [one.changes["usage_letters"]["to"] for one in found] == ["False", "True"]
    assert {one.actor for one in found} == {world.alice}


def test_a_role_that_gets_none_is_told_so(world: World):
    text = as_user(world.vera).get(page(world)).content.decode()
    assert "You get no usage letters about Acme" in text
    assert "Stop usage letters" not in text


def test_a_stranger_finds_no_page_and_changes_nothing(world: World):
    client = as_user(world.charlie)
    assert client.get(page(world)).status_code == 404
    assert client.post(page(world), {"usage": "no"}).status_code == 404
    assert gets_letters(world.alice)


@pytest.mark.parametrize(("kind", "letters"), [(USAGE, 0), ("payment.failed", 1)])
def test_only_letters_about_usage_are_stopped(
    world: World, django_capture_on_commit_callbacks, kind: str, letters: int
):
    Membership.objects.filter(user=world.alice).update(usage_letters=False)
    with django_capture_on_commit_callbacks(execute=True):
        notify(world.account, kind, "News", "Of the account.", roles=[Role.OWNER])
    assert len(mail.outbox) == letters
    assert Notification.objects.count() == 1
    assert not any("Stop usage letters" in str(one.body) for one in mail.outbox)


def test_the_choice_of_one_account_is_not_that_of_another(world: World, django_capture_on_commit_callbacks):
    Membership.objects.create(account=world.stranger_account, user=world.alice, role=Role.OWNER, usage_letters=False)
    with django_capture_on_commit_callbacks(execute=True):
        notify(world.account, USAGE, "News", "Of the account.", roles=[Role.OWNER])
    [letter] = mail.outbox
    assert letter.to == [world.alice.email]
