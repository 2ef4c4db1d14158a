"""A client that says something now and then, but never anything whole, is not waited for."""

import smtplib
import socket
import time

import pytest

from sending.listener import Limits, Port
from sending.listener import connection as connection_module
from sending.protocol.smtp_server_events import SERVER_TIMEOUTS, ServerConfig, ServerTls
from sending.tests.listening import listening, trusting_context

PLAIN = ServerConfig("mx.test", tls=ServerTls.NONE)
WITH_AUTH = ServerConfig("mx.test", tls=ServerTls.IMPLICIT, allow_auth=True, require_auth=True)
TO_DATA = b"EHLO me\r\nMAIL FROM:<a@example.test>\r\nRCPT TO:<b@example.test>\r\nDATA\r\n"


class AcceptsAll:
    def __init__(self, connection):
        pass

    def decide(self, question):
        return None

    def closed(self):
        pass


@pytest.fixture(autouse=True)
def _short_times(monkeypatch):
    for phase in SERVER_TIMEOUTS:
        monkeypatch.setitem(SERVER_TIMEOUTS, phase, 0.3)


def until_closed(client, piece, pause=0.05, most=60):
    """Sends the piece again and again; what the server said until it hung up, and after how many pieces."""
    said, client_file = b"", client.makefile("rb")
    client.setblocking(False)
    for count in range(most):
        data = client_file.read(10_000)
        said += data or b""
        if data == b"":
            return said, count
        try:
            client.sendall(piece)
        except OSError:
            return said, count
        time.sleep(pause)
    return said, most


def opened(listener, begin=b"", last=b"220"):
    client = socket.create_connection(listener.addresses[0], 5)
    client.sendall(begin)
    while last not in client.recv(1000):
        pass
    return client


@pytest.mark.parametrize(
    ("begin", "last", "piece"),
    [(b"", b"220", b"N"), (b"EHLO me\r\n", b"250 ", b"N"), (TO_DATA, b"354", b"x"), (TO_DATA, b"354", b"x\r\n")],
)
def test_a_byte_now_and_then_does_not_hold_the_connection(begin, last, piece):
    with listening([Port("127.0.0.1", 0, PLAIN, AcceptsAll)]) as listener, opened(listener, begin, last) as client:
        said, count = until_closed(client, piece)
    assert said.startswith(b"421 4.4.2")
    assert count < 30


def test_content_that_keeps_coming_is_waited_for(monkeypatch):
    monkeypatch.setattr(connection_module, "LEAST_CONTENT_OCTETS", 100)
    with listening([Port("127.0.0.1", 0, PLAIN, AcceptsAll)]) as listener, opened(listener, TO_DATA, b"354") as client:
        said, count = until_closed(client, b"x" * 98 + b"\r\n", most=20)
        assert (said, count) == (b"", 20)
        client.setblocking(True)
        client.sendall(b".\r\n")
        assert client.recv(1000).startswith(b"250")


def test_whole_commands_are_waited_for_one_by_one():
    port = Port("127.0.0.1", 0, PLAIN, AcceptsAll)
    with listening([port]) as listener, smtplib.SMTP(*listener.addresses[0], timeout=5) as client:
        for _ in range(4):
            time.sleep(0.15)
            assert client.noop()[0] == 250


def test_who_does_not_log_in_is_shown_out_however_busy(monkeypatch):
    for phase in SERVER_TIMEOUTS:
        monkeypatch.setitem(SERVER_TIMEOUTS, phase, 1.0)
    limits = Limits(login_seconds=1.5, drain_seconds=1.0)
    with listening([Port("127.0.0.1", 0, WITH_AUTH, AcceptsAll)], limits) as listener:
        clients = [smtplib.SMTP_SSL(*listener.addresses[0], timeout=5, context=trusting_context()) for _ in range(2)]
        clients[1].login("api", "secret")
        codes = []
        with pytest.raises(smtplib.SMTPServerDisconnected):
            for _ in range(50):
                time.sleep(0.1)
                assert clients[1].noop()[0] == 250
                codes.append(clients[0].noop()[0])
        assert codes[-1] == 421
        assert set(codes[:-1]) <= {250}
        assert clients[1].noop()[0] == 250
        for client in clients:
            client.close()


def test_a_lost_connection_gives_back_its_memory():
    with listening([Port("127.0.0.1", 0, PLAIN, AcceptsAll)]) as listener:
        client = opened(listener, TO_DATA, b"354")
        memory = listener._crowd.memory
        client.sendall(b"x" * 98 + b"\r\n")
        assert memory.held > 0
        client.close()
        until = time.monotonic() + 5
        while memory.held and time.monotonic() < until:
            time.sleep(0.01)
        assert memory.held == 0
