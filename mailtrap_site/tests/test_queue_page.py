"""Staff see what waits and why, and act on it after a confirmation that says what follows; the audit log keeps it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.models import QueueOrder, QueuePause

PAGE = "/admin/queue/"


@pytest.fixture
def staff(world: World) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff@platform.test"))
    return client


def order(**changed: str) -> dict[str, str]:
    asked = {"verb": "hold", "account": "", "domain": "", "stream": "", "destination": "far.test", "reason": "Slow"}
    return asked | changed


def test_what_waits_is_shown_by_stream_and_destination(world: World, staff: Client):
    make_message(world.domain, "a@far.test", status="queued", at=datetime.now(UTC) - timedelta(minutes=3))
    page = staff.get(PAGE).content.decode()
    assert "far.test" in page and "Transactional" in page and "3 min" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "Nothing is paused." in page


@pytest.mark.parametrize("verb", ["pause", "hold", "release", "cancel", "requeue"])
def test_nothing_happens_before_it_is_confirmed(verb: str, world: World, staff: Client):
    for number in range(3):
        make_message(world.domain, f"r{number}@far.test", status="deferred")
    make_message(world.domain, "r@near.test", status="deferred")
    concerned = "0 messages" if verb == "release" else "3 messages"
    page = staff.post(PAGE, order(verb=verb)).content.decode()
    assert concerned in page and "mail to far.test" in page
    assert not QueueOrder.objects.exists() and not QueuePause.objects.exists() and not AuditEntry.objects.exists()
    assert staff.post(PAGE, order(verb=verb, confirmed="yes")).status_code == 302
    made = QueuePause.objects.get() if verb == "pause" else QueueOrder.objects.get(verb=verb)
    assert (made.destination, made.reason, made.set_by.email) == ("far.test", "Slow", "staff@platform.test")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.by_staff, entry.actor_name) == (f"queue.{verb}", True, "staff@platform.test")
    assert entry.changes["destination"]["to"] == "far.test"
    assert staff.get(PAGE).status_code == 200


def test_a_pause_is_resumed_once_confirmed(world: World, staff: Client):
    staff.post(PAGE, order(verb="pause", confirmed="yes"))
    path = f"{PAGE}pauses/{QueuePause.objects.get().pk}/resume/"
    assert path in staff.get(PAGE).content.decode()
    assert "0 messages are held by this pause" in staff.get(path).content.decode()
    assert QueuePause.objects.exists()
    staff.post(path, {"confirmed": "yes"})
    assert not QueuePause.objects.exists()
    assert AuditEntry.objects.filter(action="queue.resume", by_staff=True).count() == 1
    assert staff.post(path).status_code == 404


def test_a_sending_domain_and_an_account_are_found_by_name_and_number(world: World, staff: Client):
    asked = order(domain="Example.test", stream="bulk", destination="B\u00fccher.example", confirmed="yes")
    staff.post(PAGE, asked)
    made = QueueOrder.objects.get()
    assert (made.account_id, made.domain_id, made.stream) == (world.account.pk, world.domain.pk, "bulk")
    assert made.destination == "xn--bcher-kva.example"
    assert AuditEntry.objects.get().account == world.account


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"destination": ""}, "Say which mail"),
        ({"account": "999999"}, "There is no account of this number."),
        ({"domain": "nobody.test"}, "No account sends from a domain of this name."),
        ({"destination": "not a name"}, "This is no domain name."),
        ({"reason": ""}, "This field is required."),
        ({"verb": "burn"}, "burn is not one of the available choices"),
    ],
)
def test_what_cannot_be_meant_is_said(changed: dict[str, str], sentence: str, world: World, staff: Client):
    answer = staff.post(PAGE, order(**changed, confirmed="yes"))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not QueueOrder.objects.exists()


def test_members_and_staff_without_the_right_do_not_act(world: World):
    client = Client()
    client.force_login(world.alice)
    assert client.get(PAGE).status_code in (302, 403)
    helper = User.objects.create_user("helper@platform.test")
    helper.is_staff = True
    helper.save()
    client.force_login(helper)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, order(confirmed="yes")).status_code == 403
    assert not QueueOrder.objects.exists()
