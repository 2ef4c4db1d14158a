"""From a client's SMTP dialogue to the receiving server's: what leaves is what came, but for the fields that we add and
those that must not leave (RFC 6409 8)."""

import smtplib
from dataclasses import replace
from datetime import timedelta

import pytest

from mailtrap_site.testing.fake_mx import FakeMx, receiving
from sending.delivery.drain import Engine
from sending.delivery.sign import forget_keys
from sending.models import Message
from sending.protocol.message_head import parse_head
from sending.tests.listening import trusting_context

pytestmark = pytest.mark.django_db(transaction=True)

HEAD = (
    b"From: Alice <alice@example.test>\r\nTo: rita@far.test\r\nDate: Sun, 22 Nov 2026 08:00:00 +0000\r\n"
    b"Message-ID: <1@example.test>\r\n"
)
ODD_HEAD = (
    b"fRoM:Alice\t<alice@example.test> \t\r\nTO:\r\n rita@far.test\r\nDATE:  Sun, 22 Nov 2026 08:00:00 +0000 \r\n"
    b"message-id:<1@example.test>\r\nX-Empty:\r\nX-Blank:  \t \r\nSubject: a  b\t\tc \r\n \t\r\n  d\r\nX-Twice: 1\r\n"
    b"x-twice: 2\r\nX-Long: " + b"x" * 990 + b"\r\nReceived: from before; Sun, 22 Nov 2026 07:00:00 +0000\r\n"
    b"DKIM-Signature: v=1; d=elsewhere.test; b=\r\n"
)
OCTETS = bytes(octet for octet in range(1, 256) if octet not in b"\r\n")
MIXED = (
    b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\npreamble \r\n--b\r\n'
    b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xfc\xdfe \t\r\n"
    b"--b\r\ncontent-type: Image/PNG\r\nContent-Transfer-Encoding: BASE64\r\n\r\nAAA=\r\n\r\n\r\n--b--\r\nepilogue\r\n"
)
MAILS = {
    "plain": HEAD + b"Subject: Hello\r\n\r\nHello.\r\n",
    "odd spacing, mixed case, repeated and long fields": ODD_HEAD + b"\r\nHello.\r\n",
    "dots": HEAD + b"\r\n.\r\n..\r\n.x\r\nx.\r\n\r\n.\r\n..\r\n",
    "blanks and empty lines at the ends": HEAD + b"\r\n \r\n\t\r\nx \t\r\n\r\n\r\n",
    "no body": HEAD + b"\r\n",
    "a head alone": HEAD,
    "8-bit text": HEAD + "Content-Type: text/plain; charset=utf-8\r\n\r\nGrüße 👩‍👩‍👧 שלום\r\n".encode(),
    "8-bit fields": HEAD + "Subject: Grüße\r\nX-Old: ".encode() + b"M\xfcller\r\n\r\nHello.\r\n",
    "every octet that may travel": HEAD + b"\r\n" + OCTETS + b"\r\n" + OCTETS[::-1] + b"\r\n",
    "lines of 998 octets": HEAD + b"\r\n" + b"x" * 998 + b"\r\n." + b"y" * 997 + b"\r\n",
    "parts in parts": HEAD + MIXED,
    "a boundary that never comes": HEAD + b"Content-Type: multipart/mixed; boundary=none\r\n\r\n--other\r\n",
    "From and a field in the body": HEAD
    + b"\r\nFrom me\r\nFrom: m@evil.test\r\nBcc: stays\r\nX-MT-Category: stays\r\n",
    "a third of a megabyte": HEAD + b"\r\n" + b"0123456789abcdef\r\n" * 20_000,
}
GONE = b"Bcc: b@far.test,\r\n c@far.test\r\nx-mt-category: Welcome\r\nRETURN-PATH: <a@b.test>\r\nIdempotency-Key: 1\r\n"


@pytest.fixture
def carry(server, world, settings):
    """What the receiving server gets of these mails, in their order."""
    forget_keys()

    def carry(mails, *, chunked=False):
        with smtplib.SMTP(*server.addresses[0], timeout=10) as client:
            client.starttls(context=trusting_context())
            client.login("api", world.secret)
            for number, mail in enumerate(mails):
                assert hand_over(client, f"{number}@far.test", mail, chunked) == 250
        engine = Engine(lease=timedelta(seconds=30))
        with receiving(FakeMx()) as mx:
            settings.ENVIRONMENT = replace(settings.ENVIRONMENT, mx_host=mx.host, mx_port=mx.port)
            engine.drain(10)
        engine.close()
        assert set(Message.objects.values_list("status", flat=True)) == {"delivered"}
        arrived = {mail.recipients: mail.content for mail in mx.mails}
        return [arrived[(f"{number}@far.test",)] for number in range(len(mails))]

    return carry


def hand_over(client, recipient, content, chunked):
    client.mail("alice@example.test", ["BODY=8BITMIME"])
    client.rcpt(recipient)
    if not chunked:
        return client.data(content)[0]
    half = len(content) // 2
    client.send(b"BDAT %d\r\n%bBDAT %d LAST\r\n%b" % (half, content[:half], len(content) - half, content[half:]))
    assert client.getreply()[0] == 250
    return client.getreply()[0]


def added_to(received, content):
    """The names of the fields that stand before the content as it came."""
    assert received.endswith(content)
    return [field.name.decode() for field in parse_head(received.removesuffix(content)).fields]


@pytest.mark.parametrize("chunked", [False, True], ids=["DATA", "BDAT"])
def test_every_octet_arrives_and_nothing_but_a_signature_and_a_trace_is_added(carry, chunked):
    received = carry(MAILS.values(), chunked=chunked)
    for (name, content), arrived in zip(MAILS.items(), received, strict=True):
        whole = content if b"\r\n\r\n" in content else content + b"\r\n"
        assert added_to(arrived, whole) == ["dkim-signature", "received"], name


def test_what_is_missing_is_added_and_what_must_not_leave_is_taken_off(carry):
    bare = b"From: alice@example.test\r\nSubject:  bare \r\n"
    [received] = carry([GONE + bare + GONE.replace(b"Idempotency-Key: 1\r\n", b"") + b"\r\n" + GONE])
    assert added_to(received, bare + b"\r\n" + GONE) == ["dkim-signature", "received", "date", "message-id"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"x" * 999, "beyond 998 octets; encode it as quoted-printable"),
        (b"a\0b", "NUL"),
        (b"a\rb", "bare CR"),
        (b"a\nb", "bare LF"),
    ],
)
def test_what_could_not_leave_unchanged_is_refused_by_its_name(server, world, line, why):
    with smtplib.SMTP(*server.addresses[0], timeout=10) as client:
        client.starttls(context=trusting_context())
        client.login("api", world.secret)
        client.mail("alice@example.test")
        client.rcpt("rita@far.test")
        code, text = client.data(HEAD + b"\r\n" + line + b"\r\n")
        assert (code, why in text.decode()) == (550, True)
        assert client.noop()[0] == 250
    assert not Message.objects.exists()
