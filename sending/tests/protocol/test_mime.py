"""Composed messages say what their parts say, to the parser of the standard library, within every limit of the wire."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sending.protocol.address import Mailbox, parse_address, parse_mailboxes
from sending.protocol.message_head import defects, split
from sending.protocol.mime import RESERVED, Attachment, MailParts, build
from sending.protocol.mime_headers import HeaderError

WHEN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
PNG = bytes(range(256)) * 3


def mailbox(address: str, name: str = "") -> Mailbox:
    return Mailbox(name, parse_address(address))


PLAIN = MailParts(
    from_=mailbox("alice@example.test", "Alice"),
    to=(mailbox("rita@there.test"),),
    subject="Hello",
    text="Hello.\r\n",
    date=WHEN,
    message_id="1@example.test",
    boundary_seed=b"seed",
)


def parts(**changes: Any) -> MailParts:
    return replace(PLAIN, **changes)


def read(message: bytes) -> EmailMessage:
    parsed = message_from_bytes(message, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    for part in parsed.walk():
        assert part.defects == []
    return parsed


def shape(message: MIMEPart) -> str:
    if not message.is_multipart():
        return message.get_content_subtype()
    inside = ", ".join(shape(part) for part in message.iter_parts())
    return f"{message.get_content_subtype()}({inside})"


def test_a_plain_mail_is_these_octets():
    assert build(parts(cc=(mailbox("c@there.test", "Cleo"),), reply_to=(mailbox("r@there.test"),))) == (
        b"From: Alice <alice@example.test>\r\nTo: rita@there.test\r\nCc: Cleo <c@there.test>\r\n"
        b"Reply-To: r@there.test\r\nSubject: Hello\r\nDate: Sun, 22 Nov 2026 08:00:00 +0000\r\n"
        b"Message-ID: <1@example.test>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHello.\r\n"
    )


def test_the_same_parts_give_the_same_octets_and_another_seed_another_boundary():
    assert build(parts(html="<p>")) == build(parts(html="<p>"))
    assert build(parts(html="<p>")) != build(parts(html="<p>", boundary_seed=b"other"))


FILE = Attachment("a.pdf", "application/pdf", b"%PDF")
INLINE = Attachment("a.png", "image/png", PNG, "inline", "logo@example.test")
SHAPES = [
    ({}, "plain"),
    ({"text": None, "html": "<p>"}, "html"),
    ({"html": "<p>"}, "alternative(plain, html)"),
    ({"attachments": (FILE,)}, "mixed(plain, pdf)"),
    ({"text": None, "attachments": (FILE,)}, "mixed(pdf)"),
    ({"text": None}, "plain"),
    ({"attachments": (INLINE,)}, "mixed(plain, png)"),
    ({"text": None, "html": "<p>", "attachments": (INLINE,)}, "related(html, png)"),
    ({"html": "<p>", "attachments": (INLINE, FILE)}, "mixed(related(alternative(plain, html), png), pdf)"),
    ({"html": "<p>", "attachments": (FILE, FILE)}, "mixed(alternative(plain, html), pdf, pdf)"),
]


@pytest.mark.parametrize(("changes", "expected"), SHAPES)
def test_each_level_of_multipart_is_there_only_when_needed(changes, expected):
    message = build(parts(**changes))
    assert shape(read(message)) == expected
    assert defects(message) == set()


def test_attachments_come_back_with_all_they_had():
    files = (
        INLINE,
        Attachment('od"d \\ name.txt', "text/plain; charset=ISO-8859-1; name=x", b"M\xfcller\r\n", "attachment"),
        Attachment("Rechnung für Ümläute №1 " + "ä" * 60 + ".pdf", "application/pdf", PNG),
        Attachment("x" * 240 + ".bin", "nonsense", b""),
        Attachment("mail.eml", "message/rfc822", b"From: x\n\nhi"),
    )
    message = build(parts(html="<img src='cid:logo@example.test'>", attachments=files))
    found = [part for part in read(message).walk() if part.get_content_disposition()]
    assert [part.get_filename() for part in found] == [file.filename for file in files]
    assert [part.get_payload(decode=True) for part in found] == [file.content for file in files]
    types = ["image/png", "text/plain", "application/pdf", "application/octet-stream", "application/octet-stream"]
    assert [part.get_content_type() for part in found] == types
    assert found[0]["Content-ID"] == "<logo@example.test>"
    assert found[0].get_content_disposition() == "inline"
    assert found[1].get_content_charset() == "iso-8859-1"
    assert max(map(len, message.split(b"\r\n"))) <= 300


SUBJECTS = [
    "Hello",
    "",
    "Grüße 🎉",
    "👩‍👩‍👧‍👦" * 40,
    "مرحبا بالعالم " * 12,
    "Your order 4711 is on its way to you " * 8,
    "=?utf-8?q?not_an_encoded_word?=",
    "a" * 2000,
    "ends with space ü ",
    "tab\there  and   gaps" + " " * 80 + "end",
    "x" * 70 + " " + "y" * 90 + " z",
]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_subjects_come_back_and_are_folded(subject):
    message = build(parts(subject=subject))
    assert read(message)["Subject"] == subject.strip()
    head, _ = split(message)
    assert head.isascii()
    longest_word = max(map(len, re.findall(rb"\S+", head)))
    assert max(map(len, head.split(b"\r\n"))) <= max(76, longest_word + 10)


NAMES = [
    "Alice",
    "Public, John Q.",
    'The "Boss" \\',
    "Jörg Müller",
    "李 小龙",
    "a@b.test",
    "=?x?=",
    "ü" * 80,
    "w " * 60 + "w",
]


@pytest.mark.parametrize("name", NAMES)
def test_display_names_come_back(name):
    many = tuple(mailbox(f"r{number}@there.test", name) for number in range(12))
    message = build(parts(from_=mailbox("alice@example.test", name), to=many))
    parsed = read(message)
    # The standard library leaves the space between neighbouring encoded-words of a phrase; our reader does not.
    authors = [address.display_name.replace(" ", "") for address in parsed["From"].addresses]
    readers = [address.display_name.replace(" ", "") for address in parsed["To"].addresses]
    assert set(authors + readers) == {name.replace(" ", "")}
    assert [address.addr_spec for address in parsed["To"].addresses] == [str(one.address) for one in many]
    assert max(map(len, split(message)[0].split(b"\r\n"))) <= 76


def test_our_own_reader_agrees_with_our_writer():
    boxes = (mailbox("a@b.test", "Jörg, M." + "ü" * 90), mailbox("c@d.test", 'x "y"'), mailbox("e@f.test"))
    message = build(parts(to=boxes))
    value = re.search(rb"To: (.*?)\r\n(?! )", message, re.DOTALL)
    assert value is not None
    assert tuple(parse_mailboxes(value[1].decode())) == boxes


def test_domains_are_a_labels_and_only_local_parts_bring_utf8():
    plain = parts(to=(mailbox("rita@bücher.test", "Rita"),))
    assert not plain.needs_smtputf8
    assert b"To: Rita <rita@xn--bcher-kva.test>\r\n" in build(plain)
    wide = parts(to=(mailbox("jörg@bücher.test", "Jörg"),))
    assert wide.needs_smtputf8
    assert "<jörg@xn--bcher-kva.test>\r\n".encode() in build(wide)
    assert parts(headers=(("Reply-To", "Jörg <jörg@b.test>"),)).needs_smtputf8
    assert not parts(headers=(("Reply-To", "Jörg <j@b.test>"),)).needs_smtputf8


def test_a_mail_to_blind_copies_alone_has_a_to_that_names_no_one():
    message = build(parts(to=()))
    assert b"To: undisclosed-recipients:;\r\n" in message
    assert b"undisclosed" not in build(parts(to=(), cc=(mailbox("c@there.test"),)))


def test_custom_headers_are_carried_and_encodings_ignored():
    link = f"<https://example.test/{'u' * 300}>"
    headers = (("X-Note", "für dich"), ("List-Unsubscribe", link), ("content-transfer-encoding", "8bit"))
    parsed = read(build(parts(headers=(*headers, ("Reply-To", "a@b.test, Jörg <c@d.test>")))))
    assert parsed["X-Note"] == "für dich"
    assert parsed["List-Unsubscribe"] == link
    assert parsed.get_all("Content-Transfer-Encoding") == ["quoted-printable"]
    assert [address.addr_spec for address in parsed["Reply-To"].addresses] == ["a@b.test", "c@d.test"]


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_headers_that_the_service_writes_cannot_be_set(name):
    with pytest.raises(HeaderError) as refused:
        build(parts(headers=((name.title(), "x@example.test"),)))
    assert refused.value.field == name.title()


EVIL = ["\r\nBcc: m@evil.test", "x\nBcc: m@evil.test", "x\rBcc: m@evil.test", "x\0", "x\x1b[31m", "x\x0b"]


@pytest.mark.parametrize("evil", EVIL)
def test_nothing_can_start_a_header_of_its_own(evil):
    attempts = [
        {"subject": evil},
        {"from_": mailbox("alice@example.test", evil)},
        {"to": (mailbox("r@there.test", "é" + evil),)},
        {"headers": (("X-Note", evil),)},
        {"headers": (("X-Note" + evil, "x"),)},
        {"headers": (("Reply-To", "a@b.test" + evil),)},
        {"message_id": "1@example.test" + evil},
        {"attachments": (Attachment("a" + evil, "image/png", b""),)},
        {"attachments": (Attachment("a", "image/png" + evil, b""),)},
        {"attachments": (Attachment("a", "image/png", b"", "inline", "id" + evil),)},
    ]
    for attempt in attempts:
        with pytest.raises(HeaderError):
            build(parts(**attempt))


@pytest.mark.parametrize("name", ["", "X Note", "X:Note", "Ünote", "X" * 77, "From "])
def test_odd_header_names_are_refused(name):
    with pytest.raises(HeaderError):
        build(parts(headers=((name, "x"),)))


def test_a_header_word_longer_than_a_line_and_a_time_without_zone_are_refused():
    for change in ({"headers": (("X-Json", "x" * 1000),)}, {"date": WHEN.replace(tzinfo=None)}):
        with pytest.raises(HeaderError):
            build(parts(**change))


TEXTS = [
    "",
    " ",
    "a ",
    "a\t",
    ".",
    ".\r\n.\n..",
    "From me",
    "=",
    "x" * 5000,
    "ü" * 3000,
    "--=_\n--",
    "a\rb\nc\r\nd",
    "\0",
    "Ä" * 80,
]


@pytest.mark.parametrize(("text", "html"), list(product(TEXTS, [None, "<p>ü</p>"])))
def test_texts_come_back_but_for_their_line_ends(text, html):
    message = build(parts(text=text, html=html))
    part = read(message).get_body(("plain",))
    assert part is not None
    carried = part.get_payload(decode=True)
    assert isinstance(carried, bytes)
    expected = re.sub("\r\n|\r|\n", "\r\n", text).encode()
    assert carried in (expected, expected + b"\r\n")
    assert defects(message) == set()
    assert max(map(len, message.split(b"\r\n"))) <= 76
    assert message.isascii()


anything = st.text(max_size=120)
line = st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=120)


@settings(max_examples=150, deadline=None)
@given(
    subject=line, name=line, text=anything, html=st.none() | anything, filename=line, content=st.binary(max_size=200)
)
def test_any_parts_make_a_sound_message_that_says_the_same(subject, name, text, html, filename, content):
    file = Attachment(filename, "image/png", content)
    mail = parts(subject=subject, to=(mailbox("r@there.test", name),), text=text, html=html, attachments=(file,))
    message = build(mail)
    assert defects(message) == set()
    parsed = message_from_bytes(message, policy=policy.compat32)
    assert [key for key, _ in parsed.items()][:5] == ["From", "To", "Subject", "Date", "Message-ID"]
    leaves = [part for part in parsed.walk() if not part.is_multipart()]
    assert len(leaves) == (3 if html is not None else 2)
    assert leaves[-1].get_payload(decode=True) == content
    expected = re.sub("\r\n|\r|\n", "\r\n", text).encode("utf-8", "replace")
    assert leaves[0].get_payload(decode=True) == expected
