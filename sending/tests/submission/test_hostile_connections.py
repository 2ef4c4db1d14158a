"""Clients that say anything and end anyhow, over real sockets: a neighbour loses no mail, and nothing of them stays."""

import contextlib
import logging
import smtplib
import socket
import ssl
import struct
import threading
import time
from base64 import b64encode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailtrap_site.testing.roomy import make_roomy
from sending.models import Message
from sending.tests.drafts import message
from sending.tests.listening import trusting_context
from sending.tests.submission.hostile_mails import mails

pytestmark = pytest.mark.django_db(transaction=True)

ATTACKED_SECONDS = 8.0
CREDENTIALS = b"<credentials>"
GREETED = b"EHLO c.test\r\n"
LOGGED_IN = GREETED + b"AUTH PLAIN " + CREDENTIALS + b"\r\n"
TO_DATA = b"MAIL FROM:<alice@example.test>\r\nRCPT TO:<rita@far.test>\r\nDATA\r\n"
OPENINGS = st.sampled_from([b"", GREETED, LOGGED_IN, LOGGED_IN, LOGGED_IN + TO_DATA, LOGGED_IN + TO_DATA])
COMMANDS = st.sampled_from(
    [
        GREETED, LOGGED_IN, TO_DATA, b"HELO c\r\n", b"AUTH LOGIN\r\n", b"AUTH PLAIN\r\n", b"*\r\n",
        b"AUTH PLAIN AGFwaQB4\r\n", b"STARTTLS\r\n", b"MAIL FROM:<>\r\n",
        b"MAIL FROM:<alice@example.test> SIZE=99999999\r\n", b"RSET\r\n", b"NOOP\r\n",
        b"MAIL FROM:<a@stranger.test>\r\n", b"RCPT TO:<x@y>\r\n", b"RCPT TO:<r@far.test>\r\n", b"DATA\r\n",
        b"\r\n.\r\n", b".\r\n", b"BDAT 10\r\n0123456789",
        b"BDAT 90 LAST\r\n" + b"From: a@example.test\r\n\r\n" + b"x" * 66, b"BDAT 9999999\r\n", b"VRFY a\r\n",
        b"HELP\r\n", b"QUIT\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\0\r\n", b"\n.\n", b"x" * 600 + b"\r\n", b"x" * 70_000,
        b"\x16\x03\x01\x00\x05hello",
    ]
)  # fmt: skip
CONTENTS = mails().map(lambda mail: mail + b"\r\n.\r\n")
ANYTHING = st.lists(COMMANDS | CONTENTS | st.binary(max_size=40), max_size=8).map(b"".join)
MAILS = st.lists(CONTENTS.map(lambda content: TO_DATA + content), max_size=4).map(b"".join)
SAID = st.tuples(OPENINGS, ANYTHING).map(b"".join) | st.tuples(st.just(LOGGED_IN), MAILS, ANYTHING).map(b"".join)
ENDS = st.sampled_from(["close", "reset", "half", "read"])
TLS = st.sampled_from(["implicit", "implicit", "starttls", "none", "hello cut off"])


def attack(server, secret, tls, said, end):
    """One hostile connection, to its end, within a second."""
    said = said.replace(CREDENTIALS, b64encode(f"\0api\0{secret}".encode()))
    with socket.create_connection(server.addresses[1 if tls == "implicit" else 0], 5) as raw:
        raw.settimeout(1)
        with contextlib.suppress(OSError, ssl.SSLError):
            if tls == "starttls":
                raw.recv(1000)
                raw.sendall(b"STARTTLS\r\n")
                raw.recv(1000)
            if tls in ("implicit", "starttls"):
                raw = trusting_context().wrap_socket(raw)
            raw.sendall(said[:100] if tls == "hello cut off" else said)
            finish(raw, end)
        raw.close()


def finish(client, end):
    if end == "reset":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif end == "half":
        client.shutdown(socket.SHUT_WR)
    elif end == "read":
        client.settimeout(0.2)
        while client.recv(65_536):
            pass


class Neighbour(threading.Thread):
    """Sends mail after mail, over one connection after another, as long as it may."""

    def __init__(self, server, secret):
        super().__init__()
        self.server, self.secret = server, secret
        self.sent, self.refused, self.may_go_on = 0, [], True

    def run(self):
        while self.may_go_on:
            with smtplib.SMTP(*self.server.addresses[0], timeout=10) as client:
                client.starttls(context=trusting_context())
                client.login("api", self.secret)
                for _ in range(20):
                    time.sleep(0.005)
                    try:
                        client.sendmail("alice@example.test", ["neighbour@far.test"], message())
                        self.sent += 1
                    except smtplib.SMTPException as problem:
                        self.refused.append(problem)


def everything_given_back(server, door, account):
    crowd = server._crowd
    counts = door.connections.own(account) + crowd._addresses.own("127.0.0.1") + server.handshakes.total()
    return not counts and not crowd.connections and not crowd.memory.held


def test_they_leave_nothing_behind_and_their_neighbour_loses_nothing(server, door, world, caplog):
    make_roomy(world.account)
    neighbour = Neighbour(server, world.secret)
    neighbour.start()
    until = time.monotonic() + ATTACKED_SECONDS

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(attacks=st.lists(st.tuples(TLS, SAID, ENDS), min_size=1, max_size=4))
    def attacked(attacks):
        for tls, said, end in attacks if time.monotonic() < until else ():
            attack(server, world.secret, tls, said, end)

    try:
        with caplog.at_level(logging.ERROR):
            attacked()
    finally:
        neighbour.may_go_on = False
        neighbour.join()
    assert neighbour.refused == []
    assert Message.objects.filter(recipient="neighbour@far.test").count() == neighbour.sent > 20
    until = time.monotonic() + 20
    while not everything_given_back(server, door, str(world.account.pk)) and time.monotonic() < until:
        time.sleep(0.05)
    assert everything_given_back(server, door, str(world.account.pk))
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
