"""Several drains at once deliver each message once, and give back what they do not begin."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone

from mailtrap_site.testing.fake_mx import FakeMx, receiving
from sending.delivery.drain import Engine
from sending.models import Attempt, Content, Message, QueueEntry, Stream
from sending.models.statements import raw_cursor
from sending.queue.claim import claim
from sending.tests.queued import queue_message


@pytest.fixture
def other_engine(domain):
    made = Engine(lease=timedelta(seconds=30), batch=7)
    yield made
    made.close()


def test_no_message_is_delivered_twice(domain, engine, other_engine, lead_to):
    with receiving(FakeMx()) as mx:
        lead_to(mx)
        for batch in range(4):
            queue_message(domain, *(f"r{batch}-{number}@recipient.test" for number in range(30)))
        drains = [Thread(target=one.drain, args=[20]) for one in (engine, other_engine)]
        for drain in drains:
            drain.start()
        for drain in drains:
            drain.join()
    assert len(mx.mails) == 120
    assert len({mail.mail_from for mail in mx.mails}) == 120
    assert set(Message.objects.values_list("status", flat=True)) == {"delivered"}
    assert Attempt.objects.count() == 120
    assert not QueueEntry.objects.exists()


def test_a_drain_that_is_told_to_stop_claims_nothing(domain, engine, lead_to):
    with receiving(FakeMx()) as mx:
        lead_to(mx)
        queue_message(domain, "rita@recipient.test")
        drained = engine.drain(10, should_stop=lambda: True)
    assert (drained.claimed, drained.is_more) == (0, False)
    assert len(claim(raw_cursor(), now=timezone.now())) == 1


def test_what_has_not_begun_is_given_back_on_stop(domain, engine, lead_to):
    begun = []

    def first_only(server, line):
        begun.append(line)
        return "250 OK"

    with receiving(FakeMx({"DOT": first_only})) as mx:
        lead_to(mx)
        queue_message(domain, *(f"r{number}@recipient.test" for number in range(150)))
        engine.drain(10, should_stop=lambda: bool(begun))
    left = QueueEntry.objects.count()
    assert 0 < left == 150 - len(mx.mails)
    assert not QueueEntry.objects.exclude(lease_owner=None).exists()


def test_a_message_whose_lease_was_lost_gets_no_final_dot(domain, engine, lead_to):
    def update():
        QueueEntry.objects.update(lease_owner="00000000-0000-4000-8000-000000000000")
        connection.close()

    def steal(server, line):
        thief = Thread(target=update)
        thief.start()
        thief.join()
        return "250 OK"

    with receiving(FakeMx({"RCPT": steal})) as mx:
        lead_to(mx)
        [message_id] = queue_message(domain, "rita@recipient.test")
        engine.drain(10)
    assert mx.mails == []
    assert mx.seen["DATA"] == 1
    assert mx.seen["DOT"] == 0
    assert Message.objects.get(pk=message_id).status == "queued"
    assert not Attempt.objects.exists()


def test_content_of_many_recipients_is_signed_once_and_the_same(domain, engine, lead_to):
    with receiving(FakeMx()) as mx:
        lead_to(mx)
        queue_message(domain, *(f"r{number}@recipient.test" for number in range(5)), stream=Stream.BULK)
        engine.drain(10)
    assert len({mail.content for mail in mx.mails}) == 1
    assert len({bytes(digest or b"") for digest in Attempt.objects.values_list("content_sha256", flat=True)}) == 1


def test_content_or_key_that_is_gone_ends_in_a_bounce_that_says_so(domain, engine, lead_to):
    [message_id] = queue_message(domain, "rita@recipient.test")
    Content.objects.all().delete()
    with receiving(FakeMx()) as mx:
        lead_to(mx)
        engine.drain(10)
        [other] = queue_message(domain, "rita@recipient.test")
        domain.dkim_keys.all().delete()
        engine.drain(10)
    assert mx.mails == []
    message = Message.objects.get(pk=message_id)
    assert (message.status, message.reply) == ("bounced", "5.6.0 The content of this message is no longer stored")
    assert Message.objects.get(pk=other).reply == "5.7.0 The sending domain of this message no longer exists"
