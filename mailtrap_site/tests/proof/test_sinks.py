"""The exchangers of a proof count what they got whole, and hold an answer back until they are told."""

import smtplib
from concurrent.futures import ThreadPoolExecutor

import dns.resolver
import pytest

from mailtrap_site.proof import sinks
from mailtrap_site.proof.sinks import Hold, Sinks, id_of, received_ids
from mailtrap_site.testing.fake_mx import CLOSE, SILENT

MAIL = "From: a@near.test\r\nX-Proof-Id: m-1\r\n\r\nHi\r\n"


@pytest.fixture
def world():
    with sinks.running() as running:
        yield running


def send(world: Sinks, server, content=MAIL) -> bool:
    try:
        with smtplib.SMTP(server.host, world.port, timeout=20) as client:
            return not client.sendmail("a@near.test", ["b@far.test"], content)
    except smtplib.SMTPException:
        return False


def test_the_id_is_read_from_its_header():
    assert id_of(b"Subject: x\r\nx-proof-id: m-7\r\n\r\nX-Proof-Id: other\r\n") == "m-7"
    assert id_of(b"Subject: x\r\n\r\nHi\r\n") == ""


def test_each_exchanger_has_its_own_address_to_which_dns_leads(world):
    one, other = world.open("one.test"), world.open("other.test")
    assert one.host != other.host
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], int(world.address.partition(":")[2])
    assert [answer.exchange.to_text() for answer in resolver.resolve("one.test", "MX")] == ["mx.one.test."]
    assert [answer.address for answer in resolver.resolve("mx.other.test", "A")] == [other.host]


def test_what_came_with_its_final_dot_counts_whatever_was_answered(world):
    server = world.open("closes.test", {"DOT": CLOSE})
    assert not send(world, server)
    assert (received_ids([server]), server.mails) == (["m-1"], [])
    cut = world.open("cut.test", {"DATA": CLOSE})
    assert not send(world, cut)
    assert received_ids([cut]) == []


def test_a_held_answer_comes_when_it_is_let_go_and_only_the_first_is_held(world):
    hold = Hold("250 2.0.0 Queued")
    server = world.open("held.test", {"DOT": hold})
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send, world, server)
        assert hold.reached.wait(10)
        assert not sending.done()
        assert received_ids([server]) == ["m-1"]
        hold.let_go()
        assert sending.result(10)
    assert send(world, server)
    assert received_ids([server]) == ["m-1", "m-1"]


def test_a_server_that_says_nothing_in_the_content_gets_all_of_it_later(world):
    hold = Hold(SILENT)
    server = world.open("slow.test", {"BODY": hold})
    content = MAIL + ("x" * 76 + "\r\n") * 5_000
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send, world, server, content)
        assert hold.reached.wait(10)
        hold.let_go()
        assert sending.result(20)
    assert server.mails[0].content.decode() == content
