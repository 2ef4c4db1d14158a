"""Staff are told of requests and disputes by letter, at most once an hour."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEntry, User
from billing import requests
from billing.plans import PLANS
from billing.staff_letters import tell
from mailtrap_site.celery import app
from mailtrap_site.testing.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(world: World) -> User:
    """One who may answer, one who may not, and one who has left."""
    for name in ("looks", "left", "sam"):
        User.objects.create_user(f"{name}@platform.test", is_staff=True, is_active=name != "left")
    for name in ("left", "sam"):
        may = Permission.objects.get(codename="change_supportrequest")
        User.objects.get(email=f"{name}@platform.test").user_permissions.add(may)
    return User.objects.get(email="sam@platform.test")


def ask(world: World) -> None:
    requests.ask_for_plan(world.account, PLANS.newest("basic_50k"), "Newsletters", world.alice)


def test_who_may_answer_is_told_what_customers_ask_for_and_take_back(
    world: World, staff: User, django_capture_on_commit_callbacks
):
    ask(world)
    audit.record("invoice.disputed", account=world.account, target=world.domain, actor_name="Stripe")
    with django_capture_on_commit_callbacks(execute=True):
        assert tell(timezone.now()) == 2
    [letter] = mail.outbox
    assert letter.to == [staff.email]
    assert "Acme asks for the plan Basic 50K." in letter.body
    assert "Acme disputes invoice example.test." in letter.body
    assert "/admin/requests/" in letter.body


def test_at_most_one_letter_an_hour_and_each_request_in_one_of_them(
    world: World, staff: User, django_capture_on_commit_callbacks
):
    now = timezone.now()
    with django_capture_on_commit_callbacks(execute=True):
        ask(world)
        assert tell(timezone.now()) == 1
        requests.ask_for_size(world.account, "Contracts", world.alice)
        assert tell(now + timedelta(minutes=59)) == 0
        assert tell(now + timedelta(minutes=62)) == 1
        assert tell(now + timedelta(hours=5)) == 0
    assert len(mail.outbox) == 2
    assert "larger" not in str(mail.outbox[1].body) and "30" in str(mail.outbox[1].body)
    assert "Basic 50K" not in str(mail.outbox[1].body)


def test_what_was_answered_before_is_not_told(world: World, staff: User):
    ask(world)
    asked = requests.last_of(world.account, requests.Kind.PLAN)
    assert asked is not None
    requests.decline(asked, "No.", staff)
    assert tell(timezone.now()) == 0
    assert not AuditEntry.objects.filter(action="staff.told").exists()


def test_the_task_is_on_the_beat():
    entry = app.conf.beat_schedule["tell staff of requests and disputes"]
    assert (entry["task"], entry["schedule"]) == (requests.TELL_STAFF, 600)
