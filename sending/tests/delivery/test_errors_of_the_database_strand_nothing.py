"""Whatever the database answers, an engine's loops go on, and what it holds is let go or ended."""

import time
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from domains.models import SendingDomain
from domains.nameserver import Record
from mailtrap_site.delivery_settings import Relay
from mailtrap_site.testing.fake_dns import StoredZones, resolving
from mailtrap_site.testing.fake_mx import FakeMx, receiving
from mailtrap_site.testing.live_instance import wait_for
from mailtrap_site.testing.world import STRANGER_DOMAIN
from sending.delivery import drain
from sending.delivery.drain import Engine
from sending.delivery.results import DATABASE_AWAY
from sending.delivery.sites import Sites
from sending.models import Message, QueueEntry
from sending.models.statements import raw_cursor
from sending.queue.claim import claim
from sending.replies.providers import site_of
from sending.tests.queued import queue_message


def broken(*args, **kwargs):
    raise ZeroDivisionError


@pytest.mark.parametrize("error", [psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.FeatureNotSupported])
def test_a_standby_and_a_plan_that_no_longer_fits_are_waited_out(error):
    assert issubclass(error, DATABASE_AWAY)


@pytest.mark.parametrize("loop", ["exchange", "renewal", "look"])
def test_a_loop_outlives_an_error_that_nobody_foresaw(domain, monkeypatch, loop):
    calls = []

    def failing(*args, **kwargs):
        calls.append(time.monotonic())
        raise ZeroDivisionError

    monkeypatch.setattr(drain, "EXCHANGE_SECONDS", 0.05)
    monkeypatch.setattr(drain, "LOOK_BY_ITSELF", 0.05)
    match loop:
        case "exchange":
            monkeypatch.setattr(Sites, "has_to_exchange", True)
            monkeypatch.setattr(Sites, "exchange", failing)
        case "renewal":
            monkeypatch.setattr(drain, "_renew", failing)
            monkeypatch.setattr("sending.delivery.in_flight.InFlight.claims", lambda self: [1])
        case "look":
            monkeypatch.setattr(drain, "load", failing)
    made = Engine(lease=timedelta(seconds=0.3))
    made.look_by_itself(1)
    try:
        wait_for(lambda: len(calls) >= 3, "the third round", 5)
    finally:
        made.close()


def test_what_could_not_be_given_back_is_let_go(domain, engine, monkeypatch):
    monkeypatch.setattr(drain.queue, "release", broken)
    queue_message(domain, *(f"r{number}@recipient.test" for number in range(3)))
    claims = claim(raw_cursor(), now=timezone.now())
    engine._held.add(claims)
    engine._loop.call(engine._give_back(claims, None))
    assert not len(engine._held)


def test_a_relay_that_cannot_be_looked_up_defers(domain, engine, settings, monkeypatch):
    settings.ROUTE, settings.OUTBOUND_PUBLIC_ONLY = "mx", False
    relay = Relay("127.0.0.1", 1, "", "", "none")
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, relay=relay, relay_fallback_minutes=0)
    read = Sites.read

    def read_all_but_the_relay(self, cursor, keys, now):
        return broken() if keys == ["127.0.0.1:1"] else read(self, cursor, keys, now)

    monkeypatch.setattr(Sites, "read", read_all_but_the_relay)
    zone = StoredZones({"down.test": [Record("MX", "10 mx.down.test")], "mx.down.test": [Record("A", "127.0.0.4")]})
    with resolving(zone), receiving(FakeMx()) as elsewhere:
        settings.OUTBOUND_PORT = elsewhere.port
        [message_id] = queue_message(domain, "rita@down.test")
        engine.drain(5)
    assert Message.objects.get(pk=message_id).status == "deferred"
    assert QueueEntry.objects.get().lease_owner is None


def test_every_site_has_a_short_name():
    parent = ".".join(["a" * 60] * 4)
    assert len(site_of([f"mx1.{parent}", f"mx2.{parent}"])) <= 200


def test_a_key_that_does_not_open_defers_its_own_mail_only(domain, engine, lead_to):
    other = SendingDomain.objects.get(name=STRANGER_DOMAIN)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE domains_dkimkey SET private_key = 'sealed by another' WHERE domain_id = %s",
            [other.pk],
        )
    with receiving(FakeMx()) as mx:
        lead_to(mx)
        [good] = queue_message(domain, "rita@recipient.test")
        [bad] = queue_message(other, "rob@recipient.test")
        engine.drain(10)
    assert Message.objects.get(pk=good).status == "delivered"
    assert Message.objects.get(pk=bad).status == "deferred"
