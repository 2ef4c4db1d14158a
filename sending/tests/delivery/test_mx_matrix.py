"""What each kind of misbehaving exchanger does to a message, over real sockets and the real queue."""

import pytest
from django.utils import timezone

from mailtrap_site.testing.fake_mx import BROKEN_TLS, CLOSE, FakeMx, receiving
from mailtrap_site.testing.smtp_tables import MX_ANSWERS
from sending.models import Attempt, Event, Message, QueueEntry
from sending.tests.listening import server_context
from sending.tests.queued import MESSAGE, queue_message


def outcome_of(message_id):
    message = Message.objects.get(pk=message_id)
    attempt = Attempt.objects.get(message=message_id)
    event = Event.objects.get(message=message_id)
    return message, attempt, event


def test_a_good_exchanger_gets_the_mail_and_the_evidence_is_kept(domain, engine, lead_to):
    with receiving(FakeMx(tls=server_context())) as mx:
        lead_to(mx)
        [message_id] = queue_message(domain, "rita@recipient.test")
        assert engine.drain(10).claimed == 1
    [mail] = mx.mails
    assert mail.recipients == ("rita@recipient.test",)
    assert mail.mail_from.endswith(f"@{domain.return_path_domain}")
    assert mail.tls
    assert mail.content.endswith(MESSAGE)
    assert mail.content.startswith(b"DKIM-Signature:")
    message, attempt, event = outcome_of(message_id)
    assert (message.status, message.attempts, message.reply) == ("delivered", 1, "250 2.0.0 Queued as FAKE")
    assert (attempt.outcome, attempt.phase, attempt.reply_code) == ("delivered", "final dot", 250)
    assert attempt.tls.startswith("TLSv1.3 ")
    assert attempt.tls.endswith("certificate not checked")
    assert (attempt.mx_host, attempt.mx_ip, attempt.source_ip) == ("127.0.0.1", "127.0.0.1", "127.0.0.1")
    assert {"connect", "tls", "answer"} <= attempt.timing.keys()
    assert ["C", "RCPT TO:<rita@recipient.test>"] in attempt.conversation
    assert event.type == "delivery"
    assert not QueueEntry.objects.exists()


@pytest.mark.parametrize(("answers", "status", "phase", "category"), MX_ANSWERS)
def test_the_matrix(domain, engine, lead_to, answers, status, phase, category):
    with receiving(FakeMx(answers)) as mx:
        lead_to(mx)
        [message_id] = queue_message(domain, "rita@recipient.test")
        engine.drain(10)
    message, attempt, event = outcome_of(message_id)
    assert (message.status, attempt.phase) == (status, phase)
    assert event.details["bounce_category"] == category
    assert event.type == ("bounce" if status == "bounced" else "soft_bounce")
    assert not mx.mails
    if status == "bounced":
        assert message.finished_at is not None
        assert not QueueEntry.objects.exists()
    else:
        entry = QueueEntry.objects.get()
        assert (entry.attempts, entry.lease_owner, entry.uncertain_since) == (1, None, None)
        assert message.next_attempt_at == entry.due_at > timezone.now()


def test_an_exchanger_that_refuses_connections_defers(domain, engine, lead_to):
    with receiving(FakeMx()) as mx:
        pass
    lead_to(mx)
    ids = queue_message(domain, "rita@recipient.test", "rob@recipient.test")
    engine.drain(10)
    for message_id in ids:
        message, attempt, _ = outcome_of(message_id)
        assert (message.status, attempt.phase, attempt.reply_code) == ("deferred", "connect", None)
        assert "Could not connect" in message.reply


def test_greylisting_ends_in_delivery(domain, engine, lead_to):
    def greylist(server, line):
        return "250 OK" if server.seen["RCPT"] > 1 else "450 4.2.0 Greylisted, come back"

    with receiving(FakeMx({"RCPT": greylist})) as mx:
        lead_to(mx)
        [message_id] = queue_message(domain, "rita@recipient.test")
        engine.drain(10)
        assert Message.objects.get(pk=message_id).status == "deferred"
        QueueEntry.objects.update(due_at=timezone.now())
        engine.drain(10)
    message = Message.objects.get(pk=message_id)
    assert (message.status, message.attempts, message.next_attempt_at) == ("delivered", 2, None)
    assert list(Attempt.objects.order_by("number").values_list("number", "outcome")) == [
        (1, "deferred"),
        (2, "delivered"),
    ]


def test_each_recipient_has_its_own_fate(domain, engine, lead_to):
    def only_rita(server, line):
        return "250 OK" if "rita@" in line else "550 5.1.1 No such user"

    with receiving(FakeMx({"RCPT": only_rita})) as mx:
        lead_to(mx)
        ids = queue_message(domain, "rita@recipient.test", "nobody@recipient.test")
        engine.drain(10)
    assert [Message.objects.get(pk=one).status for one in ids] == ["delivered", "bounced"]
    assert len(mx.mails) == 1


def test_a_broken_handshake_falls_back_to_plain(domain, engine, lead_to):
    with receiving(FakeMx({"STARTTLS": BROKEN_TLS}, tls=server_context())) as mx:
        lead_to(mx)
        [message_id] = queue_message(domain, "rita@recipient.test")
        engine.drain(10)
    message, attempt, _ = outcome_of(message_id)
    assert (message.status, attempt.tls) == ("delivered", None)
    assert not mx.mails[0].tls


def test_one_connection_carries_many_messages(domain, engine, lead_to):
    with receiving(FakeMx()) as mx:
        lead_to(mx)
        queue_message(domain, *(f"r{number}@recipient.test" for number in range(40)))
        engine.drain(10)
    assert len(mx.mails) == 40
    assert mx.seen["CONNECT"] <= engine._sites[f"{mx.host}:{mx.port}"].pace.connections
    assert len({mail.mail_from for mail in mx.mails}) == 40


def test_a_connection_closed_at_rest_costs_no_attempt(domain, engine, lead_to):
    def close_second(server, line):
        return CLOSE if server.seen["MAIL"] == 2 else "250 OK"

    with receiving(FakeMx({"MAIL": close_second})) as mx:
        lead_to(mx)
        [first] = queue_message(domain, "rita@recipient.test")
        engine.drain(10)
        [second] = queue_message(domain, "rob@recipient.test")
        engine.drain(10)
    assert [Message.objects.get(pk=one).attempts for one in (first, second)] == [1, 1]
    assert Message.objects.get(pk=second).status == "delivered"


def test_the_eleventh_deferral_is_a_bounce(domain, engine, lead_to):
    with receiving(FakeMx({"RCPT": "451 4.3.0 Not today"})) as mx:
        lead_to(mx)
        [message_id] = queue_message(domain, "rita@recipient.test")
        QueueEntry.objects.update(attempts=10)
        engine.drain(10)
    message, attempt, event = outcome_of(message_id)
    assert (message.status, attempt.number, event.type) == ("bounced", 11, "bounce")
    assert event.details["gave_up"] is True


def test_of_a_flood_of_words_the_evidence_keeps_the_first(domain, engine, lead_to):
    flood = "\r\n".join(["250-" + "x" * 900] * 60) + "\r\n250 OK"
    with receiving(FakeMx({"EHLO": flood, "RCPT": "550 5.1.1 " + "y" * 3000})) as mx:
        lead_to(mx)
        [message_id] = queue_message(domain, "rita@recipient.test")
        engine.drain(10)
    _, attempt, _ = outcome_of(message_id)
    assert attempt.outcome == "bounced"
    assert max(len(text) for _, text in attempt.conversation) <= 2000
    assert ["C", "RCPT TO:<rita@recipient.test>"] in attempt.conversation
