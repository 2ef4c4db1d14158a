"""Port 25, certificates and clocks, against real sockets."""

import socket
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailtrap_site.operator import machine
from mailtrap_site.operator.finding import State
from mailtrap_site.testing.fake_mx import FakeMx, receiving
from sending.listener import Port
from sending.protocol.smtp_server_events import ServerTls
from sending.submission.smtp_listener import configuration
from sending.tests.listening import listening, server_context, write_certificate

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def certificate(days, fingerprint=b"1"):
    return machine.Certificate(NOW + timedelta(days=days), ("smtp.platform.test",), fingerprint)


@pytest.mark.parametrize(
    ("answers", "expected", "words"),
    [
        ({}, State.FINE, "answers from port"),
        ({"CONNECT": "554 5.7.1 You are on a list"}, State.WARNING, "554 5.7.1 You are on a list"),
        ({"CONNECT": "SSH-2.0-OpenSSH"}, State.FAILURE, "SSH-2.0"),
    ],
)
def test_a_server_of_others_is_knocked_at(answers, expected, words):
    with receiving(FakeMx(answers)) as server:
        finding = machine.knock(server.host, server.port, "127.0.0.1")
    assert finding.state is expected
    assert words in finding.found


def test_a_port_that_is_closed_is_said_so():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    finding = machine.knock("127.0.0.1", port, "127.0.0.1")
    assert finding.state is State.FAILURE
    assert "Connection refused" in finding.found
    assert "hosting providers" in finding.advice


@pytest.mark.parametrize(
    ("days", "expected", "words"),
    [
        (90, State.FINE, "in 90 days"),
        (13, State.WARNING, "in 13 days"),
        (1, State.WARNING, "in one day"),
        (-1, State.FAILURE, "It ended on 2026-11-28"),
    ],
)
def test_a_certificate_is_watched_before_it_ends(days, expected, words):
    finding = machine.judge_certificate(Path("server.pem"), certificate(days), NOW)
    assert finding.state is expected
    assert words in finding.found
    assert bool(finding.advice) is (expected is not State.FINE)


def test_a_file_without_a_certificate_is_said_so(tmp_path):
    for content in (None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        file = tmp_path / "server.pem"
        if content is not None:
            file.write_bytes(content)
        assert machine.read_certificate(file) is None
    assert machine.judge_certificate(file, None, NOW).state is State.FAILURE


def test_what_the_server_shows_is_compared_with_the_file(tmp_path, monkeypatch):
    file, _key = write_certificate(tmp_path)
    other = machine.read_certificate(file)
    kinds = (ServerTls.STARTTLS, ServerTls.IMPLICIT)
    ports = [Port("127.0.0.1", 0, configuration("smtp.test", kind), lambda _: None) for kind in kinds]
    assert server_context()
    with listening(ports) as listener:
        shown = [
            machine.served_certificate(*address, implicit=implicit)
            for address, implicit in zip(listener.addresses, (False, True), strict=True)
        ]
    assert shown[0] == shown[1]
    assert shown[0].ends_at > datetime.now(UTC)
    assert machine.judge_served(587, shown[0], shown[0], datetime.now(UTC)).state is State.FINE
    changed = machine.judge_served(587, shown[0], other, datetime.now(UTC))
    assert (changed.state, "Restart smtpd" in changed.advice) == (State.WARNING, True)
    monkeypatch.setattr(machine, "PATIENCE", 0.5)
    assert machine.served_certificate("127.0.0.1", listener.addresses[0][1], implicit=False) is None
    assert machine.judge_served(587, None, other, NOW).state is State.FAILURE
    assert machine.judge_served(587, certificate(-1), None, NOW).state is State.FAILURE


@pytest.mark.parametrize(
    ("seconds", "expected", "words"),
    [
        (0.5, State.FINE, "differ by 0.5"),
        (-5, State.WARNING, "5.0 seconds behind"),
        (90, State.FAILURE, "90.0 seconds ahead"),
    ],
)
def test_a_clock_that_is_off_is_said_so(seconds, expected, words):
    finding = machine.judge_clock("Clock", timedelta(seconds=seconds))
    assert finding.state is expected
    assert words in finding.found


def test_a_clock_that_does_not_answer_says_nothing():
    assert machine.judge_clock("Clock", None).state is State.UNKNOWN


@pytest.mark.django_db
def test_the_databases_clock_is_this_machines_in_the_tests():
    assert abs(machine.ahead_of_database()) < timedelta(seconds=1)


def time_server(ahead, mode=4, stratum=2):
    """Answers one question as a server whose clock is `ahead` seconds ahead; its port."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("127.0.0.1", 0))
    line.settimeout(10)

    def answer():
        with line:
            asked, client = line.recvfrom(100)
            assert (len(asked), asked[0]) == (48, 0x23)
            moment = time.time() + ahead + 2_208_988_800
            stamp = struct.pack("!II", int(moment), int(moment % 1 * 2**32))
            line.sendto(bytes([0x20 | mode, stratum]) + bytes(30) + stamp + stamp, client)

    threading.Thread(target=answer, daemon=True).start()
    return line.getsockname()[1]


@pytest.mark.parametrize("ahead", [0, 30, -3600])
def test_a_time_server_is_asked(ahead):
    off = machine.ahead_of("127.0.0.1", time_server(ahead))
    assert abs(off + timedelta(seconds=ahead)) < timedelta(seconds=1)


@pytest.mark.parametrize(("mode", "stratum"), [(3, 2), (4, 0)])
def test_what_is_no_answer_of_a_time_server_is_not_believed(mode, stratum):
    assert machine.ahead_of("127.0.0.1", time_server(0, mode, stratum)) is None
