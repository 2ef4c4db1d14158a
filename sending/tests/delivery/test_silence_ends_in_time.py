"""A server that says nothing is left after the time of RFC 5321 4.5.3.2, and does not hold up the others."""

import time

import pytest
from django.utils import timezone

from mailtrap_site.testing.fake_mx import HANG, TRICKLE, FakeMx, receiving
from sending.delivery import session
from sending.models import Attempt, Message, QueueEntry
from sending.protocol.smtp_client_events import CLIENT_TIMEOUTS, ClientPhase
from sending.tests.queued import queue_message


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(session, "CLIENT_TIMEOUTS", {**CLIENT_TIMEOUTS, **dict.fromkeys(ClientPhase, 0.3)})


@pytest.mark.parametrize(
    ("step", "status", "phase"),
    [("CONNECT", "deferred", "greeting"), ("RCPT", "deferred", "rcpt"), ("DOT", "uncertain", "final dot")],
)
def test_each_wait_is_bounded(domain, engine, lead_to, hurried, step, status, phase):
    with receiving(FakeMx({step: HANG})) as mx:
        lead_to(mx)
        [message_id] = queue_message(domain, "rita@recipient.test")
        engine.drain(15)
    message = Message.objects.get(pk=message_id)
    assert (message.status, Attempt.objects.get().phase) == (status, phase)
    assert "No answer within 0.3 seconds" in (message.reply or "")


def test_an_answer_that_never_ends_is_no_answer(domain, engine, lead_to, hurried):
    with receiving(FakeMx({"RCPT": TRICKLE})) as mx:
        lead_to(mx)
        [message_id] = queue_message(domain, "rita@recipient.test")
        engine.drain(5)
    message = Message.objects.get(pk=message_id)
    assert message.status == "deferred"
    assert "No answer within 0.3 seconds" in (message.reply or "")


def test_a_slow_conversation_does_not_hold_up_the_next_message(domain, engine, lead_to):
    def first_hangs(server, line):
        return HANG if "slow@" in line else "250 OK"

    with receiving(FakeMx({"RCPT": first_hangs})) as mx:
        lead_to(mx)
        [slow] = queue_message(domain, "slow@recipient.test")
        quick = queue_message(domain, "quick@recipient.test", due_at=timezone.now())
        started = time.monotonic()
        engine.drain(2)
        assert time.monotonic() - started < 5
        assert [mail.recipients for mail in mx.mails] == [("quick@recipient.test",)]
        assert Message.objects.get(pk=quick[0]).status == "delivered"
        entry = QueueEntry.objects.get(pk=slow)
        assert entry.lease_until is not None
        assert entry.lease_until > timezone.now()
