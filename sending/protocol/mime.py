"""A message composed from its parts (RFC 5322, 2045-2047, 2183, 2231, 2387, 6532) by templates of our own.

The same parts give the same octets. Only CRLF ends lines, no line passes 998 octets, and nobody's text starts a header.
"""

import binascii
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from itertools import chain

from sending.protocol.address import AddressError, Mailbox, parse_mailboxes
from sending.protocol.mime_headers import FOLD_AT, HeaderError, address_field, check_text, parameter, text_field

# Fields that the composer writes; a caller's header of such a name is refused.
RESERVED = frozenset(
    {"from", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version", "content-type", "content-id"}
    | {"content-disposition", "return-path", "received", "dkim-signature", "resent-bcc"}
)
# Accepted and ignored: the composer alone chooses encodings.
IGNORED = frozenset({"content-transfer-encoding"})
ADDRESS_FIELDS = frozenset({"reply-to", "sender"})


@dataclass(frozen=True, slots=True)
class Attachment:
    """`disposition` is "attachment" or "inline"; `content_id` without angle brackets."""

    filename: str
    content_type: str
    content: bytes
    disposition: str = "attachment"
    content_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailParts:
    """What a mail says. `date` is aware, `message_id` may lack its angle brackets; blind copies have no place here."""

    from_: Mailbox
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    subject: str
    text: str | None = None
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    date: datetime
    message_id: str
    boundary_seed: bytes

    @property
    def needs_smtputf8(self) -> bool:
        """Whether a visible address has a non-ASCII local part, the one reason for UTF-8 in the head (RFC 6532)."""
        mailboxes = (self.from_, *self.to, *self.cc, *self.reply_to)
        return any(mailbox.address.needs_smtputf8 for mailbox in mailboxes) or (
            any(name.lower() in ADDRESS_FIELDS for name, _ in self.headers) and not _head(self).isascii()
        )


def build(parts: MailParts) -> bytes:
    """The whole message. Raises `HeaderError` (with the field's name) for what cannot be put into a header."""
    message = _head(parts).encode() + _content(parts)
    return message if message.endswith(b"\r\n") else message + b"\r\n"


_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
_CONTENT_ID = re.compile(r"[!-;=?-~]{1,200}")
_MIME_WORD = r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]+"
_CONTENT_TYPE = re.compile(rf"({_MIME_WORD}/{_MIME_WORD})\s*((?:;.*)?)", re.DOTALL)
_PARAMETER = re.compile(rf';\s*({_MIME_WORD})\s*=\s*(?:({_MIME_WORD})|"((?:[^"\\]|\\.)*)")\s*')
_QUOTED_PAIR = re.compile(r"\\(.)")
MOST_PARAMETER_NAME = 30


def _head(parts: MailParts) -> str:
    fields = [_mailboxes("From", (parts.from_,))]
    if parts.to:
        fields.append(_mailboxes("To", parts.to))
    elif not parts.cc:
        fields.append("To: undisclosed-recipients:;\r\n")
    if parts.cc:
        fields.append(_mailboxes("Cc", parts.cc))
    if parts.reply_to:
        fields.append(_mailboxes("Reply-To", parts.reply_to))
    fields.append(text_field("Subject", parts.subject, literal=True))
    if parts.date.tzinfo is None:
        raise HeaderError("Date", "the time needs a zone")
    fields.append(f"Date: {format_datetime(parts.date)}\r\n")
    fields.append(_message_id(parts.message_id))
    for name, value in parts.headers:
        fields.append(_custom(name, value, has_reply_to=bool(parts.reply_to)))
    fields.append("MIME-Version: 1.0\r\n")
    return "".join(fields)


def _mailboxes(name: str, mailboxes: Iterable[Mailbox]) -> str:
    return address_field(name, ((mailbox.name, mailbox.address.wire) for mailbox in mailboxes))


def _message_id(message_id: str) -> str:
    bracketed = message_id if message_id.startswith("<") else f"<{message_id}>"
    if not _MESSAGE_ID.fullmatch(bracketed) or len(bracketed) > 250:
        raise HeaderError("Message-ID", "not a valid message id")
    return f"Message-ID: {bracketed}\r\n"


def _custom(name: str, value: str, *, has_reply_to: bool) -> str:
    lowered = name.lower()
    if lowered in IGNORED:
        return ""
    if lowered in RESERVED or (lowered == "reply-to" and has_reply_to):
        raise HeaderError(name, "this header is written by the service and cannot be set")
    if lowered not in ADDRESS_FIELDS:
        return text_field(name, value)
    check_text(name, value)
    try:
        return _mailboxes(name, parse_mailboxes(value))
    except AddressError as error:
        raise HeaderError(name, error.sentence) from error


# A part is (fields of its own head, encoded content); both end with CRLF.
_Part = tuple[str, bytes]


def _content(parts: MailParts) -> bytes:
    """mixed(related(alternative(text, html), inline…), attachments), each level only where it is needed."""
    bodies = [_text("plain", parts.text)] if parts.text is not None else []
    if parts.html is not None:
        bodies.append(_text("html", parts.html))
    inline: list[Attachment] = []
    others: list[Attachment] = []
    for one in parts.attachments:
        belongs_to_html = parts.html is not None and one.disposition == "inline" and one.content_id
        (inline if belongs_to_html else others).append(one)
    if not bodies and not others:
        bodies = [_text("plain", "")]

    seed = parts.boundary_seed
    level = [_multipart("alternative", bodies, seed)] if len(bodies) > 1 else bodies
    if inline:
        root_type = level[0][0].split(";", 1)[0].partition(": ")[2].strip()
        level = [_multipart("related", level + [_attachment(one) for one in inline], seed, root_type)]
    if others:
        level = [_multipart("mixed", level + [_attachment(one) for one in others], seed)]
    head, content = level[0]
    return head.encode("ascii") + b"\r\n" + content


def _multipart(kind: str, children: list[_Part], seed: bytes, root_type: str = "") -> _Part:
    boundary = _boundary(kind, children, seed)
    opening = f"--{boundary}\r\n".encode("ascii")
    pieces: list[bytes] = []
    for head, content in children:
        # The line end before a boundary belongs to the boundary; the contents keep theirs (RFC 2046 5.1.1).
        pieces += (opening, head.encode("ascii"), b"\r\n", content, b"\r\n")
    pieces.append(f"--{boundary}--\r\n".encode("ascii"))
    root = f';\r\n type="{root_type}"' if root_type else ""
    return f'Content-Type: multipart/{kind}{root};\r\n boundary="{boundary}"\r\n', b"".join(pieces)


def _boundary(kind: str, children: list[_Part], seed: bytes) -> str:
    """`=_` cannot stand in quoted-printable or base64; the look at the content proves it for whatever comes later."""
    attempt = 0
    while True:
        boundary = "=_" + sha256(b"%b|%b|%d" % (kind.encode("ascii"), seed, attempt)).hexdigest()[:32]
        if not any(boundary.encode("ascii") in content for _, content in children):
            return boundary
        attempt += 1


def _text(subtype: str, text: str) -> _Part:
    octets = _with_crlf(text).encode("utf-8", "replace")
    wide = 0 if octets.isascii() else len(octets.translate(None, _ASCII))
    # Scripts far from ASCII triple in quoted-printable; in an empty one some readers find a line end.
    if wide * 2 >= len(octets):
        encoding, content = "base64", base64_lines(octets)
    else:
        encoding, content = "quoted-printable", quoted_printable(octets)
    return f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n", content


_ASCII = bytes(range(128))


def _with_crlf(text: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\n", "\r\n")


_MAILBOX_FROM = re.compile(rb"^From ", re.MULTILINE)
_BLANK_TOO_FAR = re.compile(rb"=(?:20|09)\r(?<=[^\n]{78})")


def quoted_printable(octets: bytes) -> bytes:
    """Text with CRLF as quoted-printable (RFC 2045 6.7)."""
    content = binascii.b2a_qp(octets, istext=True)
    if b"\r\n" not in octets:
        # Without a line end in its input, b2a_qp makes its soft breaks with LF alone.
        content = content.replace(b"\n", b"\r\n")
    if b"From " in content:
        # What keeps mail in mbox files changes such a line, and with it what DKIM signed (RFC 2049 3).
        content = _MAILBOX_FROM.sub(b"=46=\r\nrom ", content)
    # For the blank that ends a line, b2a_qp goes beyond 76 octets (RFC 2045 6.7).
    return _BLANK_TOO_FAR.sub(rb"=\r\n\g<0>", content)


# Unpacking many lines at a time takes half as long as cutting one by one.
_LINES = struct.Struct("76s" * 64)


def base64_lines(octets: bytes) -> bytes:
    """Base64 in lines of 76 characters, without a line end after the last one."""
    encoded = binascii.b2a_base64(octets, newline=False)
    unpacked = len(encoded) // _LINES.size * _LINES.size
    lines = list(chain.from_iterable(_LINES.iter_unpack(memoryview(encoded)[:unpacked])))
    lines += [encoded[start : start + 76] for start in range(unpacked, len(encoded), 76)]
    return b"\r\n".join(lines)


def _attachment(attachment: Attachment) -> _Part:
    check_text("attachment", attachment.content_type)
    content_type = _content_type(attachment.content_type)
    disposition = "inline" if attachment.disposition == "inline" else "attachment"
    named = f";\r\n {parameter('filename', attachment.filename)}" if attachment.filename else ""
    fields = f"Content-Type: {content_type}\r\nContent-Disposition: {disposition}{named}\r\n"
    if attachment.content_id:
        content_id = attachment.content_id.removeprefix("<").removesuffix(">")
        if not _CONTENT_ID.fullmatch(content_id):
            raise HeaderError("Content-ID", "not a valid content id")
        fields += f"Content-ID: <{content_id}>\r\n"
    return fields + "Content-Transfer-Encoding: base64\r\n", base64_lines(attachment.content)


def _content_type(text: str) -> str:
    """The type with its parameters, folded. Multipart and message types may not be base64 (RFC 2045 6.4), so they
    lose theirs; a name goes into the disposition alone."""
    match = _CONTENT_TYPE.fullmatch(text.strip())
    if match is None or len(match[1]) > 127 or match[1].lower().startswith(("multipart/", "message/")):
        return "application/octet-stream"
    return ";\r\n ".join((match[1], *_parameters(match[2])))


def _parameters(text: str) -> Iterator[str]:
    """What can be read of `; name=value; …`, each name once."""
    seen = {"name"}
    for name, token, quoted in _PARAMETER.findall(text):
        if name.lower() in seen or "*" in name or len(name) > MOST_PARAMETER_NAME:
            continue
        seen.add(name.lower())
        is_short = 0 < len(token) <= FOLD_AT - len(name)
        yield f"{name}={token}" if is_short else parameter(name, token or _QUOTED_PAIR.sub(r"\1", quoted))
