"""A domain that requires TLS: its mail is encrypted or waits, and other domains' mail to the same server goes on."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from domains.models import SendingDomain
from domains.options import change
from mailtrap_site.delivery_settings import Relay
from mailtrap_site.testing.fake_mx import BROKEN_TLS, FakeMx, receiving
from sending.delivery.routes import Exchanger, Route, fallback_of
from sending.delivery.tls_policy import OPPORTUNISTIC, PLAIN, RELAY_POLICIES, REQUIRED_BY_DOMAIN
from sending.models import Attempt, Event, Message, QueueEntry, Stream
from sending.tests.listening import server_context
from sending.tests.queued import queue_message


@pytest.fixture
def strict(domain):
    return change(domain, {"require_tls": True})


def sent_by(engine, domain):
    [message_id] = queue_message(domain, "rita@recipient.test")
    engine.drain(10)
    return Message.objects.get(pk=message_id), Attempt.objects.get(message=message_id)


def test_a_server_with_tls_gets_it_encrypted(strict, engine, lead_to):
    with receiving(FakeMx(tls=server_context())) as mx:
        lead_to(mx)
        message, attempt = sent_by(engine, strict)
    assert message.status == "delivered"
    assert [mail.tls for mail in mx.mails] == [True]
    assert attempt.tls.endswith("certificate not checked")


@pytest.mark.parametrize(
    "server",
    [
        lambda: FakeMx(),
        lambda: FakeMx(tls=server_context(), answers={"STARTTLS": "454 4.7.0 TLS not available"}),
        lambda: FakeMx(tls=server_context(), answers={"STARTTLS": BROKEN_TLS}),
    ],
    ids=["without STARTTLS", "STARTTLS refused", "handshake broken"],
)
def test_without_tls_that_works_it_waits_and_nothing_of_it_is_said(strict, engine, lead_to, server):
    with receiving(server()) as mx:
        lead_to(mx)
        message, attempt = sent_by(engine, strict)
    assert (message.status, attempt.outcome, attempt.tls) == ("deferred", "deferred", None)
    assert mx.mails == mx.complete == []
    assert not any(command.startswith(("MAIL", "RCPT", "DATA")) for command in mx.commands)
    assert "Not sent in the clear, as the sending domain asks: " in message.reply
    event = Event.objects.get(message=message.pk, type=Event.Type.SOFT_BOUNCE)
    assert event.details["rule"] == "tls_required"
    assert message.next_attempt_at is not None


def test_its_page_says_what_is_missing_and_who_decides(strict, engine, lead_to):
    with receiving(FakeMx()) as mx:
        lead_to(mx)
        message, _ = sent_by(engine, strict)
    client = Client()
    client.force_login(User.objects.get(email="alice@acme.test"))
    page = client.get(reverse("sending:message", args=[message.account_id, message.pk])).content.decode()
    assert "offers no TLS, and this domain requires it</h1>" in page
    assert "or let the domain send in the clear: its settings decide" in page


def test_mail_of_another_domain_to_the_same_server_still_goes_in_the_clear(strict, engine, lead_to):
    other = SendingDomain.objects.get(name="stranger.test")
    with receiving(FakeMx()) as mx:
        lead_to(mx)
        ids = [queue_message(one, "rita@recipient.test")[0] for one in (strict, other)]
        engine.drain(10)
    assert [Message.objects.get(pk=one).status for one in ids] == ["deferred", "delivered"]
    assert [mail.tls for mail in mx.mails] == [False]


def test_once_the_domain_lets_go_its_mail_leaves_in_the_clear(strict, engine, lead_to):
    with receiving(FakeMx()) as mx:
        lead_to(mx)
        [message_id] = queue_message(strict, "rita@recipient.test")
        engine.drain(10)
        change(strict, {"require_tls": False})
        QueueEntry.objects.filter(pk=message_id).update(due_at=timezone.now())
        engine.drain(10)
    assert Message.objects.get(pk=message_id).status == "delivered"
    assert [mail.tls for mail in mx.mails] == [False]


def test_a_smarthost_that_is_reached_in_the_clear_gets_nothing_of_it(strict, engine, settings):
    with receiving(FakeMx()) as mx:
        settings.ROUTE = "relay"
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, relay=Relay("localhost", mx.port, "", "", "none"))
        message, _ = sent_by(engine, strict)
    assert message.status == "deferred"
    assert mx.mails == []


def test_no_policy_is_weakened_and_the_way_around_is_as_strict(settings):
    assert OPPORTUNISTIC.required == PLAIN.required == REQUIRED_BY_DOMAIN
    assert not REQUIRED_BY_DOMAIN.may_fall_back
    for name in ("starttls", "implicit"):
        assert RELAY_POLICIES[name].required == RELAY_POLICIES[name]
    settings.ROUTE = "mx"
    settings.ENVIRONMENT = replace(
        settings.ENVIRONMENT, relay=Relay("smart.test", 25, "", "", "none"), relay_fallback_minutes=5
    )
    direct = Route("mx", "far.test", (Exchanger("mx.far.test", 25),), OPPORTUNISTIC)
    assert fallback_of(direct, Stream.TRANSACTIONAL).tls == PLAIN
    assert fallback_of(direct.with_tls, Stream.TRANSACTIONAL).tls == REQUIRED_BY_DOMAIN
