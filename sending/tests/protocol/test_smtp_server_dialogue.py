"""The server's dialogue as a table: what the client says, which codes it gets, in order."""

import base64

import pytest

from sending.protocol import smtp_server_replies as replies
from sending.protocol.reply import Reply
from sending.protocol.smtp_path import Path
from sending.protocol.smtp_sasl import Mechanism
from sending.protocol.smtp_server import ServerSession
from sending.protocol.smtp_server_events import (
    Authenticate,
    Closed,
    CloseReason,
    MailFrom,
    MessageReceived,
    RcptTo,
    ServerConfig,
    ServerPhase,
    ServerTls,
    StartTls,
)
from sending.tests.protocol.smtp_dialogues import INBOUND, SUBMISSION, SUBMISSION_TLS, DecidedServer


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


PLAIN = "AUTH PLAIN " + b64("\0api\0secret")
WRONG = "AUTH PLAIN " + b64("\0api\0wrong")
EHLO_AUTH = f"EHLO c.test\r\n{PLAIN}\r\n"
MAIL = "MAIL FROM:<a@b.test>\r\n"
TO_DATA = f"EHLO c.test\r\n{MAIL}RCPT TO:<x@y.test>\r\nDATA\r\n"
READY = [220, 250, 250, 250, 354]

INBOUND_TABLE = {
    "a whole mail": (TO_DATA + "Subject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n", [*READY, 250, 221]),
    "an empty mail": (TO_DATA + ".\r\nQUIT\r\n", [*READY, 250, 221]),
    "two mails and HELO": (
        "HELO c.test\r\n" + (MAIL + "RCPT TO:<x@y.test>\r\nDATA\r\nhi\r\n.\r\n") * 2,
        [220, 250, 250, 250, 354, 250, 250, 250, 354, 250],
    ),
    "lower case and spaces": (
        "ehlo c.test  \r\nmail from: <a@b.test>\r\nrcpt to:  <x@y.test> \r\n",
        [220, 250, 250, 250],
    ),
    "MAIL before EHLO": (MAIL, [220, 503]),
    "RCPT before MAIL": ("EHLO c.test\r\nRCPT TO:<x@y.test>\r\n", [220, 250, 503]),
    "DATA before MAIL": ("EHLO c.test\r\nDATA\r\n", [220, 250, 503]),
    "DATA before RCPT": ("EHLO c.test\r\n" + MAIL + "DATA\r\n", [220, 250, 250, 503]),
    "DATA when every recipient was refused": (
        "EHLO c.test\r\n" + MAIL + "RCPT TO:<no@y.test>\r\nRCPT TO:<later@y.test>\r\nDATA\r\n",
        [220, 250, 250, 550, 450, 554],
    ),
    "MAIL inside a transaction": ("EHLO c.test\r\n" + MAIL + MAIL, [220, 250, 250, 503]),
    "MAIL again after RSET": ("EHLO c.test\r\n" + MAIL + "RSET\r\n" + MAIL, [220, 250, 250, 250, 250]),
    "MAIL again after EHLO": (("EHLO c.test\r\n" + MAIL) * 2, [220, 250, 250, 250, 250]),
    "MAIL again after a refused MAIL": ("EHLO c.test\r\nMAIL FROM:<nobody@b.test>\r\n" + MAIL, [220, 250, 550, 250]),
    "421 from the shell ends it": ("EHLO c.test\r\n" + MAIL + "RCPT TO:<end@y.test>\r\nNOOP\r\n", [220, 250, 250, 421]),
    "null reverse-path and bare postmaster": (
        "EHLO c.test\r\nMAIL FROM:<>\r\nRCPT TO:<Postmaster>\r\nRCPT TO:<other>\r\n",
        [220, 250, 250, 250, 501],
    ),
    "an empty recipient": ("EHLO c.test\r\n" + MAIL + "RCPT TO:<>\r\n", [220, 250, 250, 501]),
    "EHLO without a name": ("EHLO\r\nHELO \r\nEHLO a b\r\nEHLO \u00e9\r\n", [220, 501, 501, 501, 501]),
    "arguments that are not allowed": ("DATA x\r\nRSET x\r\nQUIT x\r\nSTARTTLS x\r\n", [220, 501, 501, 501, 501]),
    "NOOP, HELP and VRFY": ("NOOP hello\r\nHELP MAIL\r\nVRFY ann\r\nVRFY\r\n", [220, 250, 214, 252, 501]),
    "unknown and unwanted verbs": ("XYZZY\r\n\r\nEXPN list\r\nTURN\r\n", [220, 500, 500, 502, 502]),
    "HTTP is hung up on": ("POST / HTTP/1.1\r\nHost: x\r\n\r\nEHLO c.test\r\n", [220, 421]),
    "size within the limit": ("EHLO c.test\r\nMAIL FROM:<a@b.test> SIZE=100000\r\n", [220, 250, 250]),
    "size beyond the limit": ("EHLO c.test\r\nMAIL FROM:<a@b.test> SIZE=100001\r\n", [220, 250, 552]),
    "body types": (
        "EHLO c.test\r\nMAIL FROM:<a@b.test> BODY=8bitmime\r\nRSET\r\nMAIL FROM:<a@b.test> body=7BIT\r\n"
        "RSET\r\nMAIL FROM:<a@b.test> BODY=BINARYMIME\r\n",
        [220, 250, 250, 250, 250, 250, 501],
    ),
    "bad parameters": (
        "EHLO c.test\r\nMAIL FROM:<a@b.test> SIZE=x\r\nMAIL FROM:<a@b.test> SIZE\r\n"
        "MAIL FROM:<a@b.test> SIZE=1 SIZE=1\r\n"
        "MAIL FROM:<a@b.test> RET=FULL\r\nMAIL FROM:<a@b.test>SIZE=1\r\nMAIL FROM:<a@b.test> SMTPUTF8=1\r\n"
        "MAIL a@b.test\r\nMAIL FROM:a@b.test\r\n",
        [220, 250, 501, 501, 501, 555, 501, 501, 501, 501],
    ),
    "DSN is not offered": (
        "EHLO c.test\r\n" + MAIL + "RCPT TO:<x@y.test> NOTIFY=NEVER\r\n",
        [220, 250, 250, 555],
    ),
    "an AUTH parameter is taken and ignored": ("EHLO c.test\r\nMAIL FROM:<a@b.test> AUTH=<>\r\n", [220, 250, 250]),
    "SMTPUTF8 only when asked for": (
        "EHLO c.test\r\nMAIL FROM:<\u00e9@b.test>\r\n" + MAIL + "RCPT TO:<\u00e9@y.test>\r\nRSET\r\n"
        "MAIL FROM:<\u00e9@b.test> SMTPUTF8\r\nRCPT TO:<\u00e9@y.test>\r\n",
        [220, 250, 553, 250, 553, 250, 250, 250],
    ),
    "a literal is not a domain here": ("EHLO [192.0.2.1]\r\nMAIL FROM:<a@[192.0.2.1]>\r\n", [220, 250, 501]),
    "AUTH before TLS": (f"EHLO c.test\r\n{PLAIN}\r\n", [220, 250, 530]),
    "STARTTLS drops what was pipelined, and the EHLO before it": (
        "EHLO c.test\r\nSTARTTLS\r\nMAIL FROM:<evil@b.test>\r\n",
        [220, 250, 220],
    ),
    "STARTTLS inside a transaction": ("EHLO c.test\r\n" + MAIL + "STARTTLS\r\n", [220, 250, 250, 503]),
    "BDAT in two chunks": (
        "EHLO c.test\r\n" + MAIL + "RCPT TO:<x@y.test>\r\nBDAT 4\r\nhi\r\nBDAT 3 LAST\r\n.\r\nNOOP\r\n",
        [220, 250, 250, 250, 250, 250, 250],
    ),
    "BDAT with an empty last chunk": (
        "EHLO c.test\r\n" + MAIL + "RCPT TO:<x@y.test>\r\nBDAT 4\r\nhi\r\nBDAT 0 LAST\r\nNOOP\r\n",
        [220, 250, 250, 250, 250, 250, 250],
    ),
    "BDAT without a transaction eats its chunk": ("EHLO c.test\r\nBDAT 6\r\nRSET\r\nNOOP\r\n", [220, 250, 503, 250]),
    "BDAT without recipients eats its chunk": (
        "EHLO c.test\r\n" + MAIL + "BDAT 6 LAST\r\nRSET\r\n",
        [220, 250, 250, 503],
    ),
    "DATA after BDAT": (
        "EHLO c.test\r\n" + MAIL + "RCPT TO:<x@y.test>\r\nBDAT 4\r\nhi\r\nDATA\r\nRCPT TO:<x@y.test>\r\n",
        [220, 250, 250, 250, 250, 503, 503],
    ),
    "BDAT without a size cannot go on": ("EHLO c.test\r\nBDAT x LAST\r\nNOOP\r\n", [220, 250, 501]),
    "BDAT of absurd size cannot go on": ("EHLO c.test\r\nBDAT 99999999999\r\nNOOP\r\n", [220, 250, 552]),
    "BDAT beyond the limit": (
        "EHLO c.test\r\n" + MAIL + "RCPT TO:<x@y.test>\r\nBDAT 100002\r\n" + "x" * 100_000 + "\r\n"
        "BDAT 2 LAST\r\n\r\nNOOP\r\n" + MAIL,
        [220, 250, 250, 250, 552, 503, 250, 250],
    ),
    "BDAT content is checked as well": (
        "EHLO c.test\r\n" + MAIL + "RCPT TO:<x@y.test>\r\nBDAT 3 LAST\r\na\nb",
        [220, 250, 250, 250, 550],
    ),
    "RSET between chunks starts anew": (
        "EHLO c.test\r\n" + MAIL + "RCPT TO:<x@y.test>\r\nBDAT 4\r\nhi\r\nRSET\r\nBDAT 4 LAST\r\nhi\r\n" + MAIL
        + "RCPT TO:<x@y.test>\r\nDATA\r\nhi\r\n.\r\n",
        [220, 250, 250, 250, 250, 250, 503, 250, 250, 354, 250],
    ),
    "EHLO between chunks drops them": (
        "EHLO c.test\r\n" + MAIL + "RCPT TO:<x@y.test>\r\nBDAT 4\r\nhi\r\nEHLO c.test\r\nBDAT 4 LAST\r\nhi\r\n",
        [220, 250, 250, 250, 250, 250, 503],
    ),
    "BDAT after its last chunk": (
        "EHLO c.test\r\n" + MAIL + "RCPT TO:<x@y.test>\r\nbdat 4 last\r\nhi\r\nBDAT 4 LAST\r\nhi\r\nNOOP\r\n",
        [220, 250, 250, 250, 250, 503, 250],
    ),
    "an empty chunk before others, and an empty mail": (
        "EHLO c.test\r\n" + (MAIL + "RCPT TO:<x@y.test>\r\nBDAT 0\r\nBDAT 0 LAST\r\n") * 2,
        [220, 250, *[250, 250, 250, 250] * 2],
    ),
    "BDAT content may look like commands and like its end": (
        "EHLO c.test\r\n" + MAIL + "RCPT TO:<x@y.test>\r\nBDAT 11 LAST\r\nQUIT\r\n.\r\n\r\nNOOP\r\n",
        [220, 250, 250, 250, 250, 250],
    ),
    "BDAT with more than LAST cannot go on": ("EHLO c.test\r\nBDAT 4 LAST 1\r\nNOOP\r\n", [220, 250, 501]),
    "a pipelined group whose recipients are all refused": (
        "EHLO c.test\r\n" + MAIL + "RCPT TO:<no@y.test>\r\nDATA\r\nRSET\r\n" + MAIL
        + "RCPT TO:<x@y.test>\r\nDATA\r\n.\r\n",
        [220, 250, 250, 550, 554, 250, 250, 250, 354, 250],
    ),
    "all parameters of MAIL at once, in any order": (
        "EHLO c.test\r\nMAIL FROM:<a@b.test> SMTPUTF8 AUTH=e+3Dmc2@example.com size=12 Body=8BitMime\r\n",
        [220, 250, 250],
    ),
    "a hundred recipients": (
        "EHLO c.test\r\n" + MAIL + "".join(f"RCPT TO:<x{n}@y.test>\r\n" for n in range(100)) + "DATA\r\n.\r\n",
        [220, 250, 250, *[250] * 100, 354, 250],
    ),
    "a source route is dropped": (
        "EHLO c.test\r\nMAIL FROM:<@one.test,@two.test:a@b.test>\r\nRCPT TO:<@one.test:x@y.test>\r\n",
        [220, 250, 250, 250],
    ),
    "a line of 512 octets": ("NOOP " + "x" * 505 + "\r\n", [220, 250]),
    "a line of 513 octets": ("NOOP " + "x" * 506 + "\r\nNOOP\r\n", [220, 500, 250]),
    "a longer MAIL line with its parameters": (
        "EHLO c.test\r\nMAIL FROM:<a@b.test> AUTH=" + "x" * 600 + "\r\n",
        [220, 250, 250],
    ),
    "a MAIL line too long": (
        "EHLO c.test\r\nMAIL FROM:<a@b.test> AUTH=" + "x" * 1100 + "\r\nNOOP\r\n",
        [220, 250, 500, 250],
    ),
    "a line without end": ("x" * 70_000 + "\r\nNOOP\r\n", [220, 500, 421]),
    "bare LF, bare CR and NUL in commands": ("NOOP\nNOOP\rNOOP\r\nNO\x00OP\r\nNOOP\r\n", [220, 500, 500, 500, 250]),
}  # fmt: skip

SUBMISSION_TABLE = {
    "nothing but greetings before TLS": (
        f"EHLO c.test\r\n{PLAIN}\r\n{MAIL}RCPT TO:<x@y.test>\r\nDATA\r\nVRFY x\r\nNOOP\r\nRSET\r\nHELP\r\n",
        [220, 250, 530, 530, 530, 530, 530, 250, 250, 214],
    ),
    "BDAT before TLS eats its chunk": ("BDAT 6 LAST\r\nNOOP\r\nQUIT\r\n", [220, 530, 221]),
    "HELO before TLS": ("HELO c.test\r\n" + MAIL, [220, 250, 530]),
}

SUBMISSION_TLS_TABLE = {
    "MAIL before AUTH": (f"EHLO c.test\r\n{MAIL}", [220, 250, 530]),
    "AUTH before EHLO": (f"{PLAIN}\r\n", [220, 503]),
    "AUTH after HELO": (f"HELO c.test\r\n{PLAIN}\r\n", [220, 250, 503]),
    "AUTH PLAIN at once": (EHLO_AUTH + MAIL, [220, 250, 235, 250]),
    "AUTH PLAIN in two steps": (
        "EHLO c.test\r\nauth plain\r\n" + b64("api\0api\0secret") + "\r\n" + MAIL,
        [220, 250, 334, 235, 250],
    ),
    "AUTH LOGIN": (f"EHLO c.test\r\nAUTH LOGIN\r\n{b64('api')}\r\n{b64('secret')}\r\n", [220, 250, 334, 334, 235]),
    "AUTH LOGIN with the name at once": (
        f"EHLO c.test\r\nAUTH LOGIN {b64('api')}\r\n{b64('secret')}\r\n",
        [220, 250, 334, 235],
    ),
    "an empty initial response is no user name": (
        "EHLO c.test\r\nAUTH PLAIN =\r\nAUTH LOGIN =\r\n",
        [220, 250, 501, 501],
    ),
    "AUTH twice": (EHLO_AUTH + PLAIN + "\r\n", [220, 250, 235, 503]),
    "AUTH inside a transaction": (EHLO_AUTH + MAIL + PLAIN + "\r\n", [220, 250, 235, 250, 503]),
    "AUTH PLAIN cancelled": ("EHLO c.test\r\nAUTH PLAIN\r\n*\r\n" + PLAIN + "\r\n", [220, 250, 334, 501, 235]),
    "HELO and RSET leave the login": (EHLO_AUTH + "RSET\r\nHELO c.test\r\n" + MAIL, [220, 250, 235, 250, 250, 250]),
    "BDAT before AUTH eats its chunk": ("EHLO c.test\r\nBDAT 6 LAST\r\nRSET\r\nNOOP\r\n", [220, 250, 503, 250]),
    "AUTH cancelled": ("EHLO c.test\r\nAUTH LOGIN\r\n*\r\nNOOP\r\n", [220, 250, 334, 501, 250]),
    "not base64": ("EHLO c.test\r\nAUTH PLAIN\r\n!!!\r\nAUTH PLAIN a b\r\nAUTH\r\n", [220, 250, 334, 501, 501, 501]),
    "another identity": (
        f"EHLO c.test\r\nAUTH PLAIN {b64(chr(0).join(('root', 'api', 'secret')))}\r\n",
        [220, 250, 535],
    ),
    "an unknown mechanism": ("EHLO c.test\r\nAUTH CRAM-MD5\r\n", [220, 250, 504]),
    "a wrong password, then the right one": (
        f"EHLO c.test\r\n{WRONG}\r\n{PLAIN}\r\n",
        [220, 250, 535, 235],
    ),
    "three wrong passwords": (
        "EHLO c.test\r\n" + f"{WRONG}\r\n" * 4,
        [220, 250, 535, 535, 535, 421],
    ),
    "a long response": (f"EHLO c.test\r\nAUTH PLAIN\r\n{'A' * 12_286}\r\nNOOP\r\n", [220, 250, 334, 501, 250]),
    "a response too long": (f"EHLO c.test\r\nAUTH PLAIN\r\n{'A' * 12_287}\r\nNOOP\r\n", [220, 250, 334, 500, 250]),
    "a long AUTH line": (f"EHLO c.test\r\nAUTH PLAIN {'A' * 12_275}\r\nNOOP\r\n", [220, 250, 501, 250]),
    "STARTTLS under TLS": ("EHLO c.test\r\nSTARTTLS\r\n", [220, 250, 503]),
}

TABLES = {INBOUND: INBOUND_TABLE, SUBMISSION: SUBMISSION_TABLE, SUBMISSION_TLS: SUBMISSION_TLS_TABLE}
ROWS = [
    pytest.param(config, said.encode(), codes, id=name)
    for config, table in TABLES.items()
    for name, (said, codes) in table.items()
]


@pytest.mark.parametrize(("config", "said", "codes"), ROWS)
def test_each_line_gets_its_code_pipelined_or_octet_by_octet(config, said, codes):
    pipelined = DecidedServer(config)
    pipelined.feed(said)
    assert pipelined.codes() == codes
    if len(said) < 5000 and b"STARTTLS" not in said:
        slow = DecidedServer(config)
        slow.feed_in_pieces(said, range(1, len(said)))
        assert (slow.written, slow.events) == (pipelined.written, pipelined.events)


@pytest.mark.parametrize(("config", "said", "codes"), ROWS)
def test_every_reply_but_greetings_and_challenges_has_an_enhanced_code_and_short_lines(config, said, codes):
    server = DecidedServer(config)
    server.feed(said)
    for reply in server.replies()[1:]:
        is_greeting = reply.code == 250 and reply.lines[0] == "mx.test"
        assert reply.is_intermediate or is_greeting or reply.enhanced[0] == str(reply.code)[0]
    assert max(map(len, server.written.split(b"\r\n"))) <= 510


def test_every_refusal_has_an_enhanced_code_of_its_own_class():
    table = [value for value in vars(replies).values() if isinstance(value, Reply)]
    assert len(table) > 30
    assert all(reply.enhanced and reply.enhanced[0] == str(reply.code)[0] for reply in table if reply.code != 354)


@pytest.mark.parametrize(
    ("config", "offered", "missing"),
    [
        (INBOUND, {"STARTTLS", "PIPELINING", "SIZE 100000", "8BITMIME", "SMTPUTF8", "CHUNKING", "ENHANCEDSTATUSCODES"},
         {"AUTH PLAIN LOGIN", "DSN"}),
        (SUBMISSION_TLS, {"AUTH PLAIN LOGIN", "PIPELINING", "LIMITS MAILMAX=100 RCPTMAX=1000"}, {"STARTTLS", "DSN"}),
        (ServerConfig("mx.test", tls=ServerTls.NONE, smtputf8=False, chunking=False), {"PIPELINING"},
         {"STARTTLS", "AUTH PLAIN LOGIN", "SMTPUTF8", "CHUNKING"}),
    ],
)  # fmt: skip
def test_ehlo_offers_what_the_session_takes(config, offered, missing):
    server = DecidedServer(config)
    server.feed(b"EHLO c.test\r\n")
    lines = set(server.replies()[-1].lines)
    assert offered <= lines
    assert not missing & lines


def test_the_events_carry_the_envelope_and_the_content():
    server = DecidedServer(SUBMISSION_TLS)
    server.feed(EHLO_AUTH.encode())
    server.feed(b"MAIL FROM:<a@b.test> SIZE=9 BODY=8BITMIME\r\nRCPT TO:<no@y.test>\r\nRCPT TO:<x@y.test>\r\n")
    server.feed(b"RCPT TO:<x@y.test>\r\nDATA\r\n..hi\r\n.x\r\n\r\n.\r\n")
    authenticate, mail, refused, first, second, message = server.events
    assert authenticate == Authenticate(Mechanism.PLAIN, "api", "secret")
    assert "secret" not in repr(authenticate)
    assert isinstance(mail, MailFrom)
    assert isinstance(message, MessageReceived)
    assert (refused, first, second) == (RcptTo(Path("no", "y.test")), *[RcptTo(Path("x", "y.test"))] * 2)
    assert message.envelope.reverse_path.address == "a@b.test"
    assert message.envelope.recipients == (Path("x", "y.test"),) * 2
    assert (message.envelope.size, message.envelope.body_8bit, message.envelope.smtputf8) == (9, True, False)
    assert message.content == b".hi\r\nx\r\n\r\n"
    assert server.session.username == "api"
    assert server.session.accepted_messages == 1


def test_nothing_is_parsed_while_a_question_is_open():
    session = ServerSession(INBOUND)
    session.greet()
    (question,) = session.feed(b"EHLO c.test\r\n" + MAIL.encode() + b"RCPT TO:<x@y.test>\r\nQUIT\r\n")
    assert isinstance(question, MailFrom)
    assert session.phase is ServerPhase.DECISION
    assert session.feed(b"NOOP\r\n" * 20_000) == []
    assert not session.wants_input
    session.outgoing()
    (question,) = session.accept()
    assert isinstance(question, RcptTo)
    assert session.outgoing().startswith(b"250 2.1.0 ")
    assert session.reject(Reply(550, "5.1.1", ("No such user",))) == [Closed(CloseReason.QUIT)]
    assert session.outgoing() == b"550 5.1.1 No such user\r\n221 2.0.0 Goodbye\r\n"
    with pytest.raises(RuntimeError):
        session.accept()


def test_after_the_handshake_the_client_starts_anew():
    session = ServerSession(SUBMISSION)
    session.greet()
    assert session.feed(b"EHLO early.test\r\nSTARTTLS\r\nEHLO injected.test\r\n") == [StartTls()]
    assert session.phase is ServerPhase.TLS
    assert session.feed(b"NOOP\r\n") == []
    assert session.outgoing().endswith(b"220 2.0.0 Ready to start TLS\r\n")
    assert session.tls_established() == []
    assert session.outgoing() == b""
    assert (session.tls_active, session.helo_name) == (True, "")
    session.feed(f"{PLAIN}\r\nEHLO late.test\r\n{PLAIN}\r\n".encode())
    assert b"STARTTLS" not in session.outgoing().replace(replies.EHLO_FIRST.encode(), b"")
    assert (session.helo_name, session.phase) == ("late.test", ServerPhase.DECISION)


@pytest.mark.parametrize(
    ("config", "said", "keyword"),
    [
        (INBOUND, "HELO c.test\r\nMAIL FROM:<a@b.test>\r\n", "SMTP"),
        (INBOUND, "EHLO c.test\r\nMAIL FROM:<a@b.test>\r\n", "ESMTP"),
        (SUBMISSION_TLS, EHLO_AUTH + "MAIL FROM:<a@b.test>\r\n", "ESMTPSA"),
        (SUBMISSION_TLS, EHLO_AUTH + "MAIL FROM:<a@b.test> SMTPUTF8\r\n", "UTF8SMTPSA"),
    ],
)
def test_the_protocol_keyword_is_that_of_the_received_field(config, said, keyword):
    server = DecidedServer(config)
    server.feed(said.encode())
    assert server.session.protocol == keyword


def test_limits_on_recipients_messages_errors_and_idling():
    config = ServerConfig("mx.test", max_recipients=2, max_messages=2, max_errors=3, max_idle_commands=5)
    server = DecidedServer(config)
    server.feed(b"EHLO c.test\r\n" + MAIL.encode() + b"RCPT TO:<x@y.test>\r\n" * 3 + b"DATA\r\n.\r\n")
    assert server.codes() == [220, 250, 250, 250, 250, 452, 354, 250]
    assert len(server.messages()[0].envelope.recipients) == 2
    server.feed(MAIL.encode() + b"RCPT TO:<x@y.test>\r\nDATA\r\n.\r\n" + MAIL.encode() + b"NOOP\r\n")
    assert server.codes()[8:] == [250, 250, 354, 250, 421]
    assert server.events[-1] == Closed(CloseReason.LIMIT)

    server = DecidedServer(config)
    server.feed(b"EHLO c.test\r\nX\r\n" + MAIL.encode() + b"RCPT TO:<no@y.test>\r\nX\r\nNOOP\r\n")
    assert server.codes() == [220, 250, 500, 250, 550, 500, 421]

    server = DecidedServer(config)
    server.feed(b"NOOP\r\nRSET\r\n" * 5)
    assert server.codes() == [220, 250, 250, 250, 250, 250, 421]


def test_shutdown_waits_for_the_message_under_way_but_not_for_the_next():
    server = DecidedServer(INBOUND)
    server.feed(TO_DATA.encode() + b"half a mess")
    assert server.session.shutdown() == []
    server.feed(b"age\r\n.\r\n" + MAIL.encode())
    assert server.codes()[5:] == [250, 421]
    assert server.events[-1] == Closed(CloseReason.SHUTDOWN)
    assert server.session.phase is ServerPhase.CLOSED


def test_shutdown_between_commands_before_the_greeting_and_at_once():
    session = ServerSession(INBOUND)
    assert session.shutdown(Reply(421, "4.7.0", ("Too many connections",))) == [Closed(CloseReason.SHUTDOWN)]
    assert session.outgoing() == b"421 4.7.0 Too many connections\r\n"
    assert session.greet() == []
    assert session.outgoing() == b""

    server = DecidedServer(INBOUND)
    assert server.session.shutdown() == [Closed(CloseReason.SHUTDOWN)]

    server = DecidedServer(INBOUND)
    server.feed(TO_DATA.encode() + b"half")
    assert server.session.phase is ServerPhase.DATA
    assert server.session.shutdown(Reply(421, "4.4.2", ("Timeout",)), at_once=True) == [Closed(CloseReason.SHUTDOWN)]
    assert server.session.outgoing() == b"421 4.4.2 Timeout\r\n"
    assert server.session.feed(b"more\r\n.\r\n") == []


def test_a_configuration_that_would_send_passwords_in_clear_is_refused():
    with pytest.raises(ValueError, match="tls"):
        ServerConfig("mx.test", tls=ServerTls.NONE, allow_auth=True)
    with pytest.raises(ValueError, match="tls"):
        ServerConfig("mx.test", tls=ServerTls.NONE, require_tls=True)
    with pytest.raises(ValueError, match="require_auth"):
        ServerConfig("mx.test", require_auth=True)
