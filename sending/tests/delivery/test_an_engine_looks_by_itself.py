"""Wake-ups are a matter of speed alone: a worker that nobody calls finds what is due, and winds up when it ends."""

import asyncio
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from mailtrap_site.testing.fake_mx import HANG, FakeMx, receiving
from sending.delivery import drain
from sending.delivery.drain import Engine
from sending.models import Message, QueueEntry
from sending.models.statements import raw_cursor
from sending.queue.claim import claim
from sending.tests.queued import queue_message


@pytest.fixture
def looking(domain, monkeypatch):
    monkeypatch.setattr(drain, "LOOK_BY_ITSELF", 0.05)
    made = Engine(lease=timedelta(seconds=30))
    made.look_by_itself(30)
    yield made
    if not made._is_ending:
        made.close()


def wait_until(is_true):
    deadline = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.02)


def test_mail_leaves_although_nobody_calls(domain, looking, lead_to):
    with receiving(FakeMx()) as mx:
        lead_to(mx)
        for turn in range(1, 3):
            queue_message(domain, f"r{turn}@recipient.test")
            wait_until(lambda expected=turn: Message.objects.filter(status="delivered").count() == expected)
    assert len(mx.mails) == 2
    assert not QueueEntry.objects.exists()


def test_a_call_and_its_own_look_do_not_deliver_twice(domain, looking, lead_to):
    with receiving(FakeMx()) as mx:
        lead_to(mx)
        for turn in range(5):
            queue_message(domain, *(f"r{turn}-{number}@recipient.test" for number in range(20)))
            looking.drain(10)
    assert len({mail.recipients[0] for mail in mx.mails}) == len(mx.mails) == 100


def test_an_end_waits_for_the_conversation_that_has_begun_and_claims_no_more(domain, looking, lead_to):
    begun = []

    async def slowly(server, line):
        begun.append(line)
        await asyncio.sleep(0.5)
        return "250 OK"

    with receiving(FakeMx({"DOT": slowly})) as mx:
        lead_to(mx)
        queue_message(domain, "rita@recipient.test")
        wait_until(lambda: begun)
        queue_message(domain, "late@recipient.test", due_at=timezone.now() + timedelta(seconds=0.3))
        looking.close()
    assert [str(mail.recipients[0]) for mail in mx.mails] == ["rita@recipient.test"]
    assert Message.objects.get(recipient="rita@recipient.test").status == "delivered"
    later = timezone.now() + timedelta(seconds=1)
    assert [one.recipient for one in claim(raw_cursor(), now=later)] == ["late@recipient.test"]


def test_an_end_between_two_drains_waits_for_conversations_and_writes_their_results(domain, lead_to):
    made = Engine(lease=timedelta(seconds=30))

    async def slowly(server, line):
        await asyncio.sleep(1.5)
        return "250 OK"

    with receiving(FakeMx({"DOT": slowly})) as mx:
        lead_to(mx)
        queue_message(domain, "rita@recipient.test")
        assert made.drain(0.3).claimed == 1
        made.close()
    assert Message.objects.get().status == "delivered"


def test_a_drain_that_is_told_to_stop_does_not_wait_for_the_engines_own(domain, looking, lead_to, monkeypatch):
    monkeypatch.setattr(drain, "STOP_SECONDS", 0.2)
    with receiving(FakeMx({"DATA": HANG})) as mx:
        lead_to(mx)
        queue_message(domain, "rita@recipient.test")
        wait_until(lambda: mx.seen["DATA"])
        started = time.monotonic()
        looking.drain(30, lambda: True)
        assert time.monotonic() - started < 5
