"""The relay route logs in under TLS and checks the certificate; what it cannot check it defers."""

from dataclasses import replace

import pytest
from django.conf import settings as django_settings

from mailtrap_site.delivery_settings import Relay
from mailtrap_site.testing.fake_mx import FakeMx, receiving
from sending.delivery import tls_policy
from sending.models import Attempt, Message
from sending.tests.listening import server_context, trusting_context
from sending.tests.queued import queue_message


@pytest.fixture
def relay_to(settings):
    def lead(server, tls):
        relay = Relay(server.host, server.port, "me", "secret", tls)
        settings.ROUTE = "relay"
        settings.ENVIRONMENT = replace(django_settings.ENVIRONMENT, relay=relay)

    return lead


@pytest.fixture
def trusting(monkeypatch):
    """The test's certificate is believed, as that of a real smarthost would be."""
    monkeypatch.setattr(tls_policy, "context", lambda verify: trusting_context())
    monkeypatch.setattr("sending.delivery.session.context", lambda verify: trusting_context())


def sent_by(engine, domain):
    [message_id] = queue_message(domain, "rita@recipient.test")
    engine.drain(10)
    return Message.objects.get(pk=message_id), Attempt.objects.get(message=message_id)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_smarthost_is_logged_in_to_under_tls(domain, engine, relay_to, trusting, tls):
    server = FakeMx(tls=server_context(), implicit_tls=tls == "implicit", extensions=("AUTH PLAIN LOGIN", "8BITMIME"))
    with receiving(server) as mx:
        relay_to(mx, tls)
        message, attempt = sent_by(engine, domain)
    assert message.status == "delivered"
    assert "AUTH PLAIN AG1lAHNlY3JldA==" in mx.commands
    assert not any("AG1l" in line for _, line in attempt.conversation)
    assert attempt.tls.endswith("certificate checked")


def test_a_certificate_that_is_not_valid_defers_and_says_so(domain, engine, relay_to):
    with receiving(FakeMx(tls=server_context(), extensions=("AUTH PLAIN",))) as mx:
        relay_to(mx, "starttls")
        message, attempt = sent_by(engine, domain)
    assert (message.status, attempt.phase) == ("deferred", "tls")
    assert "certificate not accepted" in message.reply
    assert not any(command.startswith("AUTH") for command in mx.commands)


def test_a_smarthost_without_tls_gets_neither_password_nor_mail(domain, engine, relay_to):
    with receiving(FakeMx(extensions=("AUTH PLAIN",))) as mx:
        relay_to(mx, "starttls")
        message, _ = sent_by(engine, domain)
    assert message.status == "deferred"
    assert "TLS is required" in message.reply
    assert mx.mails == []


def test_tls_can_be_switched_off_for_a_smarthost_nearby(domain, engine, relay_to):
    with receiving(FakeMx(extensions=("AUTH LOGIN",), answers={"AUTH": "235 OK"})) as mx:
        relay_to(mx, "none")
        message, attempt = sent_by(engine, domain)
    assert attempt.tls is None
    assert message.status == "deferred"  # this server answers AUTH LOGIN at once, which is no SMTP


def test_a_smarthost_may_have_a_name_that_only_this_machine_knows(domain, engine, settings):
    with receiving(FakeMx()) as mx:
        settings.ROUTE = "relay"
        nearby = Relay("localhost", mx.port, "", "", "none")
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, relay=nearby)
        message, _ = sent_by(engine, domain)
    assert message.status == "delivered"


def test_a_smarthost_whose_name_leads_nowhere_bounces_nobodys_mail(domain, engine, settings):
    settings.ROUTE = "relay"
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, relay=Relay("smart.invalid", 587, "me", "secret", "starttls"))
    message, attempt = sent_by(engine, domain)
    assert (message.status, attempt.outcome) == ("deferred", "deferred")
