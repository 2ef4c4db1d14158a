"""The head of a raw message as octets: find and add fields without touching another octet (RFC 5322 2.2).

Knows what is wrong with a message on the wire, and the fix-ups that RFC 6409 8 lets a submission server make.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from enum import StrEnum
from typing import NamedTuple

MAX_LINE = 998
MAX_HEAD = 1_048_576
"""Octets. Thousands of recipients with their names fit; reading more would keep other senders waiting."""

CONTROL_PREFIX = b"x-mt-"
CONTROLS = frozenset({b"idempotency-key"})
NEVER_RELAYED = frozenset({b"bcc", b"resent-bcc", b"return-path"})

# A field is a line with its continuations. The line end is LF here: a bare LF must not hide a field from us.
_FIELD = re.compile(rb"((?:[!-9;-~]+(?=:))?)([^\n]*\n(?:[ \t][^\n]*(?:\n|\Z))*|[^\n]+\Z)")
"""Two groups: the name, empty if the line is no field, and the rest."""
_FOLD = re.compile(rb"\r?\n(?=[ \t])")

_NO_LINE_END = bytes(octet for octet in range(256) if octet not in b"\r\n")


class Defect(StrEnum):
    BARE_CR = "bare_cr"
    BARE_LF = "bare_lf"
    NUL = "nul"
    LONG_LINE = "long_line"
    EIGHT_BIT_HEAD = "eight_bit_head"
    MALFORMED_FIELD = "malformed_field"
    NO_FROM = "no_from"
    SEVERAL_FROM = "several_from"
    REPEATED_FIELD = "repeated_field"
    NO_DATE = "no_date"
    NO_MESSAGE_ID = "no_message_id"


# RFC 5322 3.6 and RFC 2045 allow one of each; readers differ on which of two they believe. From has its own defect,
# and a second MIME-Version, which many clients send, says nothing.
_SINGLE = {
    name.lower().encode("ascii"): name
    for name in (
        "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Content-Type",
        "Content-Transfer-Encoding",
    )
}  # fmt: skip


class Field(NamedTuple):
    """`name` in lower case, empty if the line is no field; `raw` with its folds and line end."""

    name: bytes
    raw: bytes

    @property
    def value(self) -> str:
        """Unfolded and trimmed; octets that are not UTF-8 stay as lone surrogates."""
        value = _FOLD.sub(b"", self.raw[len(self.name) + 1 :]).strip(b" \t\r\n")
        return value.decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class MessageHead:
    fields: tuple[Field, ...]

    @property
    def is_malformed(self) -> bool:
        """Whether a line is no field."""
        return any(not field.name for field in self.fields)

    @property
    def repeated(self) -> str | None:
        """A field, From apart, that may stand once and stands more often."""
        return _repeated([field.name for field in self.fields])

    def all(self, name: str) -> list[str]:
        """The values of every field of this name, in order, case ignored."""
        wanted = name.lower().encode("ascii")
        return [field.value for field in self.fields if field.name == wanted]

    def first(self, name: str) -> str | None:
        wanted = name.lower().encode("ascii")
        return next((field.value for field in self.fields if field.name == wanted), None)


def split(message: bytes) -> tuple[bytes, bytes]:
    """(head, body): the head ends with the line end of its last field, the empty line belongs to neither."""
    if message.startswith(b"\r\n"):
        return b"", message[2:]
    end = message.find(b"\r\n\r\n")
    if end < 0:
        return (message if message.endswith(b"\r\n") or not message else message + b"\r\n"), b""
    return message[: end + 2], message[end + 4 :]


def head_is_too_long(message: bytes) -> bool:
    """Whether the head has more than `MAX_HEAD` octets."""
    if len(message) <= MAX_HEAD or message.startswith(b"\r\n"):
        return False
    return message.find(b"\r\n\r\n", 0, MAX_HEAD + 2) < 0


def join(head: bytes, body: bytes) -> bytes:
    return b"%b\r\n%b" % (head, body)


def parse_head(head: bytes) -> MessageHead:
    return MessageHead(tuple(_fields(head)))


def prepend(head: bytes, *fields: bytes) -> bytes:
    """Complete fields, line ends included, put on top as trace fields are."""
    return b"".join((*fields, head))


def defects(message: bytes) -> set[Defect]:
    """Everything wrong with a message that is to be relayed; what to do about each is for the caller to say."""
    head, _ = split(message)
    return line_defects(message) | head_defects(head)


def line_defects(message: bytes) -> set[Defect]:
    """Defects of the octet stream: RFC 5321 2.3.8 line ends, RFC 5322 2.1.1 lengths."""
    found = set()
    line_ends = message.count(b"\r\n")
    # Counting both at once takes a third of the time; which of them stands alone is asked only where one does.
    if len(message.translate(None, _NO_LINE_END)) != 2 * line_ends:
        if message.count(b"\r") != line_ends:
            found.add(Defect.BARE_CR)
        if message.count(b"\n") != line_ends:
            found.add(Defect.BARE_LF)
    if b"\0" in message:
        found.add(Defect.NUL)
    if _has_long_line(message):
        found.add(Defect.LONG_LINE)
    return found


def _has_long_line(message: bytes) -> bool:
    """Leaps from one line end to the last one that a line of full length could reach."""
    start, last = 0, len(message) - MAX_LINE
    while start < last:
        end = message.rfind(b"\r\n", start, start + MAX_LINE + 2)
        if end < 0:
            return True
        start = end + 2
    return False


def head_defects(head: bytes) -> set[Defect]:
    """Defects of the fields: what must be there once, is there twice, or is no field at all."""
    names = [field.name for field in _fields(head)]
    found = set()
    if not head.isascii():
        found.add(Defect.EIGHT_BIT_HEAD)
    if b"" in names:
        found.add(Defect.MALFORMED_FIELD)
    if b"from" not in names:
        found.add(Defect.NO_FROM)
    elif names.count(b"from") > 1:
        found.add(Defect.SEVERAL_FROM)
    if b"date" not in names:
        found.add(Defect.NO_DATE)
    if b"message-id" not in names:
        found.add(Defect.NO_MESSAGE_ID)
    if _repeated(names):
        found.add(Defect.REPEATED_FIELD)
    return found


def _repeated(names: list[bytes]) -> str | None:
    if len(set(names)) == len(names):
        return None
    return next((shown for name, shown in _SINGLE.items() if names.count(name) > 1), None)


def complete_submission(message: bytes, *, date: datetime, message_id: str) -> bytes:
    """The message as RFC 6409 8 lets us relay it: Date and Message-ID added when missing; Bcc, Return-Path and our
    control fields removed; every other octet stays. `date` is aware, `message_id` stands in angle brackets.

    For messages without line defects or malformed fields: refuse those first.
    """
    head, body = split(message)
    return join(complete_head(parse_head(head), date=date, message_id=message_id), body)


def complete_head(head: MessageHead, *, date: datetime, message_id: str) -> bytes:
    """The head that `complete_submission` gives a message."""
    names = {field.name for field in head.fields}
    kept = [field.raw for field in head.fields if not _is_ours_to_remove(field.name)]
    if b"message-id" not in names:
        kept.insert(0, b"Message-ID: %b\r\n" % message_id.encode("ascii"))
    if b"date" not in names:
        kept.insert(0, b"Date: %b\r\n" % format_datetime(date).encode("ascii"))
    return b"".join(kept)


def is_control(name: bytes) -> bool:
    """Whether a field, its name in lower case, speaks to us rather than to the reader."""
    return name.startswith(CONTROL_PREFIX) or name in CONTROLS


def _is_ours_to_remove(name: bytes) -> bool:
    return name in NEVER_RELAYED or is_control(name)


def _fields(head: bytes) -> list[Field]:
    return [Field(name.lower(), name + rest) for name, rest in _FIELD.findall(head)]
