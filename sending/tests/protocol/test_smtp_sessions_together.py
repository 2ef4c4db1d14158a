"""Our client against our server, arbitrary cuts of the stream, and arbitrary octets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.protocol.smtp_client import ClientSession
from sending.protocol.smtp_client_events import (
    ClientConfig,
    ClientPhase,
    ClientTls,
    Ready,
    SessionFailed,
    StartClientTls,
    Transaction,
    TransactionDone,
)
from sending.protocol.smtp_server_events import Closed, ServerConfig, ServerPhase
from sending.tests.protocol.smtp_dialogues import INBOUND, SUBMISSION, SUBMISSION_TLS, DecidedServer, converse

API = ("api", "secret")


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize(
    ("server_config", "tls", "credentials"),
    [
        (INBOUND, ClientTls.OPPORTUNISTIC, None),
        (INBOUND, ClientTls.NEVER, None),
        (INBOUND, ClientTls.REQUIRE, API),
        (SUBMISSION, ClientTls.REQUIRE, API),
        (SUBMISSION_TLS, ClientTls.IMPLICIT, API),
    ],
)
def test_three_mails_travel_on_one_connection(server_config, tls, credentials, pipelining):
    server = DecidedServer(server_config)
    client = ClientSession(ClientConfig("c.test", tls=tls, credentials=credentials, pipelining=pipelining))
    events = converse(client, server)
    assert isinstance(events[-1], Ready)
    assert (StartClientTls() in events) is (tls in (ClientTls.OPPORTUNISTIC, ClientTls.REQUIRE))
    contents = [b"Subject: one\r\n\r\n.\r\n..\r\n", b"", "Subject: é\r\n\r\né\r\n".encode()]
    for content in contents:
        client.start(Transaction("a@b.test", ["x@y.test", "no@y.test", '"o d"@y.test', "é@y.test"], content))
        done = converse(client, server)[-1]
        assert isinstance(done, TransactionDone)
        assert [outcome.reply.code for outcome in done.outcomes] == [250, 550, 250, 250]
        assert {outcome.phase for outcome in done.outcomes} == {ClientPhase.FINAL_DOT, ClientPhase.RCPT}
    client.quit()
    converse(client, server)
    assert client.phase is ClientPhase.CLOSED
    assert server.session.phase is ServerPhase.CLOSED
    assert [message.content for message in server.messages()] == contents
    assert all(len(message.envelope.recipients) == 3 for message in server.messages())


def test_a_thousand_recipients_and_one_more():
    server, client = DecidedServer(INBOUND), ClientSession(ClientConfig("c.test"))
    converse(client, server)
    client.start(Transaction("a@b.test", [f"r{number}@y.test" for number in range(1001)], b"x\r\n"))
    done = converse(client, server)[-1]
    assert isinstance(done, TransactionDone)
    assert [outcome.reply.code for outcome in done.outcomes] == [250] * 1000 + [452]


def test_refused_transactions_leave_the_connection_usable():
    server, client = DecidedServer(INBOUND), ClientSession(ClientConfig("c.test"))
    converse(client, server)
    codes = []
    for sender, recipient in (("nobody@b.test", "x@y.test"), ("a@b.test", "no@y.test"), ("a@b.test", "x@y.test")):
        client.start(Transaction(sender, [recipient], b"x\r\n"))
        done = converse(client, server)[-1]
        assert isinstance(done, TransactionDone)
        codes.append(done.outcomes[0].reply.code)
    assert codes == [550, 550, 250]


def test_wrong_credentials_are_told_apart_from_a_lost_connection():
    server = DecidedServer(SUBMISSION)
    client = ClientSession(ClientConfig("c.test", credentials=("api", "wrong")))
    failed = converse(client, server)[-2]
    assert isinstance(failed, SessionFailed)
    assert (failed.reply.code, failed.phase, failed.is_local) == (535, ClientPhase.AUTH, False)


# Session parts that are apt to go wrong when cut or put in a wrong order.
PARTS = st.sampled_from(
    [
        b"EHLO c.test\r\n", b"HELO c.test\r\n", b"MAIL FROM:<a@b.test>\r\n", b"MAIL FROM:<> SIZE=5\r\n", b"RSET\r\n",
        b"RCPT TO:<x@y.test>\r\n", b"RCPT TO:<no@y.test>\r\n", b"RCPT TO:<end@y.test>\r\n", b"DATA\r\n", b".\r\n",
        b"\r\n.\r\n", b"text\r\n", b"..x\r\n", b"a\nb", b"\r", b"\n", b"BDAT 6\r\n", b"BDAT 6 LAST\r\n",
        b"BDAT 0 LAST\r\n",
        b"BDAT 200\r\n", b"AUTH LOGIN\r\n", b"AUTH PLAIN AGFwaQBzZWNyZXQ=\r\n", b"YXBp\r\n", b"c2VjcmV0\r\n", b"*\r\n",
        b"x" * 600, b"QUIT\r\n", b"NOOP\r\n", b"VRFY a\r\n", b"MAIL FROM:<\xc3\xa9@b.test> SMTPUTF8\r\n", b"\xff\x00",
        b"x" * 150 + b"\r\n", b"GET / HTTP/1.1\r\n",
    ]
)  # fmt: skip
STREAMS = st.lists(PARTS | st.binary(max_size=20), max_size=25).map(b"".join)
SMALL = ServerConfig("mx.test", max_size=100, max_recipients=3, max_messages=3, max_errors=8)
OPENING = b"EHLO c.test\r\nAUTH PLAIN AGFwaQBzZWNyZXQ=\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<x@y.test>\r\n"
CONFIGS = st.sampled_from([SMALL, INBOUND, SUBMISSION, SUBMISSION_TLS])


@given(config=CONFIGS, stream=STREAMS, cuts=st.lists(st.integers(0, 600), max_size=12), prefix=st.booleans())
def test_any_stream_gets_the_same_answers_however_it_is_cut(config, stream, cuts, prefix):
    if prefix:
        stream = (
            b"EHLO c.test\r\nAUTH PLAIN AGFwaQBzZWNyZXQ=\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<x@y.test>\r\n" + stream
        )
    whole, pieces = DecidedServer(config), DecidedServer(config)
    whole.feed(stream)
    pieces.feed_in_pieces(stream, [cut for cut in cuts if cut <= len(stream)])
    assert pieces.written == whole.written
    assert pieces.events == whole.events
    assert sum(isinstance(event, Closed) for event in whole.events) <= 1
    assert all(reply.code >= 200 for reply in whole.replies())
    assert all(len(message.content) <= config.max_size + 2 for message in whole.messages())
