"""A recipient is erased from one account: nothing tells the address any more, and it still gets no mail."""

import time
import uuid
from io import StringIO
from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Notification
from billing.models import SupportRequest
from mailtrap_site.testing.captured import make_captured, make_sandbox
from mailtrap_site.testing.mail import make_event, make_message
from mailtrap_site.testing.world import World
from sending.models import (
    CapturedMail,
    Content,
    Erasure,
    Event,
    Message,
    MessageStatus,
    QueueEntry,
    Submission,
    Suppression,
    TrackingOptOut,
    WebhookDelivery,
    WebhookEndpoint,
)
from sending.models.content import pack, unpack
from sending.models.statements import raw_cursor
from sending.privacy import erasure
from sending.suppressions import lists, store
from sending.suppressions.check import Asked, wishes
from sending.suppressions.marks import ERASED, mark_of
from sending.tracking import opt_outs
from sending.tracking.places import Place

pytestmark = pytest.mark.django_db
RITA, OTHER = "rita@far.test", "xrita@far.test"


def erase(world: World, address: str = RITA, *, keep_out: bool = False) -> Erasure:
    row = erasure.ask(world.account, address, store.By(None, "test"), keep_out=keep_out)
    erasure.work_off(time.monotonic() + 30)
    row.refresh_from_db()
    return row


def dump() -> str:
    """Everything that the database holds, as text; what is packed or sealed aside."""
    out = StringIO()
    call_command("dumpdata", "accounts", "sending", "billing", "domains", stdout=out)
    return out.getvalue().lower()


def asked(world: World, recipient: str) -> Asked:
    return Asked(uuid.uuid4(), world.account.pk, world.domain.pk, "transactional", recipient)


def fill(world: World) -> dict[str, Any]:
    """The address in every place that may know it, and another one beside it."""
    account, own = world.account, {"account": world.account, "domain": world.domain}
    delivered = make_message(world.domain, "Rita@far.test", subject="For rita@far.test", status=MessageStatus.BOUNCED)
    make_event(delivered, Event.Type.CLICK, {"click_url": "https://shop.test/?u=rita", "web_ip_address": "192.0.2.7"})
    other = make_message(world.domain, OTHER)
    queued = make_message(world.domain, RITA, status=MessageStatus.QUEUED)
    Suppression.objects.create(email=RITA, stream="any", type="unsubscription", evidence={"subject": "a"}, **own)
    TrackingOptOut.objects.create(email=RITA, **own)
    store.add(account, [store.New(RITA, None, "bulk")], store.By(None, "test"))
    sandbox = make_sandbox(account)
    make_captured(sandbox, recipient=RITA, recipients=[["to", RITA]])
    account.saved_views.create(name="Rita", query="to=rita%40far.test")
    Notification.objects.create(account=account, user=world.alice, kind="x", title=f"{RITA} wrote", body="")
    SupportRequest.objects.create(account=account, kind="message", reason=f"Where is the mail to {RITA}?")
    endpoint = WebhookEndpoint.objects.create(url="https://a.test/", type="email_sending", **own)
    lines = [
        {"event": "click", "email": RITA, "ip": "192.0.2.7", "user_agent": "x", "url": "https://a.test/?u=rita"},
        {"event": "delivery", "email": OTHER},
    ]
    payload = pack(b"\n".join(msgspec.json.encode(one) for one in lines))
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint, event_count=2, first_number=1, last_number=2, payload=payload, size=1, state="delivered"
    )
    return {"delivered": delivered, "other": other, "queued": queued, "delivery": delivery}


def test_nothing_tells_the_address_any_more(world: World):
    made = fill(world)
    row = erase(world, " RITA@Far.test")
    assert row.finished_at is not None
    text = dump()
    assert RITA not in text.replace(OTHER, "")
    assert OTHER in text
    assert "192.0.2.7" not in text
    delivered = Message.objects.get(pk=made["delivered"].pk)
    assert (delivered.recipient, delivered.subject, delivered.status) == (ERASED, "", "bounced")
    assert not Content.objects.filter(pk=delivered.submission.content_id).exists()
    assert Content.objects.filter(pk=Submission.objects.get(pk=made["other"].submission_id).content_id).exists()
    assert not CapturedMail.objects.exists()
    kept = unpack(bytes(WebhookDelivery.objects.get(pk=made["delivery"].pk).payload)).split(b"\n")
    assert [msgspec.json.decode(line) for line in kept] == [
        {"event": "click", "email": ERASED},
        {"event": "delivery", "email": OTHER},
    ]


def test_waiting_mail_is_cancelled(world: World):
    queued = fill(world)["queued"]
    erase(world)
    assert not QueueEntry.objects.exists()
    assert Message.objects.get(pk=queued.pk).status == MessageStatus.CANCELLED


def test_the_address_stays_suppressed_and_untracked(world: World):
    fill(world)
    erase(world)
    rita, other = asked(world, "Rita@FAR.test"), asked(world, OTHER)
    found = wishes(raw_cursor(), [rita, other])
    assert set(found.suppressed) == {rita.message_id}
    assert rita.message_id in found.untracked
    place = Place(world.account.pk, world.domain.pk, RITA)
    assert opt_outs.opted_out([place, place._replace(email=OTHER)]) == {place}
    [found_entry, _] = lists.fetch(world.account.pk, lists.Query(email=RITA)).rows
    assert found_entry.email == mark_of(world.account.pk, RITA)


def test_a_mark_says_nothing_in_another_account(world: World):
    assert mark_of(world.account.pk, RITA) != mark_of(world.stranger_account.pk, RITA)
    make_message(world.stranger_domain, RITA)
    fill(world)
    erase(world)
    assert Message.objects.filter(account=world.stranger_account, recipient=RITA).count() == 1


def test_an_address_may_be_kept_out(world: World):
    make_message(world.domain, RITA)
    erase(world, keep_out=True)
    rita = asked(world, RITA)
    assert set(wishes(raw_cursor(), [rita]).suppressed) == {rita.message_id}


def test_what_others_still_wait_for_is_left_for_later(world: World):
    done = make_message(world.domain, RITA)
    Submission.objects.filter(pk=done.submission_id).update(recipient_count=2)
    late = make_message(world.domain, OTHER, status=MessageStatus.DEFERRED)
    Message.objects.filter(pk=late.pk).update(submission=done.submission_id)
    row = erase(world)
    assert (row.stage, row.waiting, row.finished_at) == ("emails", 1, None)
    assert Content.objects.filter(pk=done.submission.content_id).exists()
    Message.objects.filter(pk=late.pk).update(status="delivered", finished_at=late.sent_at)
    Erasure.objects.update(due_at=row.created_at)
    erasure.work_off(time.monotonic() + 30)
    row.refresh_from_db()
    assert row.finished_at is not None
    assert not Content.objects.filter(pk=done.submission.content_id).exists()
    assert Message.objects.get(pk=late.pk).recipient == OTHER


def test_the_certificate_is_in_the_audit_log_without_the_address(world: World):
    fill(world)
    row = erase(world)
    entry = AuditEntry.objects.get(action="recipient.erased")
    assert entry.changes["digest"]["to"] == row.mark
    assert entry.changes["emails"]["from"] == 2
    assert row.counts["cancelled"] == 1
    assert row.address is None


def test_its_page_says_why_there_is_no_body(world: World, client: Client):
    made = fill(world)
    erase(world)
    client.force_login(world.alice)
    for name in ("delivered", "queued", "other"):
        address = reverse("sending:message", args=[world.account.pk, made[name].pk])
        page = client.get(f"{address}?show=source").content.decode()
        assert ("somebody who got this email was erased" in page) == (name != "other")
    log = client.get(reverse("sending:email_log", args=[world.account.pk])).content.decode()
    assert ERASED in log
    entry = Suppression.objects.filter(account=world.account).first()
    assert entry is not None
    page = client.get(reverse("sending:suppression", args=[world.account.pk, entry.pk])).content.decode()
    assert "This address was erased" in page


def test_asking_twice_begins_one(world: World):
    by = store.By(None, "test")
    first = erasure.ask(world.account, RITA, by, keep_out=False)
    assert erasure.ask(world.account, RITA.upper(), by, keep_out=False) == first
