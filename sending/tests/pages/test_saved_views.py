"""Views of the email log: kept under a name, found by colleagues, removed without touching mail."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.models import Message, SavedView
from sending.pages import saved_views

FILTERS = "?group=bounces&subject.ci_contain=invoice"


@pytest.fixture
def path(world: World) -> str:
    return f"/a/{world.account.pk}/log/"


def save(client: Client, path: str, name: str, filters: str = FILTERS) -> int:
    return client.post(f"{path}views/new/{filters}", {"name": name}).status_code


def test_a_colleague_finds_a_view_that_shows_what_it_asks(
    world: World, path: str, as_alice: Client, signed_in: Callable[[User], Client]
):
    make_message(world.domain, "ada@far.test", status="bounced", subject="Invoice 1")
    make_message(world.domain, "bob@far.test", status="bounced")
    form = as_alice.get(f"{path}views/new/{FILTERS}").content.decode()
    assert "Only: Bounces" in form
    assert "Subject contains invoice" in form
    assert save(as_alice, path, "Bounced <invoices>") == 302
    page = signed_in(world.vera).get(path).content.decode()
    assert f'href="{path}?group=bounces&amp;subject.ci_contain=invoice">Bounced &lt;invoices&gt;</a>' in page
    shown = as_alice.get(path + FILTERS).content.decode()
    assert "ada@far.test" in shown
    assert "bob@far.test" not in shown
    assert 'aria-current="page">Bounced &lt;invoices&gt;</a>' in shown
    assert "Save this view" not in shown
    assert AuditEntry.objects.get(action="saved_view.saved").target_name == "Bounced <invoices>"


def test_a_name_is_given_once_and_views_are_bounded(
    world: World, path: str, as_alice: Client, monkeypatch: pytest.MonkeyPatch
):
    assert save(as_alice, path, "Mine") == 302
    assert save(as_alice, path, "Mine", "?q=other") == 422
    assert save(as_alice, path, "") == 422
    monkeypatch.setattr(saved_views, "MOST", 1)
    assert save(as_alice, path, "Another") == 422
    assert [view.query for view in SavedView.objects.all()] == ["group=bounces&subject.ci_contain=invoice"]
    assert as_alice.get(f"{path}views/new/").status_code == 302


def test_a_removed_view_is_gone_and_its_mail_is_not(world: World, path: str, as_alice: Client):
    make_message(world.domain)
    save(as_alice, path, "Mine")
    view = SavedView.objects.get()
    assert "Remove the view Mine" in as_alice.get(f"{path}views/").content.decode()
    assert as_alice.post(f"{path}views/{view.pk}/removal/").status_code == 302
    assert "No view is saved" in as_alice.get(f"{path}views/").content.decode()
    assert Message.objects.count() == 1
    assert AuditEntry.objects.filter(action="saved_view.removed").count() == 1


def test_views_of_another_account_are_neither_seen_nor_removed(
    world: World, path: str, as_alice: Client, signed_in: Callable[[User], Client]
):
    save(as_alice, path, "Mine")
    view, charlie = SavedView.objects.get(), signed_in(world.charlie)
    theirs = f"/a/{world.stranger_account.pk}/log/"
    make_message(world.stranger_domain)
    assert charlie.get(f"{path}views/").status_code == 404
    assert charlie.post(f"{theirs}views/{view.pk}/removal/").status_code == 404
    assert "Mine" not in charlie.get(theirs).content.decode()
