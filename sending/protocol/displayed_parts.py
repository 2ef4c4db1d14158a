"""The parts of a message that its reader is shown as text, by offsets (RFC 2045, 2046, 1847).

Attachments and messages within the message are none. Where anything is signed or encrypted by its author, no part is.
"""

from dataclasses import dataclass
from email.message import Message
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from sending.protocol.message_head import parse_head

MOST_PARTS = 200
MOST_DEPTH = 10
_ENCODINGS = frozenset({"", "7bit", "8bit", "binary", "quoted-printable", "base64"})
_SEALED = frozenset(
    {"multipart/signed", "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
    | {"application/pgp-encrypted", "application/pkcs7-signature", "application/pgp-signature"}
)
_OTHER_CHARSETS = ("utf-16", "utf-32", "utf-7", "iso2022", "hz", "cp037", "cp500", "cp1026", "cp1140", "cp273", "cp424")


@dataclass(frozen=True, slots=True)
class DisplayedPart:
    """Where the encoded content of a text lies. `charset` is a codec in which ASCII is ASCII."""

    is_html: bool
    start: int
    end: int
    charset: str
    encoding: str


class _Type(NamedTuple):
    content_type: str
    charset: str | None
    boundary: str | None
    is_named: bool


class _Sealed(Exception):
    """The author signed or encrypted something."""


class _TooMany(Exception):
    """More parts than are looked at."""


def displayed_parts(message: bytes) -> list[DisplayedPart]:
    """In the order of the message; empty where nothing may be changed, or nothing is text."""
    parts: list[DisplayedPart] = []
    try:
        _read(message, 0, len(message), parts, 0)
    except (_Sealed, _TooMany):
        return []
    return parts


def _read(message: bytes, start: int, end: int, parts: list[DisplayedPart], depth: int) -> None:
    if depth > MOST_DEPTH or len(parts) > MOST_PARTS:
        raise _TooMany
    head_end = start if message.startswith(b"\r\n", start) else message.find(b"\r\n\r\n", start, end) + 2
    if head_end < start:
        return
    fields, body = _fields(message[start:head_end]), head_end + 2
    content = _content_type(fields.get(b"content-type", b""))
    kind = content.content_type
    if kind in _SEALED:
        raise _Sealed
    if kind.startswith("multipart/"):
        if content.boundary and kind not in ("multipart/digest", "multipart/report"):
            _read_children(message, body, end, content, parts, depth)
        return
    if kind in ("text/plain", "text/html") and not _is_attached(fields, content):
        encoding = fields.get(b"content-transfer-encoding", b"").strip().lower().decode("ascii", "replace")
        charset = _codec(content.charset)
        if charset is None or encoding not in _ENCODINGS:
            return
        part = DisplayedPart(kind == "text/html", body, end, charset, encoding)
        if b"-----BEGIN PGP " in message[body : min(end, body + 2_000)]:
            raise _Sealed
        parts.append(part)


def _read_children(
    message: bytes, start: int, end: int, content: _Type, parts: list[DisplayedPart], depth: int
) -> None:
    """Of related parts the first alone is shown by itself."""
    delimiter = b"--" + (content.boundary or "").encode("utf-8", "surrogateescape")
    bounds = _delimiters(message, delimiter, start, end)
    for number, ((_, child), (child_end, _)) in enumerate(pairwise(bounds)):
        if number >= MOST_PARTS:
            raise _TooMany
        if number == 0 or content.content_type != "multipart/related":
            _read(message, child, child_end, parts, depth + 1)


def _delimiters(message: bytes, delimiter: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Each as (where the content before it ends, where the part after it begins); a missing last one is the end."""
    found: list[tuple[int, int]] = []
    position = start
    while (at := message.find(delimiter, position, end)) >= 0:
        position = at + len(delimiter)
        if at != start and message[at - 1] != 0x0A:
            continue
        line_end = message.find(b"\n", position, end)
        line_end = end if line_end < 0 else line_end + 1
        rest = message[position:line_end].strip()
        if rest not in (b"", b"--"):
            continue
        before = at - (2 if message[max(at - 2, start) : at] == b"\r\n" else 1) if at > start else at
        found.append((max(before, found[-1][1] if found else start), line_end))
        position = line_end
        if rest or len(found) > MOST_PARTS:
            return found
    return [*found, (end, end)]


def _fields(head: bytes) -> dict[bytes, bytes]:
    """The first of each name that matters here, unfolded."""
    wanted: dict[bytes, bytes] = {}
    for field in parse_head(head).fields:
        if field.name.startswith(b"content-"):
            wanted.setdefault(field.name, field.raw.partition(b":")[2].replace(b"\r\n", b"").replace(b"\n", b""))
    return wanted


@lru_cache(maxsize=1024)
def _content_type(value: bytes) -> _Type:
    if not value.strip():
        return _Type("text/plain", None, None, False)
    header = Message()
    header["Content-Type"] = value.decode("utf-8", "surrogateescape").strip()
    boundary = header.get_boundary()
    is_named = header.get_param("name") is not None
    return _Type(header.get_content_type(), header.get_content_charset(), boundary, is_named)


def _is_attached(fields: dict[bytes, bytes], content: _Type) -> bool:
    """A text with a name of its own is a file, wherever it is shown."""
    disposition = fields.get(b"content-disposition", b"").strip().lower()
    return content.is_named or disposition.startswith(b"attachment") or b"filename" in disposition


@lru_cache(maxsize=256)
def _codec(charset: str | None) -> str | None:
    """The codec of a charset; None for one in which ASCII octets may be something else, or that nobody knows."""
    name = (charset or "us-ascii").strip("\"' ").lower()
    ascii_text = "".join(map(chr, range(32, 127)))
    try:
        if ascii_text.encode(name).decode("ascii") != ascii_text:
            return None
    except (LookupError, UnicodeError, ValueError):
        return None
    plain = name.replace("_", "-")
    is_other = any(plain.startswith(one) or plain.replace("-", "").startswith(one) for one in _OTHER_CHARSETS)
    return None if is_other else name
