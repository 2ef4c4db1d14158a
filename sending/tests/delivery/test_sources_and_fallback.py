"""Which address mail leaves from, and when it goes to the relay instead of the receivers' servers."""

import asyncio
from dataclasses import replace

import pytest

from domains.nameserver import Record
from mailtrap_site.delivery_settings import Relay, Source
from mailtrap_site.testing.fake_dns import StoredZones, resolving
from mailtrap_site.testing.fake_mx import FakeMx, receiving
from sending.delivery.routes import Exchanger, NoRoute, addresses_of, route_to, source_for
from sending.models import Attempt, Message, QueueEntry, Stream
from sending.replies.providers import site_of
from sending.tests.queued import queue_message

ZONE = StoredZones(
    {
        "up.test": [Record("MX", "10 mx.up.test")],
        "mx.up.test": [Record("A", "127.0.0.1")],
        "down.test": [Record("MX", "10 mx.down.test"), Record("MX", "20 other.down.test")],
        "mx.down.test": [Record("A", "127.0.0.3")],
        "other.down.test": [Record("A", "127.0.0.4")],
        "half.test": [Record("MX", "10 mx.down.test"), Record("MX", "20 mx.up.test")],
        "cname.test": [Record("MX", "10 alias.test")],
        "alias.test": [Record("CNAME", "mx.up.test")],
        "literal.test": [Record("MX", "10 127.0.0.1")],
    }
)


@pytest.fixture
def by_mx(settings):
    settings.ROUTE, settings.OUTBOUND_PUBLIC_ONLY = "mx", False
    with resolving(ZONE):
        yield settings


def change(settings, **facts):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, **facts)


def relay_at(server):
    return Relay(server.host, server.port, "", "", "none")


def test_each_stream_leaves_from_its_own_address_under_its_own_name(domain, engine, by_mx):
    change(by_mx, source_addresses_bulk=(Source("127.0.0.2", "bulk.platform.test"),))
    with receiving(FakeMx()) as mx:
        by_mx.OUTBOUND_PORT = mx.port
        [bulk] = queue_message(domain, "rita@up.test", stream=Stream.BULK)
        [transactional] = queue_message(domain, "rob@up.test")
        engine.drain(10)
        hellos = sorted(command for command in mx.commands if command.startswith("EHLO"))
    assert Attempt.objects.get(message=bulk).source_ip == "127.0.0.2"
    assert Attempt.objects.get(message=transactional).source_ip == "127.0.0.1"
    assert hellos == ["EHLO bulk.platform.test", "EHLO platform.test"]
    assert engine._sites["mx.up.test bulk"] is not engine._sites["mx.up.test transactional"]


def test_what_bulk_does_to_its_addresses_does_not_slow_transactional_mail(domain, engine, by_mx):
    def by_hello(server, line):
        return (
            "250 OK" if server.commands[-2].endswith("EHLO platform.test") or "rob" in line else "421 4.7.0 Slow down"
        )

    change(by_mx, source_addresses_bulk=(Source("127.0.0.2"),))
    with receiving(FakeMx({"RCPT": by_hello})) as mx:
        by_mx.OUTBOUND_PORT = mx.port
        queue_message(domain, *(f"r{number}@up.test" for number in range(20)), stream=Stream.BULK)
        ids = queue_message(domain, *(f"rob{number}@up.test" for number in range(5)))
        engine.drain(10)
    assert [Message.objects.get(pk=one).status for one in ids] == ["delivered"] * 5
    assert QueueEntry.objects.filter(stream="bulk", attempts=0).count() >= 18
    assert engine._sites["mx.up.test transactional"].pace.strikes == 0


def test_a_source_reaches_addresses_of_its_family_only(by_mx):
    change(by_mx, source_addresses_bulk=(Source("127.0.0.2"),), source_addresses_transactional=(Source("::1"),))
    route = asyncio.run(route_to("up.test", "bulk"))
    assert source_for("8.8.8.8", route) == Source("127.0.0.2")
    assert isinstance(source_for("2606:4700::1", route), NoRoute)
    assert source_for("relay.name", route) == Source("127.0.0.2")


def test_mail_that_no_exchanger_takes_goes_to_the_relay_once_it_is_old_enough(domain, engine, by_mx):
    with receiving(FakeMx()) as relay, receiving(FakeMx()) as nobody:
        by_mx.OUTBOUND_PORT = nobody.port
        change(by_mx, relay=relay_at(relay), relay_fallback_minutes=5)
        [young] = queue_message(domain, "rita@down.test")
        engine.drain(10)
        assert not relay.mails
        change(by_mx, relay_fallback_minutes=0)
        [old] = queue_message(domain, "rob@down.test")
        engine.drain(10)
        assert [mail.recipients for mail in relay.mails] == [("rob@down.test",)]
    assert Message.objects.get(pk=young).reply.startswith("4.4.1 Could not connect to other.down.test [127.0.0.4]")
    assert (Message.objects.get(pk=old).status, Message.objects.get(pk=old).attempts) == ("delivered", 1)


def test_a_server_that_answers_is_not_overruled_by_the_fallback(domain, engine, by_mx):
    with receiving(FakeMx()) as relay, receiving(FakeMx({"RCPT": "550 5.1.1 No such user"})) as mx:
        by_mx.OUTBOUND_PORT = mx.port
        change(by_mx, relay=relay_at(relay), relay_fallback_minutes=0)
        [message_id] = queue_message(domain, "rita@up.test")
        engine.drain(10)
        assert not relay.mails
    assert Message.objects.get(pk=message_id).status == "bounced"


def test_the_next_exchanger_is_tried_when_the_first_is_down(domain, engine, by_mx):
    with receiving(FakeMx()) as mx:
        by_mx.OUTBOUND_PORT = mx.port
        [message_id] = queue_message(domain, "rita@half.test")
        engine.drain(10)
    attempt = Attempt.objects.get(message=message_id)
    assert (attempt.outcome, attempt.mx_host, attempt.mx_preference) == ("delivered", "mx.up.test", 20)


def test_an_exchanger_may_be_an_alias(domain, engine, by_mx):
    with receiving(FakeMx()) as mx:
        by_mx.OUTBOUND_PORT = mx.port
        [message_id] = queue_message(domain, "rita@cname.test")
        engine.drain(10)
    assert Attempt.objects.get(message=message_id).outcome == "delivered"


def test_an_address_in_place_of_a_name_is_checked_like_any_other(by_mx):
    by_mx.OUTBOUND_PUBLIC_ONLY = True
    route = asyncio.run(route_to("literal.test"))
    refused = asyncio.run(addresses_of(route.exchangers[0], route))
    assert isinstance(refused, NoRoute)
    assert "no public address" in refused.reply.text


def test_streams_and_sites_may_take_the_relay(by_mx):
    change(by_mx, relay=Relay("smart.test", 587, "", "", "none"), relay_sites=("up.test",))
    assert asyncio.run(route_to("up.test")).exchangers == (Exchanger("smart.test", 587),)
    assert asyncio.run(route_to("deep.up.test")).name == "relay"
    assert asyncio.run(route_to("half.test")).name == "mx"
    change(by_mx, route_bulk="relay", relay_sites=())
    assert asyncio.run(route_to("up.test", "bulk")).name == "relay"
    assert asyncio.run(route_to("up.test", "transactional")).name == "mx"


def test_nothing_leads_away_from_the_development_route(settings):
    change(settings, relay=Relay("smart.test", 587, "", "", "none"), route_bulk="relay", relay_sites=("up.test",))
    assert asyncio.run(route_to("up.test", "bulk")).name == "development"


@pytest.mark.parametrize(
    ("hosts", "site"),
    [
        (("aspmx.l.google.com", "alt1.aspmx.l.google.com"), "google.com"),
        (("gmail-smtp-in.l.google.com", "alt4.gmail-smtp-in.l.google.com"), "gmail-smtp-in.l.google.com"),
        (("example-com.mail.protection.outlook.com",), "mail.protection.outlook.com"),
        (("mx2.hosting.test", "mx1.hosting.test"), "hosting.test"),
        (("mx1.eu.hosting.test", "mx2.eu.hosting.test"), "eu.hosting.test"),
        (("MX.Example.Test.",), "mx.example.test"),
        (("alice.co.uk", "bob.co.uk"), "alice.co.uk,bob.co.uk"),
        (("mx.one.test", "mx.two.test"), "mx.one.test,mx.two.test"),
        (("one.test", "two.test"), "one.test,two.test"),
        (("mx.google.com.evil.test",), "mx.google.com.evil.test"),
    ],
)
def test_what_counts_as_one_site(hosts, site):
    assert site_of(hosts) == site


def test_any_number_of_hosts_makes_a_short_name():
    assert len(site_of([f"mx.host{number}.test" for number in range(100)])) == 64
