"""An owner asks for a second factor: first a notice, then the account's pages lead to where it is set up."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import two_factor
from accounts.models import Account, AuditEntry, Notification, User
from mailtrap_site.testing.world import World


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(world: World) -> str:
    return reverse("accounts:tokens", args=[world.account.pk])


def rule(world: World) -> str:
    return reverse("accounts:security", args=[world.account.pk])


def needed(world: World) -> str:
    return reverse("accounts:two_factor_needed", args=[world.account.pk])


@pytest.fixture
def soon(world: World) -> World:
    two_factor.require_from(world.account, timezone.now() + timedelta(days=3))
    return world


@pytest.fixture
def over(world: World) -> World:
    two_factor.require_from(world.account, timezone.now() - timedelta(minutes=1))
    return world


def test_before_the_date_members_are_reminded_and_go_on(soon: World):
    answer = as_user(soon.vera).get(page(soon))
    assert answer.status_code == 200
    assert "This account asks you for a second factor" in answer.content.decode()


def test_after_it_every_page_leads_to_the_set_up(over: World):
    client = as_user(over.vera)
    assert client.get(page(over))["Location"] == needed(over)
    assert client.get(page(over), headers={"HX-Request": "true"})["HX-Redirect"] == needed(over)
    assert "opens with a second factor only" in client.get(needed(over)).content.decode()


def test_who_has_one_notices_nothing(over: World):
    TOTP.activate(over.vera, "JBSWY3DPEHPK3PXP")
    answer = as_user(over.vera).get(page(over))
    assert answer.status_code == 200
    assert "second factor" not in answer.content.decode()


def test_recovery_codes_alone_are_none(over: World):
    Authenticator.objects.create(user=over.vera, type="recovery_codes", data={})
    assert as_user(over.vera).get(page(over)).status_code == 302


def test_api_tokens_and_other_accounts_are_not_concerned(over: World):
    answer = Client().get("/api/accounts", headers={"Authorization": f"Bearer {over.secret}"})
    assert answer.status_code == 200
    own = reverse("accounts:tokens", args=[over.stranger_account.pk])
    assert as_user(over.charlie).get(own).status_code == 200


def test_an_owner_sets_the_rule_once_they_meet_it(world: World, django_capture_on_commit_callbacks):
    client = as_user(world.alice)
    refused = client.post(rule(world), {"is_required": "on", "day": "2031-05-01"})
    assert refused.status_code == 422
    assert "lock yourself out" in refused.content.decode()
    TOTP.activate(world.alice, "JBSWY3DPEHPK3PXP")
    with django_capture_on_commit_callbacks(execute=True):
        client.post(rule(world), {"is_required": "on", "day": "2031-05-01"})
    assert Account.objects.get(pk=world.account.pk).two_factor_from is not None
    assert {one.user for one in Notification.objects.filter(kind="two_factor.required")} == {world.bob, world.vera}
    assert len(mail.outbox) == 2
    client.post(rule(world), {})
    assert Account.objects.get(pk=world.account.pk).two_factor_from is None
    assert AuditEntry.objects.filter(action="two_factor.changed").count() == 2


@pytest.mark.parametrize(("who", "status"), [("bob", 403), ("vera", 403), ("charlie", 404)])
def test_nobody_but_owners_sets_it(world: World, who: str, status: int):
    assert as_user(getattr(world, who)).post(rule(world), {"is_required": "on"}).status_code == status
    assert Account.objects.get(pk=world.account.pk).two_factor_from is None
