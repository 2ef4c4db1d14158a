"""A stored mail read for people: its headers, its text, its HTML made harmless, its attachments."""

import base64
import re
from dataclasses import dataclass, field
from email import policy
from email.message import Message
from email.parser import BytesParser

from django.http import HttpResponse

from sending.protocol.message_head import parse_head, split
from sending.protocol.mime_headers import decode_words, in_charset

PREVIEW_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""No script, no form, nothing from elsewhere; a link that the reader follows opens a page of its own."""
SHOWN_SOURCE = 200_000
"""Octets of a source that a page shows; the file has all of it."""
MOST_MULTIPARTS = 50
"""A mail that names more is not taken apart: each level of nesting looks at every line of what it holds."""
_MULTIPART = re.compile(rb"multipart/", re.IGNORECASE)
_HEAD = re.compile(r"<head(?:\s[^<>]{0,1000})?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attachment:
    """What is listed of an attachment."""

    name: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Source:
    """The message as it is, as far as the page shows it."""

    text: str
    size: int

    @property
    def is_cut(self) -> bool:
        return self.size > SHOWN_SOURCE


@dataclass(frozen=True, slots=True)
class Reading:
    """A mail as a mail program would show it. `headers` in the order of the message, unfolded and decoded."""

    headers: list[tuple[str, str]]
    text: str = ""
    html: str = ""
    attachments: list[Attachment] = field(default_factory=list)


def read_mail(source: bytes) -> Reading:
    """Whatever was sent is read as well as it goes: a broken mail costs letters or parts, never the page."""
    fields = parse_head(split(source)[0]).fields
    headers = [(_decoded(one.raw[: len(one.name)]), decode_words(_decoded(one.value))) for one in fields]
    if len(_MULTIPART.findall(source)) > MOST_MULTIPARTS:
        return Reading(headers)
    try:
        parts = [one for one in BytesParser(policy=policy.compat32).parsebytes(source).walk() if not one.is_multipart()]
    except RecursionError:
        return Reading(headers)
    text, html = _first(parts, "text/plain"), _first(parts, "text/html")
    return Reading(
        headers=headers,
        text=_content(text),
        html=_with_inline_images(_content(html), parts),
        attachments=[_attachment(one) for one in parts if one not in (text, html) and not _is_inline_image(one)],
    )


def show_source(source: bytes) -> Source:
    """The beginning of a source, with its whole size."""
    return Source(source[:SHOWN_SOURCE].decode("utf-8", "replace"), len(source))


def preview_response(reading: Reading) -> HttpResponse:
    """The HTML part as a document of its own, under a policy that lets nothing run and nothing load."""
    response = HttpResponse(_with_new_windows(reading.html), content_type="text/html; charset=utf-8")
    response["Content-Security-Policy"] = PREVIEW_POLICY
    response["Referrer-Policy"] = "no-referrer"
    return response


def source_response(source: bytes, name: str) -> HttpResponse:
    """The message as a file to keep."""
    response = HttpResponse(source, content_type="message/rfc822")
    response["Content-Disposition"] = f'attachment; filename="{name}.eml"'
    return response


def _first(parts: "list[Message]", content_type: str) -> "Message | None":
    return next((one for one in parts if one.get_content_type() == content_type and not _is_attached(one)), None)


def _is_attached(part: "Message") -> bool:
    return str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")


def _is_inline_image(part: "Message") -> bool:
    return part.get_content_maintype() == "image" and "Content-ID" in part and not _is_attached(part)


def _octets(part: "Message") -> bytes:
    octets = part.get_payload(decode=True)
    return octets if isinstance(octets, bytes) else b""


def _content(part: "Message | None") -> str:
    """A part's text; an unknown or wrong charset costs letters, never the page."""
    if part is None:
        return ""
    octets = _octets(part)
    text = in_charset(part.get_content_charset("utf-8"), octets)
    return octets.decode("utf-8", "replace") if text is None else text


def _with_inline_images(html: str, parts: "list[Message]") -> str:
    """`cid:` references become `data:` addresses, so that the frame needs nothing from elsewhere."""
    images = {str(one["Content-ID"]).strip().strip("<>"): one for one in parts if _is_inline_image(one)}

    def replace(match: re.Match[str]) -> str:
        part = images.get(match[1])
        if part is None:
            return match[0]
        return f"data:{part.get_content_type()};base64,{base64.b64encode(_octets(part)).decode()}"

    return re.sub(r"cid:([^\s\"'>)]+)", replace, html) if images else html


def _with_new_windows(html: str) -> str:
    """Links open a window of their own, because the frame may not leave its page."""
    base = '<base target="_blank">'
    marked, found = _HEAD.subn(rf"\g<0>{base}", html, count=1)
    return marked if found else base + html


def _attachment(part: "Message") -> Attachment:
    name = part.get_filename() or ""
    return Attachment(_decoded(decode_words(name)), part.get_content_type(), len(_octets(part)))


def _decoded(value: str | bytes) -> str:
    """Octets that are no UTF-8, and halves of characters, become the sign for what cannot be shown."""
    octets = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    return octets.decode("utf-8", "replace")
