"""One captured mail: as a reader sees it, as a server sees it, and what either could take offence at."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from sending.capture import store
from sending.capture.authentication import authenticate
from sending.capture.checks import check
from sending.capture.findings import Finding
from sending.models import CapturedMail, Message, RecipientKind, Stream
from sending.pages.mailbox import Mailbox, find
from sending.pages.previews import (
    SHOWN_SOURCE,
    Source,
    preview_response,
    read_headers,
    read_mail,
    show_source,
    source_response,
)
from sending.policy.streams import hides_links
from sending.protocol import return_path
from sending.protocol.hidden_mail import HiddenMail, hide
from sending.protocol.message_head import split
from sending.protocol.mime_tree import MimeTree, Part, read_tree

WIDTHS = ("wide", "phone")
SHOWN_RECIPIENTS = 5
DEEPEST = 4
"""Levels of nesting that the page tells apart."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """Those of one kind: the first few, and the others."""

    word: str
    shown: Sequence[str]
    others: Sequence[str]


def show_mail(request: HttpRequest, mailbox: Mailbox, captured_id: uuid.UUID) -> HttpResponse:
    """The page. Who opens it has read the mail."""
    mail = find(mailbox, captured_id)
    if not mail.is_read:
        store.mark_read(mailbox.id, mail.pk)
    source, is_hidden = _for_reader(mailbox, mail)
    tree = read_tree(source)
    findings = check(source, tree, _stream(mail))
    show, tabs = _tabs(request, tree, findings)
    context = {
        "mailbox": mailbox,
        "mail": mail,
        "recipients": _recipients(mail),
        "further": max(len(mail.recipients) - 1, 0),
        "attachments": [one for one in tree.leaves if one not in (tree.text, tree.html)],
        "show": show,
        "tabs": tabs,
        "findings": findings,
        "hidden_in": (mail.get_stream_display() or _("any")) if is_hidden else "",
        **_content(request, mailbox, mail, source, tree, show),
    }
    return render(request, "sending/mailbox_mail.html", context)


def show_preview(request: HttpRequest, mailbox: Mailbox, captured_id: uuid.UUID) -> HttpResponse:
    """The HTML part alone, for the sandboxed frame."""
    reading = read_mail(_for_reader(mailbox, find(mailbox, captured_id)).source)
    if not reading.html:
        raise Http404
    return preview_response(reading)


def show_source_file(request: HttpRequest, mailbox: Mailbox, captured_id: uuid.UUID) -> HttpResponse:
    """The mail as a file, byte for byte as it arrived unless secrets of its links are hidden from the reader."""
    shown = _for_reader(mailbox, find(mailbox, captured_id))
    return source_response(shown.source, f"{captured_id}-links-hidden" if shown.is_changed else str(captured_id))


def show_part(request: HttpRequest, mailbox: Mailbox, captured_id: uuid.UUID, number: int) -> HttpResponse:
    """One part as a file to keep. Its type is never told to the browser, which so neither shows nor runs it."""
    parts = read_tree(_for_reader(mailbox, find(mailbox, captured_id)).source).leaves
    part = next((one for one in parts if one.number == number), None)
    if part is None:
        raise Http404
    response = HttpResponse(part.octets, content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, _file_name(part)) or "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _for_reader(mailbox: Mailbox, mail: CapturedMail) -> HiddenMail:
    """The source as the mailbox may be read."""
    sandbox = mailbox.sandbox
    if not mailbox.reads_links and sandbox is not None and hides_links(sandbox.account_id, mail.stream or ""):
        return hide(mail.message)
    return HiddenMail(mail.message, is_changed=False)


def _content(
    request: HttpRequest, mailbox: Mailbox, mail: CapturedMail, source: bytes, tree: MimeTree, show: str
) -> dict[str, object]:
    """What the chosen tab needs."""
    match show:
        case "html":
            width = request.GET.get("width", "")
            width = width if width in WIDTHS else WIDTHS[0]
            words = {"wide": _("Wide"), "phone": _("Phone")}
            return {
                "width": width,
                "widths": [(words[one], f"?show=html&width={one}", one == width) for one in WIDTHS],
            }
        case "text":
            return {"part": _shown(tree.text)}
        case "markup":
            return {"part": _shown(tree.html)}
        case "headers":
            return {"reading": {"headers": read_headers(source)}, "raw_head": show_source(split(source)[0])}
        case "source":
            return {"source": show_source(source), "source_url": f"{mailbox.url}{mail.pk}/source/"}
        case _:
            parts = [(part, min(part.depth, DEEPEST)) for part in tree.parts]
            return {"statements": authenticate(mail, mail.message), "parts": parts}


def _shown(part: Part | None) -> Source:
    """The beginning of a part's text, with its whole size."""
    return Source(part.text[:SHOWN_SOURCE], len(part.octets)) if part else Source("", 0)


def _tabs(
    request: HttpRequest, tree: MimeTree, findings: list[Finding]
) -> tuple[str, list[tuple[str, str, bool, int | None]]]:
    """The chosen one, and all: word, address, whether it is that one, a count."""
    words = {
        "html": _("HTML"),
        "text": _("Text"),
        "checks": _("Checks"),
        "markup": _("HTML source"),
        "headers": _("Headers"),
        "source": _("Source"),
    }
    absent = ({"html", "markup"} if tree.html is None else set()) | ({"text"} if tree.text is None else set())
    keys = [key for key in words if key not in absent]
    asked = request.GET.get("show", "")
    show = asked if asked in keys else keys[0]
    counts = {"checks": len([one for one in findings if one.tone != "neutral"]) or None}
    return show, [(words[key], f"?show={key}", key == show, counts.get(key)) for key in keys]


def _recipients(mail: CapturedMail) -> list[Recipients]:
    named = mail.recipients or [[RecipientKind.TO.value, mail.recipient]]
    by_kind = {kind: [address for one, address in named if one == kind] for kind in RecipientKind}
    return [
        Recipients(str(kind.label), addresses[:SHOWN_RECIPIENTS], addresses[SHOWN_RECIPIENTS:])
        for kind, addresses in by_kind.items()
        if addresses
    ]


def _stream(mail: CapturedMail) -> Stream | None:
    """Mail of the development route is known by the message whose return path it bears."""
    if mail.sandbox_id is not None:
        return Stream(mail.stream) if mail.stream else None
    message_id = return_path.decode(mail.mail_from.partition("@")[0], settings.RETURN_PATH_KEY)
    found = Message.objects.filter(pk=message_id).values_list("stream", flat=True).first() if message_id else None
    return Stream(found) if found else None


def _file_name(part: Part) -> str:
    """A name without folders; what browsers show of a name ends at its first control character."""
    name = "".join(one for one in part.filename.replace("\\", "/").rpartition("/")[2] if one.isprintable()).strip(". ")
    return name[:200] or f"part-{part.number}"
