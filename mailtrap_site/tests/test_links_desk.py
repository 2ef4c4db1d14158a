"""Suspicious links wait at the desk with their evidence, until somebody dismisses them or stops what they are in."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, AuditEntry, User
from mailtrap_site.support.piles import waiting
from mailtrap_site.testing.links import make_links
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.models import QueuePause, SuspiciousLinks

State = SuspiciousLinks.State


@pytest.fixture
def staff(world: World) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("sam@platform.test"))
    return client


@pytest.fixture
def found(world: World) -> SuspiciousLinks:
    return make_links(make_message(world.domain, "rita@far.test"))


def act(staff: Client, found: SuspiciousLinks, code: str, reason: str = "Phishing for a bank") -> Any:
    return staff.post(f"/admin/links/{found.pk}/{code}/", {"reason": reason}, follow=True)


def test_evidence_is_shown_and_no_body(world: World, staff: Client, found: SuspiciousLinks) -> None:
    sam = User.objects.get(email="sam@platform.test")
    [pile] = [one for one in waiting(sam, found.found_at) if one.count]
    assert (str(pile.pile.title), pile.oldest, pile.url) == ("Suspicious links", found.found_at, "/admin/links/")
    for page in (staff.get("/admin/links/").text, staff.get(f"/admin/links/{found.pk}/").text):
        assert "“paypal” stands beside “secure” in paypal-secure.com, which is no site of theirs." in page
        assert "Acme" in page
        assert "example.test" in page
        assert "It left this morning" not in page
        assert "rita@far.test" not in page
    assert '<code class="break-all">https://paypal.com@8.8.8.8/</code>' in page
    assert "setup.exe at cdn.bad.com" in page
    assert staff.get("/admin/links/999999/").status_code == 404
    assert staff.get(f"/admin/links/{found.pk}/delete/").status_code == 404


def test_it_is_dismissed_once_with_a_reason(staff: Client, found: SuspiciousLinks) -> None:
    assert act(staff, found, "dismiss", " ").status_code == 422
    act(staff, found, "dismiss", "Their own brand")
    found.refresh_from_db()
    assert (found.state, found.reason, str(found.decided_by)) == (
        State.DISMISSED,
        "Their own brand",
        "sam@platform.test",
    )
    entry = AuditEntry.objects.get(action="links.dismissed")
    assert (entry.account_id, entry.by_staff, entry.changes["reason"]["to"]) == (
        found.account_id,
        True,
        "Their own brand",
    )
    assert "somebody was quicker" in act(staff, found, "account").text
    assert Account.objects.get(pk=found.account_id).state == "active"
    assert "Nothing waits for a look." in staff.get("/admin/links/").text


def test_the_stream_or_the_account_is_suspended_by_what_stands(
    world: World, staff: Client, found: SuspiciousLinks
) -> None:
    act(staff, found, "stream")
    pause = QueuePause.objects.get()
    assert (pause.account_id, pause.domain_id, pause.stream) == (world.account.pk, world.domain.pk, "transactional")
    assert AuditEntry.objects.filter(action__in=("links.confirmed", "queue.pause")).count() == 2
    other = make_links(make_message(world.domain), '<a href="https://paypal-login.com">x</a>')
    act(staff, other, "account")
    world.account.refresh_from_db()
    assert (world.account.state, world.account.suspension_reason) == ("suspended", "Phishing for a bank")
    assert set(SuspiciousLinks.objects.values_list("state", flat=True)) == {State.CONFIRMED}
