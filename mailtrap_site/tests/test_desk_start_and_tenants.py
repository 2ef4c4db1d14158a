"""The desk begins with what waits for a person; one page tells all about a tenant; one line searches all of them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import standing
from accounts.models import Account, AuditEntry, User
from billing.models import SupportRequest
from mailtrap_site.support.piles import waiting
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.models import QueueEntry, QueuePause, Stream
from sending.tests.stats.counting import happen


@pytest.fixture
def sam(world: World) -> User:
    return User.objects.create_superuser("sam@platform.test")


@pytest.fixture
def staff(sam: User) -> Client:
    client = Client()
    client.force_login(sam)
    return client


def test_what_waits_is_counted_with_the_oldest_and_leads_to_its_queue(world: World, sam: User, staff: Client) -> None:
    now = timezone.now()
    assert {one.count for one in waiting(sam, now)} == {0}
    assert "Nothing waits for you." in staff.get("/admin/").text
    standing.suspend(world.stranger_account, "Spam", staff=sam)
    for kind, hours in (("plan", 3), ("message", 5), ("message", 2)):
        SupportRequest.objects.create(
            account=world.account,
            kind=kind,
            reason="x",
            asked_at=now - timedelta(hours=hours),
            message_id=make_message(world.domain).pk,
        )
    message = make_message(world.domain)
    QueueEntry.objects.create(
        message=message,
        submission_id=message.submission_id,
        account=world.account,
        domain=world.domain,
        stream=Stream.BULK,
        destination="far.test",
        due_at=now - timedelta(hours=2),
    )
    found = {str(one.pile.title): one for one in waiting(sam, now) if one.count}
    assert {title: one.count for title, one in found.items()} == {
        "Stuck mail": 1,
        "Support questions": 2,
        "Requests for size and plan": 1,
        "Suspended accounts": 1,
    }
    assert found["Support questions"].oldest == now - timedelta(hours=5)
    assert found["Suspended accounts"].oldest == AuditEntry.objects.get(action="account.suspended").at
    page = staff.get("/admin/").text
    assert "oldest 5\xa0hours ago" in page
    for one in waiting(sam, now):
        assert staff.get(one.url).status_code == 200, one.url


def test_one_page_tells_all_about_a_tenant(world: World, sam: User, staff: Client) -> None:
    happen(world.domain, timezone.now(), delivered=90, bounced=10)
    standing.suspend(world.account, "Phishing", staff=sam)
    QueuePause.objects.create(account_id=world.account.pk, domain_id=world.domain.pk, stream="bulk", reason="Too fast")
    page = staff.get(f"/admin/tenants/{world.account.pk}/").text.replace("\xa0", " ")
    for words in (
        "Suspended: Phishing",
        "alice@acme.test",
        "bob@acme.test",
        "example.test",
        "10 % (bad)",
        f"{world.token.first_digits}…{world.token.last_digits}",
        "Suspended the account",
        "Acme is suspended",
        "Paused: example.test, Bulk",
        "Too fast",
        "Release the account",
        "Look in as a viewer",
        f"?verb=pause&amp;account={world.account.pk}&amp;domain=example.test#act",
    ):
        assert words in page, words
    assert world.secret not in page
    assert world.token.digest not in page
    assert staff.get("/admin/tenants/999999/").status_code == 404


def test_each_word_finds_what_it_names_in_any_account(world: World, staff: Client) -> None:
    message = make_message(world.domain, "Rita@far.test")
    make_message(world.stranger_domain, "rita@far.test")
    at_acme = f"/admin/tenants/{world.account.pk}/"
    shown = f"{world.token.first_digits}…{world.token.last_digits}"
    for words, expected in (
        (str(message.pk), f"/admin/sending/message/{message.pk}/change/"),
        (f"<{message.pk}@example.test>", f"/admin/sending/message/{message.pk}/change/"),
        ("rita@far.test", f"/admin/sending/message/{message.pk}/change/"),
        ("EXAMPLE.test", f"/admin/domains/sendingdomain/{world.domain.pk}/change/"),
        (world.secret, shown),
        (world.token.last_digits, shown),
        (world.token.first_digits, shown),
        ("acm", at_acme),
        (str(world.account.pk), at_acme),
        ("Alice@acme.test", at_acme),
    ):
        assert expected in staff.get("/admin/find/", {"q": words}).text, words
    assert "Strangers" in staff.get("/admin/find/", {"q": "rita@far.test"}).text
    assert "No account has anything of that." in staff.get("/admin/find/", {"q": "nobody@nowhere.test"}).text
    assert staff.get("/admin/find/", {"q": ""}).status_code == 200


def test_a_domain_is_checked_again_on_demand_and_that_is_recorded(world: World, staff: Client) -> None:
    path = f"/admin/tenants/{world.stranger_account.pk}/domains/{world.domain.pk}/check/"
    assert staff.post(path).status_code == 404
    assert not AuditEntry.objects.filter(action="domain.checked").exists()


def test_an_organisation_and_its_sub_accounts_lead_to_each_other_and_are_found(world: World, staff: Client) -> None:
    shop = Account.objects.create(name="Harbour Shop", organization=world.account, monthly_cap=20)
    of_shop, of_acme = (f"/admin/tenants/{account.pk}/" for account in (shop, world.account))
    page = staff.get(of_acme).text
    assert "Its sub-accounts" in page
    assert f'href="{of_shop}"' in page
    page = staff.get(of_shop).text
    assert "Shares the plan of" in page
    assert f'href="{of_acme}"' in page
    assert "its organisation" in staff.get(f"/admin/plans/{shop.pk}/").text
    found = staff.get("/admin/find/", {"q": "Harbour"})
    assert "Harbour Shop" in (staff.get(found["Location"]) if found.status_code == 302 else found).text
