"""Where mail goes, by what DNS says; and where it never goes."""

import asyncio
from dataclasses import replace

import pytest
from django.conf import settings as django_settings

from domains.answers import Outcome as DnsOutcome
from domains.nameserver import Record
from domains.public_addresses import is_public
from domains.resolver import MxAnswer
from mailtrap_site.delivery_settings import Relay
from mailtrap_site.testing.fake_dns import FailingZones, StoredZones, resolving, resolving_at, silent_server
from sending.delivery.opening import _ip
from sending.delivery.routes import Exchanger, NoRoute, Route, addresses_of, route_to
from sending.delivery.tls_policy import OPPORTUNISTIC

ZONE = StoredZones(
    {
        "two.test": [Record("MX", "20 b.mx.test"), Record("MX", "10 a.mx.test")],
        "same.test": [Record("MX", "10 a.mx.test"), Record("MX", "20 b.mx.test")],
        "implicit.test": [Record("A", "203.0.113.9")],
        "null.test": [Record("MX", "0 .")],
        "empty.test": [Record("TXT", "nothing here")],
        "inside.test": [Record("MX", "10 inside.mx.test")],
        "a.mx.test": [Record("A", "198.51.100.1"), Record("AAAA", "2606:4700::1")],
        "b.mx.test": [Record("A", "8.8.4.4"), Record("A", "10.0.0.1")],
        "inside.mx.test": [Record("A", "127.0.0.1"), Record("A", "10.1.2.3"), Record("A", "169.254.169.254")],
    }
)


@pytest.fixture
def mx_route(settings):
    settings.ROUTE = "mx"
    with resolving(ZONE):
        yield


def routed(destination):
    return asyncio.run(route_to(destination))


def addresses(host, *, ipv6=False):
    route = Route("mx", "x", (), OPPORTUNISTIC, public_only=True, ipv6=ipv6)
    return asyncio.run(addresses_of(Exchanger(host, 25), route))


def test_exchangers_stand_in_order_of_preference_and_name_the_site(mx_route):
    route = routed("two.test")
    assert route.exchangers == (Exchanger("a.mx.test", 25, 10), Exchanger("b.mx.test", 25, 20))
    assert routed("same.test").site == route.site


def test_a_domain_without_mx_is_its_own_exchanger(mx_route):
    assert routed("implicit.test").exchangers == (Exchanger("implicit.test", 25, 0),)


@pytest.mark.parametrize(
    ("destination", "outcome", "code"),
    [("null.test", "bounced", "5.1.10"), ("nowhere.test", "bounced", "5.1.2"), ("empty.test", "bounced", "5.4.4")],
)
def test_domains_that_take_no_mail_bounce(mx_route, destination, outcome, code):
    answer = routed(destination)
    assert isinstance(answer, NoRoute)
    assert (answer.verdict.outcome, answer.reply.enhanced) == (outcome, code)


def test_a_failure_of_dns_is_temporary(settings):
    settings.ROUTE = "mx"
    with resolving(FailingZones({})):
        answer = routed("two.test")
    assert (answer.verdict.outcome, answer.verdict.category, answer.reply.enhanced) == ("deferred", "dnsFail", "4.4.3")


def test_private_and_loopback_addresses_are_left_out(mx_route):
    assert addresses("b.mx.test") == ("8.8.4.4",)
    refused = addresses("inside.mx.test")
    assert (refused.verdict.outcome, refused.reply.enhanced) == ("bounced", "5.4.4")


def test_ipv6_only_by_switch(mx_route):
    assert "2606:4700::1" not in (addresses("a.mx.test") if isinstance(addresses("a.mx.test"), tuple) else ())
    assert "2606:4700::1" in addresses("a.mx.test", ipv6=True)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "ff02::1",
        "64:ff9b:1::1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
    ],
)
def test_addresses_where_mail_never_goes(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_where_mail_may_go(address):
    assert is_public(address)


def test_the_relay_takes_everything_with_login_and_tls(settings):
    settings.ROUTE = "relay"
    relay = Relay("smart.test", 587, "me", "secret", "starttls")
    settings.ENVIRONMENT = replace(django_settings.ENVIRONMENT, relay=relay)
    route = routed("anything.test")
    assert route.exchangers == (Exchanger("smart.test", 587),)
    assert (route.login, route.tls.mode, route.tls.verify) == (("me", "secret"), "require", True)
    assert "secret" not in repr(route)


def test_the_development_route_asks_no_dns(settings):
    with silent_server() as server, resolving_at(server):
        route = routed("anything.test")
    assert route.exchangers == (Exchanger("127.0.0.1", django_settings.ENVIRONMENT.mx_port),)


def test_an_exchanger_whose_name_is_too_long_for_a_host_is_left_out(mx_route, monkeypatch):
    """Octets that are no characters are written as four each, so a name may be as long as 1,000."""
    long = "\\001" * 60 + ".long.test"
    assert len(long) < 253 < 2 * len(long)
    answers = {"half.test": ((5, f"{long}.{long}"), (10, "a.mx.test")), "all.test": ((5, f"{long}.{long}"),)}

    async def mx(name):
        return MxAnswer(DnsOutcome.FOUND, answers[name])

    monkeypatch.setattr("sending.delivery.routes.resolver.mx", mx)
    assert [one.host for one in routed("half.test").exchangers] == ["a.mx.test"]
    nowhere = routed("all.test")
    assert isinstance(nowhere, NoRoute)
    assert nowhere.reply.enhanced == "5.4.4"


@pytest.mark.parametrize(
    ("host", "ip"), [("1and1-relay.example", None), ("192.0.2.7", "192.0.2.7"), ("2001:db8::1", "2001:db8::1")]
)
def test_only_an_address_is_kept_as_one(host, ip):
    assert _ip(host) == ip
