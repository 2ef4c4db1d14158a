"""Suspending and releasing an account, and the support desk where it is done."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import standing
from accounts.models import Account, AuditEntry, Notification, User
from mailtrap_site.testing.world import World, make_user


@pytest.fixture
def staff(world: World) -> User:
    user = make_user("sam@desk.test")
    user.is_staff = user.is_superuser = True
    user.save()
    return user


def test_a_suspension_stands_in_the_row_with_its_reason_and_in_the_audit_log(world: World, staff: User):
    assert standing.suspend(world.account, "Phishing", staff=staff)
    account = Account.objects.get(pk=world.account.pk)
    assert account.is_suspended
    assert account.suspension_reason == "Phishing"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.by_staff, entry.account) == ("account.suspended", staff, True, account)
    assert entry.changes == {
        "state": {"from": "active", "to": "suspended"},
        "reason": {"from": "", "to": "Phishing"},
    }


def test_suspending_twice_is_done_once(world: World, staff: User):
    assert standing.suspend(world.account, "Phishing", staff=staff)
    assert not standing.suspend(world.account, "Again", staff=staff)
    assert Account.objects.get(pk=world.account.pk).suspension_reason == "Phishing"
    assert AuditEntry.objects.count() == 1


def test_a_release_ends_it(world: World, staff: User):
    assert not standing.release(world.account, staff=staff)
    standing.suspend(world.account, "Phishing", staff=staff)
    assert standing.release(world.account, "Sorted out", staff=staff)
    account = Account.objects.get(pk=world.account.pk)
    assert (account.is_suspended, account.suspension_reason) == (False, "")
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == ["account.suspended", "account.released"]


def test_a_ban_follows_a_suspension_and_a_release_ends_it_too(world: World, staff: User):
    standing.suspend(world.account, "Phishing", staff=staff)
    assert standing.ban(world.account, "It went on", staff=staff)
    assert not standing.ban(world.account, "Again", staff=staff)
    assert not standing.suspend(world.account, "Milder", staff=staff)
    account = Account.objects.get(pk=world.account.pk)
    assert (account.is_banned, account.suspension_reason) == (True, "It went on")
    assert standing.release(world.account, staff=staff)
    assert Account.objects.get(pk=world.account.pk).state == Account.State.ACTIVE
    actions = [entry.action for entry in AuditEntry.objects.order_by("id")]
    assert actions == ["account.suspended", "account.banned", "account.released"]


def test_owners_and_admins_hear_of_it_after_the_commit(world: World, staff: User, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        standing.suspend(world.account, "Phishing", staff=staff)
        assert not mail.outbox
    assert {one.user for one in Notification.objects.all()} == {world.alice, world.bob}
    assert sorted(message.to for message in mail.outbox) == [["alice@acme.test"], ["bob@acme.test"]]
    assert mail.outbox[0].subject == "Acme is suspended"
    assert "The reason: Phishing" in mail.outbox[0].body


def desk(name: str, *arguments: int) -> str:
    return reverse(f"admin:accounts_account_{name}", args=arguments)


def test_staff_suspend_and_release_at_the_desk(world: World, staff: User, client: Client):
    client.force_login(staff)
    assert "Suspend Acme" in client.get(desk("suspend", world.account.pk)).text
    assert client.post(desk("suspend", world.account.pk), {"reason": ""}).status_code == 422
    assert not Account.objects.get(pk=world.account.pk).is_suspended
    answer = client.post(desk("suspend", world.account.pk), {"reason": "Phishing"})
    assert answer["Location"] == reverse("admin:tenant", args=[world.account.pk])
    assert Account.objects.get(pk=world.account.pk).is_suspended
    assert AuditEntry.objects.get().ip == "127.0.0.1"
    history = client.get(desk("history", world.account.pk), follow=True).text
    assert "Suspended the account" in history
    client.post(desk("release", world.account.pk), {"reason": "Sorted out"})
    assert not Account.objects.get(pk=world.account.pk).is_suspended


def test_staff_look_and_change_nothing_else(world: World, staff: User, client: Client):
    client.force_login(staff)
    page = client.get(desk("change", world.account.pk))
    assert "alice@acme.test" in page.text
    assert world.token.digest not in page.text
    client.post(desk("change", world.account.pk), {"name": "Changed"})
    assert Account.objects.get(pk=world.account.pk).name == "Acme"
    for model in ("account", "user", "auditentry"):
        assert client.get(reverse(f"admin:accounts_{model}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:accounts_{model}_add")).status_code == 403
    assert client.get(reverse("admin:billing_usageperiod_changelist")).status_code == 200


def test_staff_without_the_right_do_not_suspend(world: World, client: Client):
    helper = make_user("helper@desk.test")
    helper.is_staff = True
    helper.save()
    client.force_login(helper)
    assert client.post(desk("suspend", world.account.pk), {"reason": "Phishing"}).status_code == 403
    client.force_login(world.alice)
    assert client.post(desk("suspend", world.account.pk), {"reason": "Phishing"}).status_code == 302
    assert not Account.objects.get(pk=world.account.pk).is_suspended


def test_the_desk_is_entered_by_the_sign_in_that_is_throttled(client: Client, db: None):
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
