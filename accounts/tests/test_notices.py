"""News about an account: in the dashboard at once, by letter after the commit."""

import pytest
from django.core import mail
from django.db import transaction

from accounts.links import Link
from accounts.models import Notification, Role
from accounts.notices import notify
from accounts.tests.letters import html_of, link_of
from mailtrap_site.testing.world import World


def test_news_reach_the_roles_they_are_for(world: World, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        notify(
            world.account,
            "domain.verified",
            "example.test is verified",
            "You can send now.",
            "/a/1/",
            roles=[Role.OWNER],
        )
    one = Notification.objects.get()
    assert (one.user, one.account, one.kind, one.level) == (world.alice, world.account, "domain.verified", "info")
    [letter] = mail.outbox
    assert letter.to == ["alice@acme.test"]
    assert link_of(letter) == Link(world.alice.pk, "/a/1/")
    assert "You can send now." in html_of(letter)
    assert "account Acme" in letter.body


def test_what_is_rolled_back_is_no_news(world: World, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(ZeroDivisionError), transaction.atomic():
        notify(world.account, "domain.verified", "example.test is verified", "")
        raise ZeroDivisionError
    assert not Notification.objects.exists()
    assert not mail.outbox


def test_who_may_not_sign_in_is_not_told(world: World):
    world.alice.is_active = False
    world.alice.save()
    notify(world.account, "domain.verified", "example.test is verified", "")
    assert [one.user for one in Notification.objects.all()] == [world.bob]


def test_a_letter_that_cannot_be_sent_does_not_stop_the_others(
    world: World, settings, django_capture_on_commit_callbacks
):
    settings.EMAIL_BACKEND = "nowhere.Backend"
    with django_capture_on_commit_callbacks(execute=True):
        notify(world.account, "domain.verified", "example.test is verified", "")
    assert Notification.objects.count() == 2


def test_markup_in_news_stays_text(world: World, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        notify(world.account, "domain.verified", "Line\nbreak", "<b>bold</b> & more")
    letter = mail.outbox[0]
    assert letter.subject == "Line break"
    assert "<b>bold</b> & more" in letter.body
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; more" in html_of(letter)
