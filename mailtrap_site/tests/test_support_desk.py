"""The support desk shows staff the tenants and their mail, without bodies and without the tables of libraries."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from accounts.models import User
from mailtrap_site.support.site import OUR_APPS
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.models import Content

LISTS = (
    "accounts/account",
    "accounts/user",
    "accounts/auditentry",
    "domains/sendingdomain",
    "billing/usageperiod",
    "billing/subscription",
    "billing/quotaoverride",
    "billing/supportrequest",
    "requests",
    "compliance",
    "sending/message",
    "sending/queueentry",
    "sending/hourbalance",
    "queue",
)


@pytest.fixture
def staff(world: World) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff@platform.test"))
    return client


@pytest.mark.parametrize("path", LISTS)
def test_staff_may_look_at(path: str, staff: Client):
    assert staff.get(f"/admin/{path}/").status_code == 200


@pytest.mark.parametrize("path", LISTS)
def test_members_without_staff_rights_may_not_look_at(path: str, world: World):
    client = Client()
    client.force_login(world.alice)
    assert client.get(f"/admin/{path}/").status_code in (302, 403)


def test_only_our_own_tables_are_registered():
    labels = {model._meta.app_label for model in admin.site._registry}
    assert labels == OUR_APPS
    assert Content not in admin.site._registry


def test_a_message_is_shown_without_subject_and_body_and_cannot_be_changed(world: World, staff: Client):
    message = make_message(world.domain, subject="Very private")
    page = staff.get(f"/admin/sending/message/{message.pk}/change/")
    assert page.status_code == 200
    assert "Very private" not in page.content.decode()
    assert staff.post(f"/admin/sending/message/{message.pk}/change/", {"status": "delivered"}).status_code == 403


def test_the_desk_says_too_that_it_is_the_development_route(staff: Client, settings: Any):
    assert "Development route" in staff.get("/admin/").content.decode()
    settings.ROUTE = "mx"
    assert "Development route" not in staff.get("/admin/").content.decode()
