"""What the name server answers, without a network: RFC 1034 section 4.3.2, 2308, 4592, 6891, 8482."""

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.nameserver import Record, answer, respond
from mailtrap_site.testing.fake_dns import StoredZones

LONG_KEY = "v=DKIM1; k=rsa; p=" + "A" * 392
SOA = Record("SOA", "ns1.deliver.example hostmaster.deliver.example 1 3600 600 604800 30", 300)
DELIVER = {
    "deliver.example": [SOA, Record("NS", "ns1.deliver.example"), Record("MX", "10 mx.deliver.example")],
    "ns1.deliver.example": [Record("A", "192.0.2.1")],
    "mx.deliver.example": [Record("A", "192.0.2.2"), Record("AAAA", "2001:db8::2")],
    "smtp.deliver.example": [Record("A", "192.0.2.3"), Record("TXT", "v=spf1 ip4:192.0.2.3 ~all")],
    "mt1.k7f3q2.dkim.deliver.example": [Record("TXT", LONG_KEY)],
    "*._report._dmarc.deliver.example": [Record("TXT", "v=DMARC1")],
    "odd.deliver.example": [Record("TXT", 'say "hi"; back\\slash; grüße')],
    "away.deliver.example": [Record("CNAME", "www.elsewhere.net")],
}
SHOP = {
    "shop.test": [Record("SOA", "ns1.shop.test hostmaster.shop.test 1 3600 600 604800 30", 60)],
    "mt07.shop.test": [Record("CNAME", "smtp.deliver.example")],
    "gone.shop.test": [Record("CNAME", "nothing.deliver.example")],
    "round.shop.test": [Record("CNAME", "about.shop.test")],
    "about.shop.test": [Record("CNAME", "round.shop.test")],
    "many.shop.test": [Record("TXT", f"{number:03d}" + "x" * 200) for number in range(20)],
}


ZONES = StoredZones({**DELIVER, **SHOP}, apexes=("deliver.example", "shop.test"))


def ask(name: str, rdtype: str) -> dns.message.Message:
    return answer(dns.message.make_query(name, rdtype), ZONES)


def values(response: dns.message.Message) -> list[str]:
    return [f"{rrset.name} {dns.rdatatype.to_text(rrset.rdtype)}" for rrset in response.answer]


def test_an_answer_is_authoritative_and_offers_no_recursion() -> None:
    response = ask("smtp.deliver.example", "A")
    assert response.rcode() == dns.rcode.NOERROR
    assert response.flags & dns.flags.AA
    assert not response.flags & dns.flags.RA
    assert [rdata.to_text() for rdata in response.answer[0]] == ["192.0.2.3"]


@pytest.mark.parametrize(
    ("name", "rdtype", "expected"),
    [
        ("deliver.example", "NS", ["ns1.deliver.example."]),
        ("deliver.example", "MX", ["10 mx.deliver.example."]),
        ("mx.deliver.example", "AAAA", ["2001:db8::2"]),
        ("SMTP.Deliver.EXAMPLE", "txt", ['"v=spf1 ip4:192.0.2.3 ~all"']),
        ("any.thing._report._dmarc.deliver.example", "TXT", ['"v=DMARC1"']),
    ],
)
def test_a_record_is_found(name: str, rdtype: str, expected: list[str]) -> None:
    assert [rdata.to_text() for rdata in ask(name, rdtype).answer[0]] == expected


def test_the_case_of_the_question_comes_back() -> None:
    assert str(ask("SmTp.DELIVER.example", "A").answer[0].name) == "SmTp.DELIVER.example."


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode"),
    [
        ("nothing.deliver.example", "A", dns.rcode.NXDOMAIN),
        ("x.smtp.deliver.example", "A", dns.rcode.NXDOMAIN),
        ("smtp.deliver.example", "AAAA", dns.rcode.NOERROR),
        ("smtp.deliver.example", "CAA", dns.rcode.NOERROR),
        ("dkim.deliver.example", "TXT", dns.rcode.NOERROR),
        ("k7f3q2.dkim.deliver.example", "A", dns.rcode.NOERROR),
        ("mt2.k7f3q2.dkim.deliver.example", "TXT", dns.rcode.NXDOMAIN),
        ("x._report._dmarc.deliver.example", "A", dns.rcode.NOERROR),
    ],
)
def test_a_missing_name_and_a_missing_type_are_told_apart(name: str, rdtype: str, rcode: dns.rcode.Rcode) -> None:
    response = ask(name, rdtype)
    assert response.rcode() == rcode
    assert response.answer == []
    soa = response.authority[0]
    assert (soa.rdtype, str(soa.name), soa.ttl) == (dns.rdatatype.SOA, "deliver.example.", 30)


def test_an_alias_is_followed_inside_our_zones() -> None:
    assert values(ask("mt07.shop.test", "A")) == ["mt07.shop.test. CNAME", "smtp.deliver.example. A"]
    assert values(ask("mt07.shop.test", "CNAME")) == ["mt07.shop.test. CNAME"]
    missing = ask("mt07.shop.test", "AAAA")
    assert values(missing) == ["mt07.shop.test. CNAME"]
    assert str(missing.authority[0].name) == "deliver.example."


def test_an_alias_to_nothing_says_so_and_one_to_elsewhere_is_left_to_the_asker() -> None:
    assert ask("gone.shop.test", "A").rcode() == dns.rcode.NXDOMAIN
    away = ask("away.deliver.example", "A")
    assert (away.rcode(), values(away), away.authority) == (dns.rcode.NOERROR, ["away.deliver.example. CNAME"], [])


def test_aliases_in_a_circle_end() -> None:
    assert len(ask("round.shop.test", "A").answer) == 2


def test_any_is_answered_with_one_record_set() -> None:
    assert len(ask("smtp.deliver.example", "ANY").answer) == 1


@pytest.mark.parametrize(
    ("query", "rcode"),
    [
        (dns.message.make_query("google.com", "A"), dns.rcode.REFUSED),
        (dns.message.make_query("notdeliver.example.net", "A"), dns.rcode.REFUSED),
        (dns.message.make_query(".", "NS"), dns.rcode.REFUSED),
        (dns.message.make_query("deliver.example", "AXFR"), dns.rcode.REFUSED),
        (dns.message.make_query("version.bind", "TXT", dns.rdataclass.CH), dns.rcode.REFUSED),
        (dns.message.make_query("deliver.example", "A", use_edns=1), dns.rcode.BADVERS),
        (dns.message.QueryMessage(), dns.rcode.FORMERR),
    ],
)
def test_what_is_not_ours_is_refused(query: dns.message.Message, rcode: dns.rcode.Rcode) -> None:
    response = answer(query, ZONES)
    assert response.rcode() == rcode
    assert response.answer == []


def test_other_operations_are_not_implemented() -> None:
    query = dns.message.make_query("deliver.example", "SOA")
    query.set_opcode(dns.opcode.NOTIFY)
    assert answer(query, ZONES).rcode() == dns.rcode.NOTIMP


@pytest.mark.parametrize("text", [LONG_KEY, 'say "hi"; back\\slash; grüße'])
def test_a_text_arrives_whole_in_chunks_of_255(text: str) -> None:
    name = "mt1.k7f3q2.dkim.deliver.example" if text == LONG_KEY else "odd.deliver.example"
    wire = respond(dns.message.make_query(name, "TXT").to_wire(), ZONES, "tcp")
    assert wire is not None
    (rdata,) = dns.message.from_wire(wire).answer[0]
    assert b"".join(rdata.strings).decode() == text
    assert all(len(chunk) <= 255 for chunk in rdata.strings)


@pytest.mark.parametrize(
    ("payload", "transport", "truncated", "limit"),
    [(0, "udp", True, 512), (4096, "udp", True, 1232), (0, "tcp", False, 65535)],
)
def test_a_long_answer_is_cut_on_udp_and_whole_on_tcp(payload, transport, truncated, limit) -> None:
    options = {"use_edns": 0, "payload": payload} if payload else {"use_edns": False}
    wire = respond(dns.message.make_query("many.shop.test", "TXT", **options).to_wire(), ZONES, transport)
    assert wire is not None
    assert len(wire) <= limit
    response = dns.message.from_wire(wire)
    assert bool(response.flags & dns.flags.TC) is truncated
    assert len(response.answer[0] if response.answer else []) == (0 if truncated else 20)
    assert (response.edns >= 0) is bool(payload)


def test_an_answer_is_never_answered() -> None:
    response = dns.message.make_response(dns.message.make_query("deliver.example", "A"))
    assert respond(response.to_wire(), ZONES, "udp") is None


@given(st.binary(max_size=80))
def test_garbage_gets_silence_or_a_format_error(wire: bytes) -> None:
    response = respond(wire, ZONES, "udp")
    if response is not None:
        assert response[:2] == wire[:2]
        assert response[2] & 0x80
        assert len(response) <= 512


LABEL = st.sampled_from(["deliver", "example", "smtp", "shop", "test", "x", "*", "dkim", "k7f3q2", "_dmarc", "_report"])


@given(st.lists(LABEL, max_size=6), st.sampled_from(["A", "TXT", "MX", "CNAME", "SOA", "ANY"]))
def test_every_question_gets_an_answer_a_denial_or_a_refusal(labels: list[str], rdtype: str) -> None:
    name = ".".join(labels) or "."
    response = ask(name, rdtype)
    if ZONES.apex(name) is None:
        assert response.rcode() == dns.rcode.REFUSED
    else:
        assert response.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
        assert response.answer or response.authority[0].rdtype == dns.rdatatype.SOA
    assert respond(dns.message.make_query(name, rdtype).to_wire(), ZONES, "udp")
