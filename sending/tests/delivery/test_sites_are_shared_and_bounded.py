"""Worker processes share a site's connections; and no process grows with the number of sites it has dealt with."""

import asyncio
import os
import subprocess
import sys
import time
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from domains import resolver
from domains.nameserver import Record
from mailtrap_site.environment import BASE_DIR
from mailtrap_site.testing.fake_dns import StoredZones, resolving
from mailtrap_site.testing.fake_mx import FakeMx, receiving
from mailtrap_site.testing.live_instance import wait_for
from sending.delivery.in_flight import MOST_RESTING, InFlight
from sending.delivery.sites import MOST_SITES, Sites
from sending.models import Message, SitePace
from sending.queue.pacing import Limits
from sending.tests.queued import queue_message

LIMIT = 4
ZONE = StoredZones({"slow.test": [Record("MX", "10 mx.slow.test")], "mx.slow.test": [Record("A", "127.0.0.1")]})
LIMITS = Limits(start=2, most=20, messages_per_connection=100, idle_seconds=5)
WORKER = """
import django; django.setup()
from datetime import timedelta
from sending.delivery.drain import Engine
engine = Engine(lease=timedelta(seconds=30), batch=10)
engine.drain(60)
engine.close()
"""


@pytest.fixture
def start_worker():
    """Delivering processes on the mx route; each is ended in the end."""
    started = []

    def start(mx):
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "mailtrap_site.settings",
            "ROUTE": "mx",
            "DNS_RESOLVERS": ",".join(django_settings.ENVIRONMENT.dns_resolvers),
            "OUTBOUND_PORT": str(mx.port),
            "OUTBOUND_PUBLIC_ONLY": "false",
            "SITE_CONNECTIONS": str(LIMIT),
        }
        started.append(subprocess.Popen([sys.executable, "-c", WORKER], env=environment, cwd=BASE_DIR))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


@pytest.mark.xdist_group("programs")
def test_two_processes_keep_to_one_limit(domain, start_worker):
    seen = []

    async def mail(server, line):
        await asyncio.sleep(0.1)
        seen.append((time.monotonic(), server.seen["CONNECT"] - server.seen["QUIT"]))
        return "250 OK"

    SitePace.objects.create(
        key="mx.slow.test", connections=LIMIT, messages_per_connection=100, strikes=0, learnt_at=timezone.now()
    )
    with resolving(ZONE), receiving(FakeMx({"MAIL": mail})) as mx:
        for _ in range(10):
            queue_message(domain, *(f"r{number}@slow.test" for number in range(30)))
        workers = [start_worker(mx), start_worker(mx)]
        wait_for(lambda: mx.seen["CONNECT"] > 1, "the first connections", 20)
        settled = time.monotonic() + 4
        wait_for(lambda: all(worker.poll() is not None for worker in workers), "the end", 60)
        later = [count for at, count in seen if at > settled]
    assert len(mx.mails) == 300
    assert set(Message.objects.values_list("status", "attempts")) == {("delivered", 1)}
    assert later
    assert max(later) <= LIMIT
    assert max(count for _, count in seen) <= 2 * LIMIT


def test_the_sites_of_a_process_are_bounded_but_those_in_use_stay():
    sites = Sites()
    used = sites.add("used.test", LIMITS)
    used.used(1)
    for number in range(5 * MOST_SITES):
        sites.add(f"mx{number}.test", LIMITS)
    assert len(sites) <= MOST_SITES + 1
    assert sites.get("used.test") is used


def test_the_destinations_known_to_rest_are_bounded_and_end():
    in_flight = InFlight()
    soon = timezone.now() + timedelta(seconds=60)
    for number in range(3 * MOST_RESTING):
        in_flight.rests([f"d{number}.test"], soon)
    assert len(in_flight.busy(timezone.now())) == MOST_RESTING
    assert not in_flight.busy(soon)


class CountingZones(StoredZones):
    """Notes every name that is asked for."""

    def __init__(self, names):
        super().__init__(names)
        self.asked = []

    def records(self, name):
        self.asked.append(name)
        return super().records(name)


def test_many_who_ask_the_same_share_one_question():
    zone = CountingZones({"big.test": [Record("MX", "10 mx.big.test")]})

    async def ask():
        return await asyncio.gather(*(resolver.mx("big.test") for _ in range(500)))

    with resolving(zone):
        answers = asyncio.run(ask())
        assert len(set(answers)) == 1
        assert zone.asked.count("big.test") <= 2


def test_that_a_name_does_not_exist_is_remembered_for_the_time_its_zone_says():
    zone = CountingZones({})
    with resolving(zone):
        asyncio.run(resolver.mx("missing.test"))
        asked = len(zone.asked)
        assert asyncio.run(resolver.mx("missing.test")).outcome == "nxdomain"
        assert len(zone.asked) == asked
        [(answer, _)] = [kept for (name, _), kept in resolver._cached.items() if name == "missing.test"]
        assert answer.ttl == 30


def test_the_cache_of_dns_is_bounded(monkeypatch):
    monkeypatch.setattr(resolver, "CACHED_ANSWERS", 10)

    async def ask():
        await asyncio.gather(*(resolver.mx(f"d{number}.test") for number in range(50)))

    with resolving(StoredZones({})):
        asyncio.run(ask())
        assert len(resolver._cached) == 10
