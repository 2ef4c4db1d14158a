"""Servers that do not say the same: a late resolver, a name server that was not updated, one without TCP."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

import dns.flags
import dns.message
import dns.query
import pytest
from django.test import override_settings

from domains.advice import AdviceCode, RecordStatus
from domains.doctor.examination import examine
from domains.records import RecordKey
from domains.tests.doctor.zones import GOOD, HEAD, LABEL, PLATFORM, VERIFICATION, expected_of
from mailtrap_site.testing.dns_servers import KNOT, Zone, free_port, knot, nsd, unbound
from mailtrap_site.testing.fake_dns import resolving_at

pytestmark = pytest.mark.outside("knotd", "nsd", "unbound")

PARENT = "ns1 A 127.0.0.2\nns2 A 127.0.0.3\nshop NS ns1.test.\nshop NS ns2.test.\n"
OLD = (f"{LABEL} CNAME old.test.", *GOOD[1:])
V = RecordKey.VERIFICATION
UDP_ONLY = "127.0.0.4"


def zone_of(lines: tuple[str, ...], serial: int = 1) -> str:
    return HEAD.replace(" 1 3600", f" {serial} 3600") + "\n".join(lines) + "\n"


@contextmanager
def world(directory: Path, at_knot: tuple[str, ...], at_nsd: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """shop.test with one content at knot and another at nsd; gives the port and knot's process."""
    port = free_port()
    with ExitStack() as stack:
        zones = [Zone("test", HEAD + PARENT, (KNOT,)), Zone("shop.test", zone_of(at_knot))]
        process = stack.enter_context(knot(zones, port, directory))
        stack.enter_context(nsd([Zone("shop.test", zone_of(at_nsd))], port, directory))
        own = stack.enter_context(unbound({"test": [KNOT], "shop.test": [KNOT]}, port, directory))
        stack.enter_context(override_settings(PLATFORM_DOMAIN=PLATFORM))
        stack.enter_context(resolving_at(own))
        yield port, process.pid


def change_at_knot(directory: Path, port: int, pid: int, lines: tuple[str, ...]) -> None:
    (directory / "knot-shop.test.zone").write_text(zone_of(lines, serial=2))
    os.kill(pid, signal.SIGHUP)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        soa = dns.query.udp(dns.message.make_query("shop.test", "SOA"), KNOT, 2, port).answer[0][0]
        if soa.serial == 2:
            return
        time.sleep(0.05)
    raise TimeoutError("knot did not read its zone again")


@pytest.mark.parametrize("before", [OLD, GOOD[1:]])
def test_a_resolver_with_an_old_answer_does_not_hold_the_record_up(before: tuple[str, ...], tmp_path: Path) -> None:
    with world(tmp_path, before, GOOD) as (port, pid):
        expected = expected_of("shop.test")
        assert examine("shop.test", expected).conclusions[V].judgement.status is not RecordStatus.PASSED
        change_at_knot(tmp_path, port, pid, GOOD)
        conclusion = examine("shop.test", expected).conclusions[V]
    assert (conclusion.judgement.status, conclusion.judgement.advice) == (RecordStatus.PASSED, AdviceCode.STALE)
    resolver = next(one for one in conclusion.seen if one["kind"] == "resolver")
    assert resolver["values"] == (["old.test"] if before == OLD else [])
    assert 0 < resolver["ttl"] <= 300


def test_a_name_server_that_was_not_updated_leaves_the_record_unproven(tmp_path: Path) -> None:
    with world(tmp_path, GOOD, OLD):
        conclusions = examine("shop.test", expected_of("shop.test")).conclusions
    judgement = conclusions[V].judgement
    assert (judgement.status, judgement.advice) == (RecordStatus.SOFTFAIL, AdviceCode.SERVERS_DISAGREE)
    assert conclusions[RecordKey.DKIM1].judgement.status is RecordStatus.PASSED


def test_a_record_that_was_just_taken_away_is_gone_whatever_a_resolver_remembers(tmp_path: Path) -> None:
    with world(tmp_path, GOOD, GOOD[1:]) as (port, pid):
        expected = expected_of("shop.test")
        examine("shop.test", expected)
        change_at_knot(tmp_path, port, pid, GOOD[1:])
        conclusion = examine("shop.test", expected).conclusions[V]
    assert (conclusion.judgement.status, conclusion.judgement.advice) == (RecordStatus.MISSING, AdviceCode.NOT_FOUND)
    assert any(one["values"] for one in conclusion.seen if one["kind"] == "resolver")


@contextmanager
def truncating(port: int) -> Iterator[None]:
    """A name server that says of every answer that it is too long for UDP, and does not speak TCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((UDP_ONLY, port))
        listener.settimeout(0.2)
        stopped: list[bool] = []

        def serve() -> None:
            while not stopped:
                try:
                    wire, asker = listener.recvfrom(4096)
                except TimeoutError:
                    continue
                response = dns.message.make_response(dns.message.from_wire(wire))
                response.flags |= dns.flags.AA | dns.flags.TC
                listener.sendto(response.to_wire(), asker)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopped.append(True)
            thread.join(2)


def test_a_server_that_cuts_its_answers_and_speaks_no_tcp_is_named(tmp_path: Path) -> None:
    port = free_port()
    parent = "ns1 A 127.0.0.2\nns2 A 127.0.0.4\nshop NS ns1.test.\nshop NS ns2.test.\n"
    zones = [Zone("test", HEAD + parent, (KNOT,)), Zone("shop.test", zone_of(GOOD))]
    with (
        knot(zones, port, tmp_path),
        truncating(port),
        unbound({"test": [KNOT], "shop.test": [KNOT]}, port, tmp_path) as own,
        override_settings(PLATFORM_DOMAIN=PLATFORM),
        resolving_at(own),
    ):
        examination = examine("shop.test", expected_of("shop.test"))
    assert {"code": "no_tcp", "params": {"servers": "ns2.test"}} in examination.findings
    assert {one.judgement.status for one in examination.conclusions.values()} == {RecordStatus.PASSED}


def test_where_no_name_server_can_be_reached_the_resolvers_are_believed(tmp_path: Path) -> None:
    port = free_port()
    parent = "ns1 A 127.0.0.9\nshop NS ns1.test.\n"
    zones = [Zone("test", HEAD.replace("ns2", "ns1") + parent), Zone("shop.test", zone_of((VERIFICATION,)))]
    with (
        knot(zones, port, tmp_path),
        unbound({"test": [KNOT], "shop.test": [KNOT]}, port, tmp_path) as own,
        override_settings(PLATFORM_DOMAIN=PLATFORM),
        resolving_at(own),
    ):
        examination = examine("shop.test", expected_of("shop.test"))
    assert "unreachable" in [finding["code"] for finding in examination.findings]
    assert examination.conclusions[V].judgement.status is RecordStatus.PASSED
    assert examination.conclusions[RecordKey.DKIM1].judgement.status is RecordStatus.MISSING
