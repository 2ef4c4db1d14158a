"""A closed account sends nothing, may be kept open, and is deleted with all that belonged to it."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.utils import timezone

from accounts import closing
from accounts.models import Account, AuditEntry, Membership, User
from domains.models import SendingDomain
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World, make_user
from mailtrap_site.tests.tenants_things import make_things
from sending.models import Content, MessageStatus
from sending.models.statements import raw_cursor
from sending.policy.refusal import Reason
from sending.privacy import deletion
from sending.queue.permission import read_permissions
from sending.submission.submit import submit
from sending.tests.drafts import draft

pytestmark = pytest.mark.django_db
LONG = timedelta(days=15)


@pytest.fixture(autouse=True)
def letters_in_memory(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def rows_of(account_id: int) -> dict[str, int]:
    """How many rows of each model belong to the account, directly or by one of its domains."""
    found = {}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.related_model in (Account, SendingDomain):
                path = field.name if field.related_model is Account else f"{field.name}__account"
                found[f"{model.__name__}.{field.name}"] = model._default_manager.filter(**{path: account_id}).count()
    return found


def close(world: World) -> None:
    closing.ask(world.account, world.alice)


def test_a_closing_account_sends_nothing_until_it_is_kept_open(world: World):
    close(world)
    assert submit([draft(world)])[0].reason is Reason.ACCOUNT_CLOSING
    owner = world.account.pk, world.domain.pk
    stop = read_permissions(raw_cursor(), {owner})[owner].stop
    assert stop is not None
    assert stop.code == "account_closing"
    assert closing.undo(world.account)
    assert read_permissions(raw_cursor(), {owner})[owner].is_free
    assert not closing.undo(world.account)


def test_everything_of_the_account_is_deleted_and_nothing_of_others(
    world: World, django_capture_on_commit_callbacks: Any
):
    make_things(world)
    world.account.sub_accounts.all().delete()
    make_message(world.domain, status=MessageStatus.QUEUED)
    theirs = make_message(world.stranger_domain)
    before = rows_of(world.stranger_account.pk)
    elsewhere = make_user("eve@else.test", world.account)
    Membership.objects.create(account=world.stranger_account, user=elsewhere, role="viewer")
    close(world)
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert not deletion.work_off(timezone.now() + LONG, time.monotonic() + 60)
    assert not any(rows_of(world.account.pk).values())
    assert Content.objects.count() == 1
    assert rows_of(world.stranger_account.pk) == before | {"Membership.account": before["Membership.account"] + 1}
    assert theirs.submission.content.message
    assert set(User.objects.values_list("email", flat=True)) == {"charlie@strangers.test", "eve@else.test"}
    entry = AuditEntry.objects.get(action="account.deleted")
    assert entry.account is None
    assert "acme" not in f"{entry.changes} {entry.target_name} {entry.actor_name}".lower()
    assert {one.to[0] for one in mail.outbox} == {"alice@acme.test", "eve@else.test"}


def test_nothing_is_deleted_within_the_grace(world: World):
    make_message(world.domain)
    close(world)
    deletion.work_off(timezone.now() + closing.GRACE - timedelta(minutes=1), time.monotonic() + 5)
    assert Account.objects.filter(pk=world.account.pk).exists()


def test_a_letter_comes_once_before_the_end(world: World, django_capture_on_commit_callbacks: Any):
    close(world)
    late = timezone.now() + timedelta(days=12)
    with django_capture_on_commit_callbacks(execute=True):
        closing.tell_due(timezone.now())
        assert mail.outbox == []
        closing.tell_due(late)
        closing.tell_due(late)
    assert [one.to for one in mail.outbox] == [["alice@acme.test"]]
