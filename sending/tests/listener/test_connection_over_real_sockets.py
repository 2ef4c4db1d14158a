"""The shell under an SMTP server, asked by the standard library's client and by raw sockets."""

import asyncio
import contextlib
import smtplib
import socket
import ssl
import time
from collections.abc import Awaitable, Callable

import pytest

from sending.listener import Connection, Limits, Port, Verdict
from sending.listener.crowd import TOO_MANY_CONNECTIONS, Crowd
from sending.models.shared_counts import SharedCounts
from sending.protocol.reply import Reply
from sending.protocol.smtp_server_events import (
    Authenticate,
    MailFrom,
    MessageReceived,
    Question,
    RcptTo,
    ServerConfig,
    ServerTls,
)
from sending.tests.listening import listening, trusting_context

MESSAGE = b"From: a@example.test\r\nSubject: x\r\n\r\nHello\r\n"


class Recorder:
    """Accepts all but the recipient `no@`, answers the content later, and remembers what it was asked."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.questions: list[Question] = []
        self.is_closed = False
        RECORDERS.append(self)

    def decide(self, question: Question) -> Verdict | Awaitable[Verdict]:
        self.questions.append(question)
        match question:
            case RcptTo(recipient=recipient) if recipient.local_part == "no":
                return Reply(550, "5.1.1", ("No such mailbox",))
            case RcptTo(recipient=recipient) if recipient.local_part == "crash":
                raise RuntimeError("a mistake of the handler")
            case MessageReceived():
                return self._later()
        return None

    async def _later(self) -> Verdict:
        await asyncio.sleep(0.02)
        return Reply(250, "2.0.0", ("Queued as 1",))

    def closed(self) -> None:
        self.is_closed = True


RECORDERS: list[Recorder] = []
STARTTLS = ServerConfig("mx.test", tls=ServerTls.STARTTLS, require_tls=True, allow_auth=True, require_auth=True)
IMPLICIT = ServerConfig("mx.test", tls=ServerTls.IMPLICIT, allow_auth=True, require_auth=True)
PLAIN = ServerConfig("mx.test", tls=ServerTls.NONE)


@pytest.fixture(autouse=True)
def _forget_recorders():
    RECORDERS.clear()


def port(config):
    return Port("127.0.0.1", 0, config, Recorder)


def test_a_mail_by_starttls_and_auth_reaches_the_handler():
    with listening([port(STARTTLS)]) as listener, smtplib.SMTP(*listener.addresses[0], timeout=5) as client:
        client.starttls(context=trusting_context())
        client.login("api", "secret")
        client.sendmail("a@example.test", ["b@example.test"], MESSAGE)
        kinds = [type(question) for question in RECORDERS[0].questions]
    assert kinds == [Authenticate, MailFrom, RcptTo, MessageReceived]
    assert RECORDERS[0].questions[-1].content == MESSAGE
    assert RECORDERS[0].connection.tls.startswith("TLSv1.3")
    assert RECORDERS[0].is_closed


def test_implicit_tls_is_served_on_its_own_port():
    with (
        listening([port(STARTTLS), port(IMPLICIT)]) as listener,
        smtplib.SMTP_SSL(*listener.addresses[1], timeout=5, context=trusting_context()) as client,
    ):
        client.login("api", "secret")
        assert client.sendmail("a@example.test", ["b@example.test"], MESSAGE) == {}


def test_one_recipient_is_refused_and_the_other_taken():
    with listening([port(PLAIN)]) as listener, smtplib.SMTP(*listener.addresses[0], timeout=5) as client:
        refused = client.sendmail("a@example.test", ["no@example.test", "b@example.test"], MESSAGE)
    assert refused == {"no@example.test": (550, b"5.1.1 No such mailbox")}


def test_a_mistake_of_the_handler_answers_451_and_keeps_the_connection():
    with listening([port(PLAIN)]) as listener, smtplib.SMTP(*listener.addresses[0], timeout=5) as client:
        client.ehlo()
        client.mail("a@example.test")
        assert client.rcpt("crash@example.test")[0] == 451
        assert client.rcpt("b@example.test")[0] == 250


def test_pipelined_transactions_are_answered_in_order():
    transaction = b"MAIL FROM:<a@example.test>\r\nRCPT TO:<b@example.test>\r\nBDAT %d LAST\r\n%b" % (
        len(MESSAGE),
        MESSAGE,
    )
    with listening([port(PLAIN)]) as listener, socket.create_connection(listener.addresses[0], 5) as client:
        client.sendall(b"EHLO me\r\n" + 30 * transaction + b"QUIT\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    codes = [line[:3] for line in answer.split(b"\r\n") if line[3:4] == b" "]
    assert codes == [b"220", b"250", *([b"250"] * 3 * 30), b"221"]


def test_bytes_slipped_in_behind_starttls_are_dropped():
    with listening([port(STARTTLS)]) as listener, socket.create_connection(listener.addresses[0], 5) as raw:
        raw.recv(1000)
        raw.sendall(b"EHLO me\r\n")
        raw.recv(1000)
        raw.sendall(b"STARTTLS\r\nNOOP\r\n")
        assert raw.recv(1000).startswith(b"220 2.0.0")
        with trusting_context().wrap_socket(raw) as secured:
            secured.sendall(b"QUIT\r\n")
            assert secured.recv(1000).startswith(b"221")


def test_an_address_has_a_limit_of_connections():
    limits = Limits(connections_an_address=2, drain_seconds=1.0)
    with listening([port(PLAIN)], limits) as listener:
        first = smtplib.SMTP(*listener.addresses[0], timeout=5)
        second = smtplib.SMTP(*listener.addresses[0], timeout=5)
        with pytest.raises(smtplib.SMTPConnectError) as refusal:
            smtplib.SMTP(*listener.addresses[0], timeout=5)
        assert refusal.value.smtp_code == 421
        first.quit()
        third = smtplib.SMTP(*listener.addresses[0], timeout=5)
        third.quit()
        second.quit()


def test_a_stop_says_421_to_the_idle_and_takes_the_mail_under_way():
    with listening([port(PLAIN)]) as listener:
        idle = socket.create_connection(listener.addresses[0], 5)
        busy = socket.create_connection(listener.addresses[0], 5)
        busy.sendall(b"EHLO me\r\nMAIL FROM:<a@example.test>\r\nRCPT TO:<b@example.test>\r\nDATA\r\n")
        for client, last in ((idle, b"220"), (busy, b"354")):
            while last not in client.recv(1000):
                pass
        busy.sendall(MESSAGE + b".\r\n")
    assert idle.recv(1000).startswith(b"421")
    answers = b"".join(iter(lambda: busy.recv(1000), b"")).split(b"\r\n")
    assert answers[0] == b"250 2.0.0 Queued as 1"
    assert answers[1].startswith(b"421")
    idle.close()
    busy.close()


def test_handshakes_that_never_come_count_against_their_address_too():
    limits = Limits(connections_an_address=2, drain_seconds=1.0)
    with listening([port(IMPLICIT)], limits) as listener:
        silent = [socket.create_connection(listener.addresses[0], 5) for _ in range(2)]
        excess = socket.create_connection(listener.addresses[0], 5)
        assert excess.recv(1) == b""
        for client in silent:
            client.setblocking(False)
            with pytest.raises(BlockingIOError):
                client.recv(1)
            client.close()
        excess.close()
        assert eventually(lambda: not listener.handshakes)
        with smtplib.SMTP_SSL(*listener.addresses[0], timeout=5, context=trusting_context()) as client:
            assert client.noop()[0] == 250


def test_a_failed_handshake_is_forgotten_and_the_port_goes_on():
    limits = Limits(connections_an_address=1, drain_seconds=1.0)
    with listening([port(IMPLICIT)], limits) as listener:
        for _ in range(3):
            with socket.create_connection(listener.addresses[0], 5) as client:
                client.sendall(b"EHLO in the clear\r\n")
                while client.recv(1000):
                    pass
            assert eventually(lambda: not listener.handshakes)


def test_whatever_breaks_a_handshake_closes_its_connection_and_counts_it_out():
    with listening([port(STARTTLS)]) as listener:
        listener._context = object()  # what the event loop does not take
        with socket.create_connection(listener.addresses[0], 5) as client:
            client.sendall(b"EHLO c.test\r\nSTARTTLS\r\n")
            said = b""
            while data := client.recv(1000):
                said += data
        assert b"220 2.0.0 Ready to start TLS" in said
        assert eventually(lambda: not listener._crowd.connections)


def test_the_addresses_of_one_ipv6_network_share_a_limit():
    crowd = Crowd(Limits(connections_an_address=2), SharedCounts("smtp-address"), lambda: None)
    assert [crowd.enter(number, f"2001:db8:1:2::{number}") for number in range(3)] == [None, None, TOO_MANY_CONNECTIONS]
    assert crowd.enter(4, "2001:db8:1:3::1") is None
    crowd.leave(0, "2001:db8:1:2::0")
    assert crowd.enter(5, "2001:db8:1:2::5") is None


def eventually(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return holds()


def client_hello(name):
    """The first octets of a TLS handshake that asks for `name`, whatever its octets."""
    stand_in = "a" * (len(name) - 5) + ".test"
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secured = trusting_context().wrap_bio(incoming, outgoing, server_hostname=stand_in)
    with contextlib.suppress(ssl.SSLWantReadError):
        secured.do_handshake()
    return outgoing.read().replace(stand_in.encode(), name)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", ["é.example.test".encode(), b"\xff\xfe\x80.test", b"a\0b.mx.test", b"..........test"])
def test_who_asks_for_a_name_that_is_none_leaves_nothing_behind(name):
    with listening([port(STARTTLS), port(IMPLICIT)]) as listener:
        for address in listener.addresses:
            with socket.create_connection(address, 5) as raw:
                if address is listener.addresses[0]:
                    raw.recv(1000)
                    raw.sendall(b"STARTTLS\r\n")
                    raw.recv(1000)
                raw.sendall(client_hello(name))
                raw.recv(10)
        until = time.monotonic() + 5
        while (listener._crowd.connections or listener.handshakes) and time.monotonic() < until:
            time.sleep(0.01)
        assert not listener._crowd.connections and not listener.handshakes
        with smtplib.SMTP(*listener.addresses[0], timeout=5) as client:
            assert client.starttls(context=trusting_context())[0] == 220
