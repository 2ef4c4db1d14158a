"""A destination that does not answer keeps its own mail waiting, and nobody else's."""

from dataclasses import replace
from threading import Thread

import pytest
from django.utils import timezone

from domains.nameserver import Record
from mailtrap_site.testing.fake_dns import StoredZones, resolving
from mailtrap_site.testing.fake_mx import HANG, FakeMx, receiving
from mailtrap_site.testing.live_instance import wait_for
from sending.delivery import deliver, in_flight
from sending.delivery.in_flight import MOST_IN_FLIGHT
from sending.models import QueueEntry
from sending.models.statements import raw_cursor
from sending.protocol.smtp_client_events import CLIENT_TIMEOUTS, ClientPhase
from sending.queue.claim import claim
from sending.tests.queued import queue_message

ZONE = StoredZones(
    {
        "slow.test": [Record("MX", "10 mx.slow.test")],
        "mx.slow.test": [Record("A", "127.0.0.2")],
        "quick.test": [Record("MX", "10 mx.quick.test")],
        "mx.quick.test": [Record("A", "127.0.0.1")],
    }
)


@pytest.fixture
def by_mx(settings):
    settings.ROUTE, settings.OUTBOUND_PUBLIC_ONLY = "mx", False
    with resolving(ZONE):
        yield settings


def test_mail_behind_a_silent_server_does_not_stop_the_rest(domain, engine, by_mx):
    with receiving(FakeMx()) as quick, receiving(FakeMx({"CONNECT": HANG}, host="127.0.0.2", port=quick.port)) as slow:
        by_mx.OUTBOUND_PORT = quick.port
        queue_message(domain, *(f"r{number}@slow.test" for number in range(2 * MOST_IN_FLIGHT)))
        queue_message(domain, "rita@quick.test")
        draining = Thread(target=engine.drain, args=[60, lambda: bool(quick.mails)], daemon=True)
        draining.start()
        wait_for(lambda: bool(quick.mails), "the mail behind the silent server", 20)
        assert slow.seen["CONNECT"] > 0
        assert not slow.mails
    draining.join(30)
    assert not draining.is_alive()


def test_a_claim_leaves_busy_destinations_alone(domain):
    queue_message(domain, "r1@slow.test", "r2@quick.test", "r3@slow.test")
    claimed = claim(raw_cursor(), now=timezone.now(), busy={"slow.test"})
    assert [one.recipient for one in claimed] == ["r2@quick.test"]
    assert QueueEntry.objects.filter(lease_owner=None).count() == 2


def test_a_slow_site_of_many_domains_does_not_stop_the_rest(domain, engine, by_mx, monkeypatch):
    """No destination is busy, and yet all that a worker may hold waits for one server."""
    monkeypatch.setattr(in_flight, "MOST_IN_FLIGHT", 20)
    monkeypatch.setattr(deliver, "STUCK_FOR", 0.5)
    zone = ZONE.names | {f"d{number}.test": [Record("MX", "10 mx.slow.test")] for number in range(30)}
    with (
        resolving(StoredZones(zone)),
        receiving(FakeMx()) as quick,
        receiving(FakeMx({"DATA": HANG}, host="127.0.0.2", port=quick.port)) as slow,
    ):
        by_mx.OUTBOUND_PORT = quick.port
        queue_message(domain, *(f"r@d{number}.test" for number in range(30)))
        draining = Thread(target=engine.drain, args=[60, lambda: bool(quick.mails)], daemon=True)
        draining.start()
        wait_for(lambda: bool(slow.seen["DATA"]), "the slow conversation", 10)
        queue_message(domain, "rita@quick.test")
        wait_for(lambda: bool(quick.mails), "the mail behind the slow site", 10)
    draining.join(30)
    assert not draining.is_alive()
    assert QueueEntry.objects.filter(attempts=0, lease_owner=None).count() >= 20


def test_what_waits_for_a_server_that_takes_no_connection_is_tried_with_it(domain, engine, by_mx, monkeypatch):
    """Made room for others instead, it would go round untried for days."""
    monkeypatch.setattr(deliver, "STUCK_FOR", 0.2)
    by_mx.ENVIRONMENT = replace(by_mx.ENVIRONMENT, site_connections=1)
    monkeypatch.setitem(CLIENT_TIMEOUTS, ClientPhase.GREETING, 1.5)
    with receiving(FakeMx({"CONNECT": HANG}, host="127.0.0.2")) as slow:
        by_mx.OUTBOUND_PORT = slow.port
        queue_message(domain, *(f"r{number}@slow.test" for number in range(20)))
        engine.drain(10)
    assert QueueEntry.objects.filter(attempts=1).count() == 20
