"""The client against scripted servers: what it says, what each recipient's outcome is, and when it gives up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.protocol.smtp_client import ClientSession
from sending.protocol.smtp_client_events import (
    CLIENT_TIMEOUTS,
    ClientClosed,
    ClientConfig,
    ClientEvent,
    ClientPhase,
    ClientTls,
    Direction,
    Ready,
    ReadyForFinalDot,
    SessionFailed,
    StartClientTls,
    Transaction,
    TransactionDone,
)

PLAIN_CLIENT = ClientConfig("c.test")
CONTENT = b"Subject: x\r\n\r\n.hi\r\n"
EHLO_ALL = (
    b"250-mx.test\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n"
)
EHLO_NONE = b"250 mx.test\r\n"


def ready(ehlo: bytes = EHLO_ALL, config: ClientConfig = PLAIN_CLIENT) -> ClientSession:
    client = ClientSession(config)
    assert client.feed(b"220 mx.test ESMTP\r\n") == []
    events = client.feed(ehlo)
    assert isinstance(events[0], Ready)
    assert client.outgoing() == b"EHLO c.test\r\n"
    return client


def play(client: ClientSession, *turns: tuple[bytes, bytes]) -> list[ClientEvent]:
    """Each turn: what the client must say, and what the server answers. The final dot is sent at once."""
    seen = []
    for said, heard in turns:
        assert client.outgoing() == said
        pending = client.feed(heard)
        while pending:
            event = pending.pop(0)
            seen.append(event)
            if isinstance(event, ReadyForFinalDot):
                pending += client.send_final_dot()
    return seen


def done(events: list[ClientEvent]) -> TransactionDone:
    return next(event for event in events if isinstance(event, TransactionDone))


def summary(events: list[ClientEvent]) -> list[tuple[int, ClientPhase, bool, bool]]:
    return [(o.reply.code, o.phase, o.is_local, o.is_uncertain) for o in done(events).outcomes]


def test_a_pipelined_mail_and_another_on_the_same_connection():
    client = ready()
    two = Transaction("a@b.test", ["x@y.test", "z@y.test"], CONTENT)
    assert client.start(two) == []
    envelope = b"MAIL FROM:<a@b.test> SIZE=19\r\nRCPT TO:<x@y.test>\r\nRCPT TO:<z@y.test>\r\nDATA\r\n"
    events = play(
        client,
        (envelope, b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n250 2.1.5 ok\r\n354 go\r\n"),
        (b"Subject: x\r\n\r\n..hi\r\n.\r\n", b"250 2.0.0 queued as 42\r\n"),
    )
    assert summary(events) == [(250, ClientPhase.FINAL_DOT, False, False)] * 2
    assert done(events).outcomes[0].reply.text == "queued as 42"
    assert client.phase is ClientPhase.READY
    client.start(Transaction("", ["x@y.test"], b""))
    assert client.outgoing().startswith(b"MAIL FROM:<> SIZE=0\r\nRCPT")
    assert client.phase is ClientPhase.MAIL


def test_without_pipelining_one_command_at_a_time():
    client = ready(EHLO_NONE)
    client.start(Transaction("a@b.test", ["x@y.test", "z@y.test"], CONTENT))
    events = play(
        client,
        (b"MAIL FROM:<a@b.test>\r\n", b"250 ok\r\n"),
        (b"RCPT TO:<x@y.test>\r\n", b"550 5.1.1 no\r\n"),
        (b"RCPT TO:<z@y.test>\r\n", b"250 ok\r\n"),
        (b"DATA\r\n", b"354 go\r\n"),
        (b"Subject: x\r\n\r\n..hi\r\n.\r\n", b"250 ok\r\n"),
    )
    assert summary(events) == [(550, ClientPhase.RCPT, False, False), (250, ClientPhase.FINAL_DOT, False, False)]


@pytest.mark.parametrize(
    ("replies", "outcomes"),
    [
        (b"550 5.7.1 no\r\n503 x\r\n503 x\r\n503 x\r\n", [(550, ClientPhase.MAIL), (550, ClientPhase.MAIL)]),
        (b"250 ok\r\n550 no\r\n450 later\r\n554 none\r\n", [(550, ClientPhase.RCPT), (450, ClientPhase.RCPT)]),
        (b"250 ok\r\n250 ok\r\n450 later\r\n451 no\r\n", [(451, ClientPhase.DATA), (450, ClientPhase.RCPT)]),
        (b"250 ok\r\n421 bye\r\n", [(421, ClientPhase.RCPT), (421, ClientPhase.RCPT)]),
        (b"250 ok\r\n251 ok\r\n421 bye\r\n", [(421, ClientPhase.RCPT), (421, ClientPhase.RCPT)]),
        (b"354 what\r\n", [(451, ClientPhase.MAIL), (451, ClientPhase.MAIL)]),
        (b"250 ok\r\n250 ok\r\n250 ok\r\n250 not 354\r\n", [(451, ClientPhase.DATA), (451, ClientPhase.DATA)]),
        (b"250 ok\r\nhello\r\n", [(451, ClientPhase.RCPT), (451, ClientPhase.RCPT)]),
    ],
)
@pytest.mark.parametrize("slow", [False, True])
def test_refusals_before_the_content(replies, outcomes, slow):
    client = ready()
    client.start(Transaction("a@b.test", ["x@y.test", "z@y.test"], CONTENT))
    pieces = [bytes([octet]) for octet in replies] if slow else [replies]
    events = [event for piece in pieces for event in client.feed(piece)]
    assert [entry[:2] for entry in summary(events)] == outcomes
    is_ended = (outcomes[0][0] in (421, 451) and outcomes[0][1] is not ClientPhase.DATA) or b"not 354" in replies
    assert client.is_closed is is_ended
    assert (ClientClosed() in events) is is_ended


def test_after_a_failed_transaction_the_next_begins_with_rset():
    client = ready()
    client.start(Transaction("a@b.test", ["x@y.test"], CONTENT))
    client.outgoing()
    client.feed(b"250 ok\r\n550 no\r\n554 none\r\n")
    client.start(Transaction("a@b.test", ["x@y.test"], CONTENT))
    assert client.outgoing().startswith(b"RSET\r\nMAIL")
    events = client.feed(b"250 ok\r\n550 no\r\n503 x\r\n503 x\r\n")
    assert summary(events) == [(550, ClientPhase.MAIL, False, False)]
    client.start(Transaction("a@b.test", ["x@y.test"], CONTENT))
    assert client.outgoing().startswith(b"MAIL")


def test_a_refused_rset_bounces_nobody():
    client = ready()
    client.start(Transaction("a@b.test", ["x@y.test"], CONTENT))
    client.feed(b"250 ok\r\n550 no\r\n554 none\r\n")
    client.start(Transaction("a@b.test", ["x@y.test"], CONTENT))
    assert summary(client.feed(b"500 what\r\n"))[0][0] == 451
    assert client.is_closed


def test_354_without_a_valid_recipient_is_answered_with_an_empty_message():
    client = ready()
    client.start(Transaction("a@b.test", ["x@y.test"], CONTENT))
    client.outgoing()
    assert client.feed(b"250 ok\r\n550 no\r\n354 go\r\n") == []
    assert client.outgoing() == b".\r\n"
    events = client.feed(b"250 odd\r\n")
    assert summary(events) == [(550, ClientPhase.RCPT, False, False)]
    client.start(Transaction("a@b.test", ["x@y.test"], CONTENT))
    assert client.outgoing().startswith(b"RSET\r\n")


def test_the_final_dot_waits_for_the_shell():
    client = ready()
    client.start(Transaction("a@b.test", ["no@y.test", "x@y.test"], CONTENT))
    client.outgoing()
    assert client.feed(b"250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n") == [ReadyForFinalDot(("x@y.test",))]
    assert client.outgoing() == b"Subject: x\r\n\r\n..hi\r\n"
    assert client.phase is ClientPhase.CONTENT
    client.send_final_dot()
    assert client.outgoing() == b".\r\n"
    assert client.phase is ClientPhase.FINAL_DOT
    with pytest.raises(RuntimeError):
        client.send_final_dot()


@pytest.mark.parametrize(
    ("sends_dot", "heard", "expected"),
    [
        (False, None, (451, ClientPhase.CONTENT, True, False)),
        (True, None, (451, ClientPhase.FINAL_DOT, True, True)),
        (True, b"garbage\r\n", (451, ClientPhase.FINAL_DOT, True, True)),
        (True, b"250-half\r\n", None),
        (True, b"354 again\r\n", (451, ClientPhase.FINAL_DOT, True, True)),
        (True, b"421 4.3.2 going down\r\n", (421, ClientPhase.FINAL_DOT, False, False)),
        (False, b"552 5.3.4 too much\r\n", (552, ClientPhase.CONTENT, False, False)),
        (False, b"421 4.3.2 going down\r\n", (421, ClientPhase.CONTENT, False, False)),
        (False, b"250 too early\r\n", (451, ClientPhase.CONTENT, True, False)),
    ],
)
def test_only_a_lost_answer_to_the_final_dot_is_uncertain(sends_dot, heard, expected):
    client = ready()
    client.start(Transaction("a@b.test", ["x@y.test"], CONTENT))
    client.feed(b"250 ok\r\n250 ok\r\n354 go\r\n")
    if sends_dot:
        client.send_final_dot()
    events = client.feed(heard) if heard else client.connection_lost("Timed out")
    if expected is None:
        assert events == []
        events, expected = client.connection_lost(), (451, ClientPhase.FINAL_DOT, True, True)
    assert summary(events) == [expected]
    assert events[-1] == ClientClosed()
    assert client.feed(b"250 late\r\n") == client.connection_lost() == []


@pytest.mark.parametrize(
    ("ehlo", "transaction", "code", "enhanced"),
    [
        (EHLO_NONE, Transaction("a@b.test", ["x@y.test"], b"\xc3\xa9\r\n"), 554, "5.6.3"),
        (EHLO_NONE, Transaction("a@b.test", ["x@y.test"], b"x\r\n", body_8bit=True), 554, "5.6.3"),
        (EHLO_NONE, Transaction("\u00e9@b.test", ["x@y.test"], b"x\r\n"), 553, "5.6.7"),
        (EHLO_NONE, Transaction("a@b.test", ["\u00e9@y.test"], b"x\r\n"), 553, "5.6.7"),
        (EHLO_NONE, Transaction("a@b.test", ["x@y.test"], b"x\r\n", smtputf8=True), 553, "5.6.7"),
        (EHLO_ALL, Transaction("a@b.test", ["x@y.test"], b"x" * 900 + b"\r\n" + b"y" * 97 + b"\r\n"), 552, "5.3.4"),
        (EHLO_ALL, Transaction("a@b.test", ["x@y.test"], b"no line end"), 550, "5.6.0"),
        (EHLO_ALL, Transaction("a@b.test", ["no domain"], b"x\r\n"), 553, "5.1.3"),
        (EHLO_ALL, Transaction("no domain", ["x@y.test"], b"x\r\n"), 553, "5.1.7"),
    ],
)
def test_what_the_server_cannot_take_is_refused_without_a_byte(ehlo, transaction, code, enhanced):
    client = ready(ehlo)
    events = client.start(transaction)
    (outcome,) = done(events).outcomes
    assert (outcome.reply.code, outcome.reply.enhanced, outcome.is_local) == (code, enhanced, True)
    assert client.outgoing() == b""
    assert client.phase is ClientPhase.READY


def test_one_recipient_that_needs_smtputf8_does_not_stop_the_others():
    client = ready(EHLO_NONE)
    assert client.start(Transaction("a@b.test", ["\u00e9@y.test", "x@y.test"], b"x\r\n")) == []
    assert client.outgoing() == b"MAIL FROM:<a@b.test>\r\n"
    events = client.connection_lost()
    assert [outcome.reply.code for outcome in done(events).outcomes] == [553, 451]


def test_8bit_and_utf8_are_asked_for_where_needed():
    client = ready()
    client.start(Transaction("a@b.test", ["\u00e9@y.test"], b"\xc3\xa9\r\n"))
    assert client.outgoing().startswith(
        b"MAIL FROM:<a@b.test> SIZE=4 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<\xc3\xa9@y.test>\r\n"
    )


@pytest.mark.parametrize(
    ("heard", "code", "phase", "is_local"),
    [
        (b"554 5.7.1 go away\r\n", 554, ClientPhase.GREETING, False),
        (b"421 4.7.0 busy\r\n", 421, ClientPhase.GREETING, False),
        (b"354 what\r\n", 354, ClientPhase.GREETING, False),
        (b"SSH-2.0-OpenSSH\r\n", 451, ClientPhase.GREETING, True),
        (b"x" * 10_000, 451, ClientPhase.GREETING, True),
        (b"220-x\r\n" * 10_000, 451, ClientPhase.GREETING, True),
        (b"220 hi\r\n450 not now\r\n", 450, ClientPhase.EHLO, False),
        (b"220 hi\r\n502 what\r\n550 nor HELO\r\n", 550, ClientPhase.EHLO, False),
        (b"220 hi\r\n421 busy\r\n", 421, ClientPhase.EHLO, False),
        (b"220 hi\r\n250 a\r\n", 451, ClientPhase.STARTTLS, True),
        (b"220 hi\r\n502 what\r\n250 HELO\r\n", 451, ClientPhase.STARTTLS, True),
        (b"220 hi\r\n250-a\r\n250 STARTTLS\r\n454 4.7.0 not now\r\n", 451, ClientPhase.STARTTLS, True),
        (b"220 hi\r\n250-a\r\n250 STARTTLS\r\n220 go\r\n250 injected\r\n", 451, ClientPhase.TLS, True),
    ],
)
@pytest.mark.parametrize("slow", [False, True])
def test_a_session_that_cannot_begin_says_where_and_why(heard, code, phase, is_local, slow):
    client = ClientSession(ClientConfig("c.test", tls=ClientTls.REQUIRE))
    pieces = [heard[i : i + 7] for i in range(0, len(heard), 7)] if slow else [heard]
    events = [event for piece in pieces for event in client.feed(piece) if event != StartClientTls()]
    failed, closed = events
    assert isinstance(failed, SessionFailed)
    assert (failed.reply.code, failed.phase, failed.is_local) == (code, phase, is_local)
    assert closed == ClientClosed()
    assert client.phase is ClientPhase.CLOSED


def test_helo_where_ehlo_is_unknown():
    client = ClientSession(PLAIN_CLIENT)
    client.feed(b"220 hi\r\n")
    assert client.outgoing() == b"EHLO c.test\r\n"
    client.feed(b"500 what\r\n")
    assert client.outgoing() == b"HELO c.test\r\n"
    assert client.feed(b"250 hi\r\n") == [Ready({})]


def test_after_the_handshake_ehlo_is_said_again_and_the_old_extensions_are_forgotten():
    client = ClientSession(PLAIN_CLIENT)
    assert client.feed(b"220 hi\r\n250-a\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n220 go\r\n") == [StartClientTls()]
    assert client.outgoing() == b"EHLO c.test\r\nSTARTTLS\r\n"
    assert client.phase is ClientPhase.TLS
    client.tls_established()
    assert client.outgoing() == b"EHLO c.test\r\n"
    assert client.feed(b"250-a\r\n250 SIZE 5\r\n") == [Ready({"SIZE": "5"})]
    assert client.tls_active


def test_opportunistic_tls_goes_on_in_clear_when_refused_and_never_does_not_ask():
    client = ClientSession(PLAIN_CLIENT)
    assert client.feed(b"220 hi\r\n250-a\r\n250 STARTTLS\r\n454 no\r\n") == [Ready({"STARTTLS": ""})]
    client = ClientSession(ClientConfig("c.test", tls=ClientTls.NEVER))
    assert client.feed(b"220 hi\r\n250-a\r\n250 STARTTLS\r\n") == [Ready({"STARTTLS": ""})]


RELAY = ClientConfig("c.test", tls=ClientTls.IMPLICIT, credentials=("api", "hunter2"))


@pytest.mark.parametrize(
    ("offered", "turns"),
    [
        (b"AUTH LOGIN PLAIN", [(b"AUTH PLAIN AGFwaQBodW50ZXIy\r\n", b"235 2.7.0 ok\r\n")]),
        (
            b"AUTH=LOGIN",
            [
                (b"AUTH LOGIN\r\n", b"334 VXNlcm5hbWU6\r\n"),
                (b"YXBp\r\n", b"334 UGFzc3dvcmQ6\r\n"),
                (b"aHVudGVyMg==\r\n", b"235 ok\r\n"),
            ],
        ),
    ],
)
def test_a_relay_is_authenticated_to_and_the_transcript_hides_the_secret(offered, turns):
    client = ClientSession(RELAY)
    client.feed(b"220 hi\r\n250-a\r\n250 " + offered + b"\r\n")
    events = play(client, (b"EHLO c.test\r\n" + turns[0][0], turns[0][1]), *turns[1:])
    assert isinstance(events[-1], Ready)
    client.start(Transaction("a@b.test", ["x@y.test"], CONTENT))
    text = "\n".join(line.text for line in done(client.connection_lost()).transcript)
    assert "****" in text
    for secret in ("hunter2", "aHVudGVyMg==", "YXBp", "AGFwaQBodW50ZXIy"):
        assert secret not in text
    assert "hunter2" not in repr(RELAY)


@pytest.mark.parametrize(
    ("config", "heard", "code", "is_local"),
    [
        (RELAY, b"220 hi\r\n250-a\r\n250 AUTH PLAIN\r\n535 5.7.8 no\r\n", 535, False),
        (RELAY, b"220 hi\r\n250-a\r\n250 AUTH PLAIN\r\n334 more\r\n", 451, True),
        (RELAY, b"220 hi\r\n250-a\r\n250 AUTH LOGIN\r\n235 already\r\n", 451, True),
        (RELAY, b"220 hi\r\n250-a\r\n250 AUTH CRAM-MD5\r\n", 451, True),
        (ClientConfig("c.test", credentials=("api", "x")), b"220 hi\r\n250-a\r\n250 AUTH PLAIN\r\n", 451, True),
    ],
)
def test_failed_authentication_ends_the_session(config, heard, code, is_local):
    failed, _ = ClientSession(config).feed(heard)
    assert isinstance(failed, SessionFailed)
    assert (failed.reply.code, failed.phase, failed.is_local) == (code, ClientPhase.AUTH, is_local)


def test_quit_and_an_idle_server_that_hangs_up():
    client = ready()
    client.quit()
    assert client.outgoing() == b"QUIT\r\n"
    assert client.phase is ClientPhase.QUIT
    assert client.feed(b"221 bye\r\n") == [ClientClosed()]
    assert ready().feed(b"421 4.4.2 idle\r\n") == [ClientClosed()]
    assert ready().feed(b"250 out of turn\r\n") == [ClientClosed()]
    assert ready().connection_lost() == [ClientClosed()]
    with pytest.raises(RuntimeError):
        client.start(Transaction("a@b.test", ["x@y.test"], CONTENT))


def test_the_transcript_tells_the_whole_conversation_of_this_transaction_only():
    client = ready()
    for _ in range(2):
        client.start(Transaction("a@b.test", ["x@y.test"], CONTENT))
        client.feed(b"250 2.1.0 ok\r\n250-2.1.5 a\r\n250 2.1.5 b\r\n354 go\r\n")
        client.send_final_dot()
        events = client.feed(b"250 2.0.0 queued\r\n")
    assert [(line.direction, line.text) for line in done(events).transcript] == [
        (Direction.SERVER, "220 mx.test ESMTP"),
        (Direction.CLIENT, "EHLO c.test"),
        (Direction.SERVER, EHLO_ALL.decode().replace("\r\n", "\n").strip()),
        (Direction.CLIENT, "MAIL FROM:<a@b.test> SIZE=19"),
        (Direction.CLIENT, "RCPT TO:<x@y.test>"),
        (Direction.CLIENT, "DATA"),
        (Direction.SERVER, "250 2.1.0 ok"),
        (Direction.SERVER, "250-2.1.5 a\n250 2.1.5 b"),
        (Direction.SERVER, "354 go"),
        (Direction.CLIENT, "… 20 bytes"),
        (Direction.CLIENT, "."),
        (Direction.SERVER, "250 2.0.0 queued"),
    ]


def test_every_phase_that_waits_for_the_server_has_a_timeout():
    assert set(CLIENT_TIMEOUTS) == set(ClientPhase) - {ClientPhase.READY, ClientPhase.CLOSED}


@given(data=st.binary(max_size=200) | st.text(alphabet="250-354\r\n 421STARLx", max_size=200).map(str.encode))
def test_no_server_can_raise_or_hang_the_client(data):
    client = ClientSession(PLAIN_CLIENT)
    seen = []
    for piece in (b"220 hi\r\n250-a\r\n250 PIPELINING\r\n", data[:90], data[90:]):
        pending = client.feed(piece)
        while pending:
            event = pending.pop(0)
            seen.append(event)
            if isinstance(event, Ready):
                pending += client.start(Transaction("a@b.test", ["x@y.test"], CONTENT))
            elif isinstance(event, ReadyForFinalDot):
                pending += client.send_final_dot()
    seen += client.connection_lost()
    assert sum(isinstance(event, TransactionDone) for event in seen) == 1
    assert seen[-1] == ClientClosed()
