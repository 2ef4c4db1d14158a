"""The name server on real sockets, asked by dnspython and by BIND's dig."""

import socket
import subprocess
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from domains.nameserver import Record
from mailtrap_site.testing.fake_dns import FailingZones, StoredZones, serving

ZONES = StoredZones(
    {
        "mt07.shop.test": [Record("CNAME", "smtp.deliver.test")],
        "smtp.deliver.test": [Record("A", "192.0.2.3")],
        "mt1.k7f3q2.dkim.deliver.test": [Record("TXT", "v=DKIM1; k=rsa; p=" + "A" * 392)],
        "many.shop.test": [Record("TXT", f"{number:03d}" + "x" * 200) for number in range(20)],
    },
    apexes=("test",),
)


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    with serving(ZONES) as address:
        host, _, port = address.partition(":")
        yield host, int(port)


def test_a_truncated_answer_is_fetched_whole_over_tcp(server: tuple[str, int]) -> None:
    query = dns.message.make_query("many.shop.test", "TXT", use_edns=0, payload=4096)
    response, over_tcp = dns.query.udp_with_fallback(query, server[0], port=server[1], timeout=5)
    assert over_tcp
    assert len(response.answer[0]) == 20


def test_one_tcp_connection_carries_several_questions(server: tuple[str, int]) -> None:
    with socket.create_connection(server, timeout=5) as connection:
        for name in ("smtp.deliver.test", "mt07.shop.test", "missing.test"):
            query = dns.message.make_query(name, "A")
            response = dns.query.tcp(query, server[0], port=server[1], timeout=5, sock=connection)
            assert response.rcode() == (dns.rcode.NXDOMAIN if name == "missing.test" else dns.rcode.NOERROR)


def test_a_zone_that_cannot_be_read_answers_with_a_failure() -> None:
    with serving(FailingZones({})) as address:
        host, _, port = address.partition(":")
        query = dns.message.make_query("smtp.deliver.test", "A")
        assert dns.query.udp(query, host, port=int(port), timeout=5).rcode() == dns.rcode.SERVFAIL


@pytest.mark.outside("dig")
@pytest.mark.parametrize(
    ("question", "lines"),
    [
        (["mt07.shop.test", "A"], ["status: NOERROR", "flags: qr aa rd;", "smtp.deliver.test.", "192.0.2.3"]),
        (["mt1.k7f3q2.dkim.deliver.test", "TXT"], ["status: NOERROR", '"v=DKIM1; k=rsa; p=AAAA', "ANSWER: 1"]),
        (["many.shop.test", "TXT"], ["ANSWER: 20", "(TCP)"]),
        (["+bufsize=4096", "+ignore", "many.shop.test", "TXT"], ["flags: qr aa tc rd;", "udp: 1232"]),
        (["missing.test", "A"], ["status: NXDOMAIN", "SOA"]),
        (["google.com", "A"], ["status: REFUSED"]),
    ],
)
def test_dig_understands_every_answer(server: tuple[str, int], question: list[str], lines: list[str]) -> None:
    command = ["dig", f"@{server[0]}", "-p", str(server[1]), "+tries=1", "+time=3", "+norecurse", *question]
    command.remove("+norecurse")
    output = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    for line in lines:
        assert line in output
    assert "Warning" not in output.replace("WARNING: recursion requested but not available", "")
