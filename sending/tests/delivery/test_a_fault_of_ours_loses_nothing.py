"""An unforeseen fault in the middle of a drain defers the message; it neither vanishes nor stays leased."""

from dataclasses import replace

from mailtrap_site.testing.fake_mx import FakeMx, receiving
from sending.delivery import deliver, pools
from sending.models import Attempt, Message, QueueEntry
from sending.tests.queued import queue_message


def broken(*args, **kwargs):
    raise ZeroDivisionError


def test_while_composing(domain, engine, lead_to, monkeypatch):
    monkeypatch.setattr("sending.delivery.load.Mail", broken)
    with receiving(FakeMx()) as mx:
        lead_to(mx)
        [message_id] = queue_message(domain, "rita@recipient.test")
        engine.drain(10)
    assert Message.objects.get(pk=message_id).reply == "4.3.0 Internal error; it is tried again"
    assert QueueEntry.objects.get().lease_owner is None


def test_while_routing(domain, engine, monkeypatch):
    monkeypatch.setattr(pools, "route_to", broken)
    [message_id] = queue_message(domain, "rita@recipient.test")
    engine.drain(10)
    assert Message.objects.get(pk=message_id).status == "deferred"


def test_a_result_that_the_database_refuses_is_written_with_less_evidence(domain, engine, lead_to, monkeypatch):
    def refused(claim, *args, **kwargs):
        result = result_of(claim, *args, **kwargs)
        if claim.recipient.startswith("nul@"):
            return replace(result, evidence=replace(result.evidence, reply_text="\0"))
        if claim.recipient.startswith("long@"):
            details = result.details | {"recipient_mx": "\0"}
            return replace(result, evidence=replace(result.evidence, mx_host="m" * 300, mx_ip="mx"), details=details)
        return result

    result_of = deliver.result_of
    monkeypatch.setattr(deliver, "result_of", refused)
    with receiving(FakeMx()) as mx:
        lead_to(mx)
        queue_message(domain, "rita@recipient.test", "nul@recipient.test", "long@recipient.test")
        engine.drain(10)
        assert len(mx.mails) == 3
    assert set(Message.objects.values_list("status", flat=True)) == {"delivered"}
    assert not QueueEntry.objects.exists()
    assert Attempt.objects.filter(reply_text=None, mx_host=None, reply_code=250).count() == 2
