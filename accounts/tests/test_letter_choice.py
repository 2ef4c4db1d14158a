"""Whoever wants no letters of a kind stops them, for themselves: on a page, or with one click from the letter."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.letter_choice import USAGE, one_click_path
from accounts.links import link_path
from accounts.models import AuditEntry, Membership, Notification, Role, User
from accounts.notices import notify
from accounts.people import domain_scopes
from accounts.scopes import ADMIN, READ
from domains.drift import Turn
from domains.news import tell
from mailtrap_site.testing.world import PASSWORD, World, make_user


def as_user(user: User, *, checks: bool = False) -> Client:
    client = Client(enforce_csrf_checks=checks)
    client.force_login(user)
    return client


def stopped(user: User) -> list[str]:
    return Membership.objects.get(user=user).stopped_letters


def page(world: World) -> str:
    return reverse("accounts:letters", args=[world.account.pk])


def test_the_link_of_the_letter_leads_over_sign_in_to_the_choice(world: World):
    client = Client()
    to_sign_in = client.get(link_path(world.alice, page(world)))
    signed_in = client.post(to_sign_in["Location"], {"login": world.alice.email, "password": PASSWORD})
    answer = client.get(signed_in["Location"], follow=True)
    assert answer.request["PATH_INFO"] == page(world)
    assert "Letters about Acme" in answer.content.decode()


def test_what_is_not_chosen_is_stopped_and_each_change_is_audited_once(world: World):
    client = as_user(world.alice)
    for kinds in (["domain.verified"], ["domain.verified"], ["domain.verified", USAGE]):
        client.post(page(world), {"kind": kinds})
    assert USAGE not in stopped(world.alice)
    assert "payment.made" in stopped(world.alice)
    found = AuditEntry.objects.filter(action="membership.letters_chosen").order_by("pk")
    assert [USAGE in one.changes["stopped_letters"]["to"] for one in found] == [True, False]
    assert {one.actor for one in found} == {world.alice}


def test_what_concerns_security_or_cannot_wait_is_never_stopped(world: World):
    as_user(world.alice).post(page(world), {})
    assert "domain.suspended" not in stopped(world.alice)
    assert "plan.ended" not in stopped(world.alice)
    assert one_click_path(world.account, world.alice, "domain.suspended") == ""


def test_a_role_is_shown_what_it_is_told(world: World):
    text = as_user(world.vera).get(page(world)).content.decode()
    assert "An export that you asked for is ready" in text
    assert USAGE not in text


def test_who_administers_some_domains_is_told_of_these_and_stops_what_they_like(
    world: World, django_capture_on_commit_callbacks
):
    levels = {"ann": (world.domain.pk, ADMIN), "ben": (world.domain.pk, READ), "cem": (world.domain.pk + 10**6, ADMIN)}
    people = {name: make_user(f"{name}@acme.test") for name in levels}
    for name, level in levels.items():
        scopes = list(domain_scopes([level]))
        Membership.objects.create(account=world.account, user=people[name], role=Role.LIMITED, scopes=scopes)

    def told() -> tuple[set[str], set[str]]:
        """In the dashboard, and by letter."""
        Notification.objects.all().delete()
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            tell(world.domain, Turn.VERIFIED, "")
        readers = {one.user.email.partition("@")[0] for one in Notification.objects.all()}
        return readers, {letter.to[0].partition("@")[0] for letter in mail.outbox}

    assert told() == ({"alice", "bob", "ann"}, {"alice", "bob", "ann"})
    text = as_user(people["ann"]).get(page(world)).content.decode()
    assert "A domain is verified" in text and USAGE not in text
    assert "A domain is verified" not in as_user(people["ben"]).get(page(world)).content.decode()
    as_user(people["ann"]).post(page(world), {"kind": []})
    assert told() == ({"alice", "bob", "ann"}, {"alice", "bob"})
    notify(world.account, "account.released", "Acme may send again", "")
    assert not Notification.objects.filter(kind="account.released", user__in=people.values()).exists()


def test_a_stranger_finds_no_page_and_changes_nothing(world: World):
    client = as_user(world.charlie)
    assert client.get(page(world)).status_code == 404
    assert client.post(page(world), {}).status_code == 404
    assert stopped(world.alice) == []


@pytest.mark.parametrize(("kind", "letters"), [(USAGE, 0), ("payment.failed", 1)])
def test_only_letters_that_may_be_stopped_are(
    world: World, django_capture_on_commit_callbacks, kind: str, letters: int
):
    Membership.objects.filter(user=world.alice).update(stopped_letters=[USAGE, "payment.failed"])
    with django_capture_on_commit_callbacks(execute=True):
        notify(world.account, kind, "News", "Of the account.", roles=[Role.OWNER])
    assert len(mail.outbox) == letters
    assert Notification.objects.count() == 1
    assert not any("List-Unsubscribe" in one.extra_headers for one in mail.outbox)


def test_the_choice_of_one_account_is_not_that_of_another(world: World, django_capture_on_commit_callbacks):
    Membership.objects.create(
        account=world.stranger_account, user=world.alice, role=Role.OWNER, stopped_letters=[USAGE]
    )
    with django_capture_on_commit_callbacks(execute=True):
        notify(world.account, USAGE, "News", "Of the account.", roles=[Role.OWNER])
    [letter] = mail.outbox
    assert letter.to == [world.alice.email]


def test_a_mail_program_stops_them_with_one_post(world: World, django_capture_on_commit_callbacks):
    """RFC 8058: no cookie, no form of ours before it, and a GET changes nothing, since programs follow links."""
    with django_capture_on_commit_callbacks(execute=True):
        notify(world.account, USAGE, "News", "Of the account.", roles=[Role.OWNER])
    headers = mail.outbox[0].extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    [path] = re.findall(r"^<http://localhost:8020(/\S+)>$", headers["List-Unsubscribe"])
    program = Client(enforce_csrf_checks=True)
    assert "Stop these letters?" in program.get(path).content.decode()
    assert stopped(world.alice) == []
    assert program.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert stopped(world.alice) == [USAGE]
    assert "These letters are stopped" in program.get(path).content.decode()
    assert program.post(path[:-3] + "x/").status_code == 404
    Membership.objects.filter(user=world.alice).delete()
    assert program.post(path).status_code == 404
