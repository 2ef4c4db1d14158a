"""Finds the reports in a mail: RFC 7489 section 7.2.1.1 and RFC 8460 section 5.3, and what receivers make of them.

Pure. Every step is bounded, since anybody may write to the address: the mail's lines and nesting before it is parsed,
the number of attachments, and what each unpacks to. An archive in an archive is no report.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from enum import StrEnum
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from domains.reports.refusal import Reason, ReportRefused

MOST_MAIL_OCTETS = 12_000_000
MOST_LINES = 250_000
MOST_BOUNDARIES = 20
MOST_DOCUMENTS = 10
MOST_OCTETS = 10_000_000
"""Of all reports in a mail, unpacked."""
ALWAYS_ALLOWED = 1_000_000
MOST_RATIO = 200
"""Beyond `ALWAYS_ALLOWED`, unpacked by packed; real reports stay below 60."""

TYPES = frozenset(
    {
        "application/gzip",
        "application/x-gzip",
        "application/gzip-compressed",
        "application/zip",
        "application/x-zip-compressed",
        "application/x-zip",
        "application/octet-stream",
        "application/xml",
        "text/xml",
        "application/json",
        "application/tlsrpt+gzip",
        "application/tlsrpt+json",
    }
)
SUFFIXES = (".xml", ".json", ".gz", ".zip")
_DAMAGED = (BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError, KeyError)
"""What zipfile raises over hostile archives, passwords and methods of its own included."""


class Kind(StrEnum):
    """Told by the first octets: what a mail says of its attachment is often wrong."""

    XML = "xml"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Document:
    """An unpacked report, not yet parsed."""

    kind: Kind
    data: bytes


def documents(mail: bytes) -> list[Document]:
    """The reports in a mail, at most `MOST_DOCUMENTS`. Raises ReportRefused when it carries none, or one that is
    damaged or too large."""
    is_deep = mail.lower().count(b"boundary") > MOST_BOUNDARIES
    if len(mail) > MOST_MAIL_OCTETS or mail.count(b"\n") > MOST_LINES or is_deep:
        raise ReportRefused(Reason.TOO_LARGE)
    found: list[Document] = []
    octets = 0
    for packed in _attachments(mail):
        for data in _unpacked(packed):
            octets += len(data)
            _check_size(octets, MOST_OCTETS)
            found.append(Document(_kind(data), data))
            if len(found) == MOST_DOCUMENTS:
                return found
    if not found:
        raise ReportRefused(Reason.NO_REPORT)
    return found


def _attachments(mail: bytes) -> Iterator[bytes]:
    try:
        for part in message_from_bytes(mail).walk():
            if not part.is_multipart() and _may_be_report(part):
                payload = part.get_payload(decode=True)
                if isinstance(payload, bytes) and payload.strip():
                    yield payload
    except (LookupError, TypeError, AttributeError, ValueError) as problem:
        # The parser of the standard library stumbles over some headers (an unknown charset, a boundary of surrogates).
        if isinstance(problem, ReportRefused):
            raise
        raise ReportRefused(Reason.DAMAGED) from problem


def _may_be_report(part: Message) -> bool:
    if part.get_content_type() in TYPES:
        return True
    return str(part.get_filename("")).lower().strip().endswith(SUFFIXES)


def _unpacked(packed: bytes) -> list[bytes]:
    if packed.startswith(b"\x1f\x8b"):
        return [_gunzipped(packed)]
    if packed.startswith(b"PK\x03\x04"):
        return _unzipped(packed)
    if len(packed) > MOST_OCTETS:
        raise ReportRefused(Reason.TOO_LARGE)
    return [packed]


def _gunzipped(packed: bytes) -> bytes:
    """RFC 1952; a file may hold several members one after the other, and octets that mean nothing after the last."""
    room = _room(len(packed))
    data = b""
    rest = packed
    while rest.startswith(b"\x1f\x8b"):
        member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            data += member.decompress(rest, room + 1 - len(data))
        except zlib.error as problem:
            raise ReportRefused(Reason.DAMAGED) from problem
        _check_size(len(data), room)
        if not member.eof:
            raise ReportRefused(Reason.DAMAGED)
        rest = member.unused_data
    return data


def _unzipped(packed: bytes) -> list[bytes]:
    try:
        with ZipFile(BytesIO(packed)) as archive:
            members = [one for one in archive.infolist() if not one.is_dir() and _is_own_file(one.filename)]
            if any(one.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for one in members[:MOST_DOCUMENTS]):
                raise ReportRefused(Reason.DAMAGED)
            found: list[bytes] = []
            room = _room(len(packed))
            for one in members[:MOST_DOCUMENTS]:
                with archive.open(one) as file:
                    # What the directory says of a member's size is the sender's claim.
                    found.append(file.read(room + 1))
                _check_size(len(found[-1]), room)
                room -= len(found[-1])
            return found
    except ReportRefused:
        raise
    except _DAMAGED as problem:
        raise ReportRefused(Reason.DAMAGED) from problem


def _is_own_file(name: str) -> bool:
    """macOS packs a shadow beside each file."""
    return not name.startswith("__MACOSX/")


def _room(packed: int) -> int:
    return min(MOST_OCTETS, max(ALWAYS_ALLOWED, packed * MOST_RATIO))


def _check_size(octets: int, room: int) -> None:
    if octets > room:
        raise ReportRefused(Reason.TOO_LARGE if octets > MOST_OCTETS else Reason.BOMB)


def _kind(data: bytes) -> Kind:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Kind.XML
    match data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]:
        case b"<":
            return Kind.XML
        case b"{":
            return Kind.JSON
    raise ReportRefused(Reason.OTHER_DOCUMENT)
