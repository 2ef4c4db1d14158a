"""A stored mail read for people: its headers, its text, its HTML made harmless, its attachments."""

import base64
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from django.http import HttpResponse

from sending.protocol.message_head import parse_head, split
from sending.protocol.mime_headers import decode_words
from sending.protocol.mime_tree import MimeTree, Part, read_tree, readable

PREVIEW_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""No script, no form, nothing from elsewhere; a link that the reader follows opens a page of its own."""
SHOWN_SOURCE = 200_000
"""Octets of a source, or characters of a part, that a page shows; the file has all of it."""
SHOWN_HEADERS = 2_000
MOST_IMAGE_OCTETS = 20_000_000
"""Of inline images in one preview: HTML may name one of them any number of times."""
_HEAD = re.compile(r"<head(?:\s[^<>]{0,1000})?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attachment:
    """What is listed of an attachment; `number` is that of its part."""

    number: int
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
    """With its inline images in place."""
    attachments: list[Attachment] = field(default_factory=list)


def read_mail(source: bytes) -> Reading:
    """Whatever was sent is read as well as it goes: a broken mail costs letters or parts, never the page."""
    tree = read_tree(source)
    shown = (tree.text, tree.html)
    return Reading(
        headers=read_headers(source),
        text=tree.text.text if tree.text else "",
        html=_with_inline_images(tree.html.text, tree) if tree.html else "",
        attachments=[_attachment(one) for one in tree.leaves if one not in shown and not one.is_inline_image],
    )


def read_headers(source: bytes) -> list[tuple[str, str]]:
    """Name and value of the first `SHOWN_HEADERS` fields, in the order of the message, unfolded and decoded."""
    fields = parse_head(split(source)[0]).fields[:SHOWN_HEADERS]
    return [(readable(one.raw[: len(one.name)]), decode_words(readable(one.value))) for one in fields]


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


def _with_inline_images(html: str, tree: MimeTree) -> str:
    """`cid:` references become `data:` addresses, so that the frame needs nothing from elsewhere."""
    images = {one.content_id: one for one in tree.leaves if one.is_inline_image}
    room = MOST_IMAGE_OCTETS

    def replace(match: re.Match[str]) -> str:
        nonlocal room
        part = images.get(match[1]) or images.get(unquote(match[1]))
        if part is None or len(part.octets) > room:
            return match[0]
        room -= len(part.octets)
        return f"data:{part.content_type};base64,{base64.b64encode(part.octets).decode()}"

    return re.sub(r"cid:([^\s\"'>)]+)", replace, html) if images else html


def _with_new_windows(html: str) -> str:
    """Links open a window of their own, because the frame may not leave its page."""
    base = '<base target="_blank">'
    marked, found = _HEAD.subn(rf"\g<0>{base}", html, count=1)
    return marked if found else base + html


def _attachment(part: Part) -> Attachment:
    return Attachment(part.number, part.filename, part.content_type, len(part.octets))
