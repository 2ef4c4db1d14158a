"""A destination that does not answer keeps its own mail waiting, and nobody else's."""

from threading import Thread

import pytest
from django.utils import timezone

from domains.nameserver import Record
from mailtrap_site.testing.fake_dns import StoredZones, resolving
from mailtrap_site.testing.fake_mx import HANG, FakeMx, receiving
from mailtrap_site.testing.live_instance import wait_for
from sending.delivery.in_flight import MOST_IN_FLIGHT
from sending.models import QueueEntry
from sending.models.statements import raw_cursor
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
