"""A site that asks for less gets less: its mail waits untried, everybody else's goes on, and the others learn of it."""

import time
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from domains.nameserver import Record
from mailtrap_site.testing.fake_dns import StoredZones, resolving
from mailtrap_site.testing.fake_mx import FakeMx, receiving
from mailtrap_site.testing.live_instance import wait_for
from sending.delivery import drain
from sending.delivery.drain import Engine
from sending.models import Attempt, Message, QueueEntry, SitePace
from sending.tests.queued import queue_message

ZONE = StoredZones(
    {
        "busy.test": [Record("MX", "10 mx.busy.test")],
        "alias.test": [Record("MX", "10 mx.busy.test")],
        "mx.busy.test": [Record("A", "127.0.0.2")],
        "quick.test": [Record("MX", "10 mx.quick.test")],
        "mx.quick.test": [Record("A", "127.0.0.1")],
    }
)
SITE = "mx.busy.test"


@pytest.fixture
def by_mx(settings):
    settings.ROUTE, settings.OUTBOUND_PUBLIC_ONLY = "mx", False
    with resolving(ZONE):
        yield settings


@pytest.fixture
def busy(by_mx):
    """Runs an exchanger for busy.test that answers so."""

    def run(answers):
        server = FakeMx(answers, host="127.0.0.2")
        return receiving(server)

    return run


def learnt_before(**facts):
    usual = {"connections": 8, "messages_per_connection": 100, "strikes": 0, "why": "", "learnt_at": timezone.now()}
    SitePace.objects.create(key=SITE, **(usual | facts))


def recipients(number, domain="busy.test"):
    return [f"r{index}@{domain}" for index in range(number)]


def test_what_was_not_tried_waits_without_an_attempt_and_others_are_served(domain, engine, by_mx, busy):
    with (
        busy({"RCPT": "421 4.7.0 Slow down"}) as slow,
        receiving(FakeMx(port=slow.port)) as quick,
    ):
        by_mx.OUTBOUND_PORT = slow.port
        queue_message(domain, *recipients(60), *recipients(10, "alias.test"))
        queue_message(domain, *recipients(5, "quick.test"))
        started = time.monotonic()
        engine.drain(10)
        assert time.monotonic() - started < 8
        assert len(quick.mails) == 5
        assert 1 <= slow.seen["RCPT"] <= 2
    tried = Attempt.objects.filter(outcome="deferred").count()
    assert tried == slow.seen["RCPT"]
    waiting = QueueEntry.objects.filter(attempts=0)
    assert waiting.count() == 70 - tried
    assert not waiting.exclude(lease_owner=None).exists()
    assert waiting.filter(due_at__gt=timezone.now() + timedelta(seconds=2)).count() == 70 - tried
    pace = engine._sites[SITE].pace
    assert (pace.connections, pace.strikes) == (1, 1)
    assert "Slow down" in pace.why


def test_mail_older_than_all_retries_is_no_longer_put_back_untried(domain, engine, by_mx, busy, monkeypatch):
    monkeypatch.setattr(drain, "UNTRIED_FOR", timedelta(0))
    with busy({"RCPT": "421 4.7.0 Slow down"}) as slow:
        by_mx.OUTBOUND_PORT = slow.port
        queue_message(domain, *recipients(10))
        engine.drain(10)
    assert Attempt.objects.count() == 10
    assert Attempt.objects.filter(reply_text__startswith="The receiving site has asked us to wait: 421").exists()


def test_a_bound_on_messages_of_a_connection_costs_no_attempt(domain, engine, by_mx, busy):
    since_connect = Counter()

    def five_each(server, line):
        since_connect[server.seen["CONNECT"]] += 1
        return (
            "421 4.7.0 Too many messages on this connection" if since_connect[server.seen["CONNECT"]] > 5 else "250 OK"
        )

    by_mx.ENVIRONMENT = replace(by_mx.ENVIRONMENT, site_connections=1)
    with busy({"MAIL": five_each}) as mx:
        by_mx.OUTBOUND_PORT = mx.port
        queue_message(domain, *recipients(23))
        engine.drain(20)
        assert len(mx.mails) == 23
        assert mx.seen["CONNECT"] == 5
    assert set(Message.objects.values_list("status", "attempts")) == {("delivered", 1)}
    assert engine._sites[SITE].pace.messages_per_connection == 5


def test_a_bound_on_connections_costs_no_attempt(domain, engine, by_mx, busy):
    def three(server, line):
        return "220 Welcome" if server.seen["CONNECT"] <= 3 else "421 4.7.0 Too many connections"

    learnt_before(connections=8)
    with busy({"CONNECT": three}) as mx:
        by_mx.OUTBOUND_PORT = mx.port
        queue_message(domain, *recipients(28))
        engine.drain(20)
        assert len(mx.mails) == 28
        assert mx.seen["CONNECT"] > 3
    assert set(Message.objects.values_list("status", "attempts")) == {("delivered", 1)}
    assert engine._sites[SITE].pace.connections == 3


def test_domains_behind_one_site_share_its_connections(domain, engine, by_mx, busy):
    with busy({}) as mx:
        by_mx.OUTBOUND_PORT = mx.port
        queue_message(domain, *recipients(10), *recipients(10, "alias.test"))
        engine.drain(10)
        assert len(mx.mails) == 20
        assert mx.seen["CONNECT"] <= 2


def test_success_makes_a_site_grow(domain, engine, by_mx, busy):
    with busy({}) as mx:
        by_mx.OUTBOUND_PORT = mx.port
        queue_message(domain, *recipients(100))
        engine.drain(20)
    assert engine._sites[SITE].pace.connections == 5  # after 20, 30 and 40 more
    assert set(Message.objects.values_list("status", flat=True)) == {"delivered"}


@pytest.fixture
def start_engine():
    """Further engines, each closed in the end."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(Engine(lease=timedelta(seconds=30))))


def test_what_was_learnt_outlives_the_process(domain, start_engine, by_mx, busy):
    with busy({"RCPT": "421 4.7.0 Slow down"}) as mx:
        by_mx.OUTBOUND_PORT = mx.port
        queue_message(domain, *recipients(1))
        start_engine().drain(10)
        wait_for(SitePace.objects.exists, "what was learnt", 5)
        seen = mx.seen["CONNECT"]
        queue_message(domain, "later@busy.test")
        start_engine().drain(5)
        assert mx.seen["CONNECT"] == seen
    pace = SitePace.objects.get()
    assert (pace.key, pace.connections, pace.strikes) == (SITE, 1, 1)
    assert QueueEntry.objects.get(attempts=0).due_at == pace.throttled_until


def test_what_was_learnt_long_ago_is_forgotten(domain, engine, by_mx, busy):
    learnt_before(connections=1, learnt_at=timezone.now() - timedelta(days=2), strikes=5)
    with busy({}) as mx:
        by_mx.OUTBOUND_PORT = mx.port
        queue_message(domain, *recipients(25))
        engine.drain(10)
    assert engine._sites[SITE].pace.connections == 3


def test_a_refusal_of_the_content_is_a_word_about_the_message(domain, engine, by_mx, busy):
    """Its mark stands already: put back untried, it would be taken for mail that may have been delivered."""
    refused = {
        "DOT": lambda server, line: (
            "250 OK" if server.seen["DOT"] == 1 else "451 4.7.0 Too many messages in this session"
        )
    }
    with busy(refused) as mx:
        by_mx.OUTBOUND_PORT = mx.port
        learnt_before(connections=1)
        queue_message(domain, *recipients(2))
        engine.drain(3)
        assert mx.seen["DOT"] == 2
    assert sorted(Message.objects.values_list("status", flat=True)) == ["deferred", "delivered"]
    assert not QueueEntry.objects.exclude(uncertain_since=None).exists()
