"""A suppressed address gets no mail of its scope, however it is written; what suppresses is data, and counts once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from mailtrap_site.testing.world import make_world
from sending import followers
from sending.events.record import News, record_news
from sending.models import Event, Message, MessageStatus, QueueEntry, Suppression
from sending.models.statements import raw_cursor
from sending.queue.gate import claim_free
from sending.suppressions.consequences import incident_of
from sending.tests.queued import queue_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def suppress(owner, email="rita@recipient.test", **options):
    values = {"stream": "any", "type": "unsubscription", "domain": owner} | options
    return Suppression.objects.create(account_id=owner.account_id, email=email, **values)


def leaving():
    return [one.recipient for one in claim_free(raw_cursor(), now=timezone.now(), lease=timedelta(minutes=1), limit=10)]


def bounced(message_id, account_id, **details):
    news = News(message_id, account_id, Event.Type.BOUNCE, datetime(2026, 11, 1, tzinfo=UTC), details)
    record_news([news])
    followers.follow(float("inf"))


def test_mail_to_a_suppressed_address_is_rejected_and_says_why(world):
    suppress(world.domain)
    message_id, _ = queue_message(world.domain, "Rita@Recipient.test", "other@recipient.test")
    assert leaving() == ["other@recipient.test"]
    assert Message.objects.get(pk=message_id).status == MessageStatus.REJECTED
    assert not QueueEntry.objects.filter(message_id=message_id).exists()
    told = Event.objects.get(message_id=message_id, type=Event.Type.REJECT).details
    assert told["reject_reason"] == "Recipient in suppression list. Reason: unsubscription"


@pytest.mark.parametrize(
    ("scope", "reaches"),
    [
        ({"stream": "bulk"}, True),
        ({"stream": "transactional"}, False),
        ({"stream": "any"}, False),
        ({"domain": None}, False),
        ({"email": "someone@recipient.test"}, True),
    ],
)
def test_an_entry_covers_its_stream_and_domain_alone(world, scope, reaches):
    suppress(world.domain, **scope)
    queue_message(world.domain, "rita@recipient.test")
    assert leaving() == (["rita@recipient.test"] if reaches else [])


def test_an_entry_of_another_domain_or_account_says_nothing(world):
    suppress(world.stranger_domain)
    suppress(world.stranger_domain, domain=None, email="rita@recipient.test", type="hard bounce")
    queue_message(world.domain, "rita@recipient.test")
    assert leaving() == ["rita@recipient.test"]


@pytest.mark.parametrize("category", ["badrecipient", "overquota", "timeout"])
def test_a_bounce_that_speaks_of_the_recipient_suppresses(world, category):
    [message_id] = queue_message(world.domain, "Rita@recipient.test")
    bounced(message_id, world.account.pk, bounce_category=category, rule="mailbox does not exist", response_code=550)
    entry = Suppression.objects.get()
    assert (entry.email, entry.type, entry.stream) == ("rita@recipient.test", "hard bounce", "transactional")
    assert (entry.domain_id, entry.message_id, entry.rule) == (world.domain.pk, message_id, "mailbox does not exist")
    assert entry.evidence["subject"] == "Hello"
    assert entry.created_at == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize("category", ["spam", "block", "verifyfail", "serverpolicy", "content", "badsender", None])
def test_a_refusal_of_the_sender_suppresses_nobody(world, category):
    [message_id] = queue_message(world.domain, "rita@recipient.test")
    bounced(message_id, world.account.pk, bounce_category=category)
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(("kind", "type_"), [("spam", "spam complaint"), ("unsubscribe", "unsubscription")])
def test_complaints_and_unsubscriptions_suppress(world, kind, type_):
    [message_id] = queue_message(world.domain, "rita@recipient.test")
    record_news([News(message_id, world.account.pk, Event.Type(kind), timezone.now(), {})] * 2)
    followers.follow(float("inf"))
    assert [entry.type for entry in Suppression.objects.all()] == [type_]


def test_one_cause_is_one_incident_whoever_the_recipients_are():
    def details(words, mx="mx1.recipient.test"):
        return {"email_service_provider_response": words, "recipient_mx": mx, "response_code": 550}

    one = incident_of(details("No such user rita@recipient.test here (id 4711)"))
    assert one == incident_of(details("No such user bob@recipient.test here (id 4712)", "mx2.recipient.test"))
    assert one != incident_of(details("Mailbox full"))
    assert one != incident_of(details("No such user rita@recipient.test here (id 4711)", "mx1.elsewhere.test"))
