"""The gateway to DNS: every end of a look-up is a value, and MX choice follows RFC 5321 and RFC 7505."""

import asyncio
import socket

import pytest

from domains import resolver
from domains.answers import Answer, Outcome
from domains.nameserver import Record
from domains.resolver import MxAnswer
from mailtrap_site.testing.fake_dns import FailingZones, StoredZones, resolving, resolving_at, silent_server

WORLD = {
    "mt07.shop.test": [Record("CNAME", "SMTP.Deliver.Test")],
    "smtp.deliver.test": [Record("A", "192.0.2.3"), Record("TXT", "v=spf1 ~all")],
    "key.deliver.test": [Record("TXT", "k" * 600)],
    "big.test": [Record("MX", "20 backup.big.test", 60), Record("MX", "10 Main.Big.Test", 60)],
    "main.big.test": [Record("AAAA", "2001:db8::1"), Record("A", "192.0.2.4")],
    "six.test": [Record("AAAA", "2001:db8::6")],
    "null.test": [Record("MX", "0 .")],
    "text.test": [Record("TXT", "no mail here")],
}


@pytest.mark.parametrize(
    ("name", "rdtype", "outcome", "values"),
    [
        ("mt07.shop.test", "CNAME", Outcome.FOUND, ("smtp.deliver.test",)),
        ("mt07.shop.test", "A", Outcome.FOUND, ("192.0.2.3",)),
        ("key.deliver.test", "TXT", Outcome.FOUND, ("k" * 600,)),
        ("smtp.deliver.test", "AAAA", Outcome.NO_DATA, ()),
        ("missing.test", "A", Outcome.NXDOMAIN, ()),
        ("a" * 64 + ".test", "A", Outcome.NXDOMAIN, ()),
        ("two..dots.test", "A", Outcome.NXDOMAIN, ()),
    ],
)
def test_a_lookup_gives_values_or_says_what_is_missing(name, rdtype, outcome, values) -> None:
    with resolving(StoredZones(WORLD)):
        answer = resolver.lookup(name, rdtype)
    assert (answer.outcome, answer.values) == (outcome, values)
    assert (answer.ttl == 300) is (outcome is Outcome.FOUND)


def test_a_lookup_sees_a_change_at_once() -> None:
    zone = StoredZones(WORLD)
    with resolving(zone):
        assert resolver.lookup("mt07.shop.test", "CNAME").outcome is Outcome.FOUND
        del zone.names["mt07.shop.test"]
        assert resolver.lookup("mt07.shop.test", "CNAME").outcome is Outcome.NXDOMAIN


def test_many_questions_are_answered_in_their_order() -> None:
    with resolving(StoredZones(WORLD)):
        answers = resolver.lookup_many([("smtp.deliver.test", "A"), ("missing.test", "A"), ("six.test", "AAAA")])
    assert [answer.values for answer in answers] == [("192.0.2.3",), (), ("2001:db8::6",)]
    assert resolver.lookup_many([]) == []


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("big.test", MxAnswer(Outcome.FOUND, ((10, "main.big.test"), (20, "backup.big.test")))),
        ("null.test", MxAnswer(Outcome.FOUND, (), null_mx=True)),
        ("main.big.test", MxAnswer(Outcome.FOUND, ((0, "main.big.test"),))),
        ("six.test", MxAnswer(Outcome.FOUND, ((0, "six.test"),))),
        ("text.test", MxAnswer(Outcome.NO_DATA)),
        ("missing.test", MxAnswer(Outcome.NXDOMAIN)),
    ],
)
def test_mail_exchangers_are_those_of_mx_or_the_domain_itself(domain: str, expected: MxAnswer) -> None:
    with resolving(StoredZones(WORLD)):
        assert asyncio.run(resolver.mx(domain)) == expected


def test_addresses_come_with_ipv4_first() -> None:
    with resolving(StoredZones(WORLD)):
        both = Answer(Outcome.FOUND, ("192.0.2.4", "2001:db8::1"), 300)
        assert asyncio.run(resolver.addresses("main.big.test")) == both
        assert asyncio.run(resolver.addresses("main.big.test", ipv6=False)).values == ("192.0.2.4",)
        assert asyncio.run(resolver.addresses("six.test", ipv6=False)).outcome is Outcome.NO_DATA
        assert asyncio.run(resolver.addresses("missing.test")).outcome is Outcome.NXDOMAIN


def test_delivery_keeps_an_answer_while_its_ttl_lasts() -> None:
    zone = StoredZones(WORLD)
    with resolving(zone):
        before = asyncio.run(resolver.mx("big.test"))
        del zone.names["big.test"]
        assert asyncio.run(resolver.mx("big.test")) == before


def test_a_failing_server_is_a_failure_and_not_a_missing_record() -> None:
    with resolving(FailingZones({})):
        assert resolver.lookup("shop.test", "A").outcome is Outcome.SERVFAIL
        assert asyncio.run(resolver.mx("shop.test")).outcome is Outcome.SERVFAIL
        assert asyncio.run(resolver.addresses("shop.test")).outcome is Outcome.SERVFAIL


def test_a_silent_server_is_a_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "TIMEOUT", 0.1)
    monkeypatch.setattr(resolver, "LIFETIME", 0.3)
    with silent_server() as address, resolving_at(address):
        assert resolver.lookup("shop.test", "A").outcome is Outcome.TIMEOUT
        assert asyncio.run(resolver.mx("shop.test")).outcome is Outcome.TIMEOUT


def test_a_port_where_nobody_listens_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "LIFETIME", 0.3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with resolving_at(f"127.0.0.1:{port}"):
        assert resolver.lookup("shop.test", "A").outcome.is_failure
