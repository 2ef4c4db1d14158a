"""What a mail says, as its parts have it and as two parsers that we did not write read it."""

import base64
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import getaddresses
from typing import Any

from mailtrap_site.testing.outside import NODE_DIR
from sending.protocol.address import Mailbox
from sending.protocol.mime import MailParts

People = tuple[tuple[str, str], ...]
"""(display name, address)."""


@dataclass(frozen=True, slots=True)
class File:
    """An attachment, `content_id` in angle brackets."""

    filename: str
    type: str
    parameters: dict[str, str]
    disposition: str | None
    content_id: str | None
    content: Any


@dataclass(frozen=True, slots=True)
class Said:
    """`texts` are the bodies, plain before HTML, with LF as line end and without the last; `shape` such as
    `mixed(alternative(plain, html), file)`."""

    people: dict[str, People]
    subject: str
    date: datetime
    message_id: str
    shape: str
    texts: tuple[str, ...]
    files: tuple[File, ...]


def said_by(parts: MailParts) -> Said:
    """What readers should find; line ends may change, and blanks around a name or a subject."""
    inline = [one for one in parts.attachments if _is_inline(parts, one)]
    others = [one for one in parts.attachments if not _is_inline(parts, one)]
    texts = [text for text in (parts.text, parts.html) if text is not None]
    texts = texts if texts or others else [""]
    return Said(
        people={
            "From": _people((parts.from_,)),
            "To": _people(parts.to),
            "Cc": _people(parts.cc),
            "Reply-To": _people(parts.reply_to),
        },
        subject=parts.subject.strip(),
        date=parts.date.astimezone(UTC),
        message_id=f"<{parts.message_id}>",
        shape=_expected_shape(parts, len(inline), len(others)),
        texts=tuple(_text(text) for text in texts),
        files=tuple(
            File(
                filename=one.filename.strip(),
                type=one.content_type.partition(";")[0],
                parameters=_parameters(one.content_type),
                disposition=one.disposition,
                content_id=f"<{one.content_id}>" if one.content_id else None,
                content=one.content,
            )
            for one in (*inline, *others)
        ),
    )


def _text(text: str) -> str:
    return re.sub("\r\n|\r", "\n", text).removesuffix("\n")


def _parameters(content_type: str) -> dict[str, str]:
    parameters: Mapping[str, str] = policy.default.header_factory("Content-Type", content_type).params
    return dict(parameters)


def _people(mailboxes: tuple[Mailbox, ...]) -> People:
    return tuple((one.name.strip(), one.address.wire) for one in mailboxes)


def _is_inline(parts: MailParts, one: Any) -> bool:
    return parts.html is not None and one.disposition == "inline" and bool(one.content_id)


def _expected_shape(parts: MailParts, inline: int, others: int) -> str:
    bodies = [kind for kind, text in (("plain", parts.text), ("html", parts.html)) if text is not None]
    level = [f"alternative({', '.join(bodies)})"] if len(bodies) > 1 else bodies
    if inline:
        level = [f"related({', '.join(level + ['file'] * inline)})"]
    if others:
        level = [f"mixed({', '.join(level + ['file'] * others)})"]
    return level[0] if level else "plain"


class StandardLibrary:
    """Python's own parser."""

    def read(self, message: bytes) -> Said:
        parsed = message_from_bytes(message, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        leaves = [part for part in parsed.walk() if not part.is_multipart()]
        assert not any(part.defects for part in parsed.walk())
        return Said(
            people={name: _standard_people(message, name) for name in ("From", "To", "Cc", "Reply-To")},
            subject=parsed["Subject"].strip(),
            date=parsed["Date"].datetime.astimezone(UTC),
            message_id=parsed["Message-ID"],
            shape=_standard_shape(parsed),
            texts=tuple(
                _text(part.get_payload(decode=True).decode())
                for part in leaves
                if part.get_content_disposition() is None
            ),
            files=tuple(
                File(
                    filename=part["Content-Disposition"].params.get("filename", "").strip(),
                    type=part.get_content_type(),
                    parameters=dict(part["Content-Type"].params),
                    disposition=part.get_content_disposition(),
                    content_id=part["Content-ID"],
                    content=part.get_payload(decode=True),
                )
                for part in leaves
                if part.get_content_disposition() is not None
            ),
        )


def _standard_people(message: bytes, name: str) -> People:
    """By the older of its two header readers: the newer leaves a blank between the encoded-words of one name."""
    fields = message_from_bytes(message, policy=policy.compat32.clone(), _class=Message).get_all(name, [])
    unfolded = [re.sub("\r?\n(?=[ \t])", "", str(field)) for field in fields]
    return tuple(
        (str(make_header(decode_header(phrase))).strip(), address)
        for phrase, address in getaddresses(unfolded)
        if address
    )


def _standard_shape(part: Any) -> str:
    if not part.is_multipart():
        return part.get_content_subtype() if part.get_content_disposition() is None else "file"
    inside = ", ".join(_standard_shape(one) for one in part.iter_parts())
    return f"{part.get_content_subtype()}({inside})"


class Mailparser:
    """The npm package of that name, one process for all mails."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def read(self, message: bytes) -> Said:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(base64.b64encode(message) + b"\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        leaves = _leaves(found["body"])
        return Said(
            people={
                name: tuple((person[0].strip(), person[1]) for person in found[key] if person)
                for name, key in (("From", "from"), ("To", "to"), ("Cc", "cc"), ("Reply-To", "reply_to"))
            },
            subject=found["subject"].strip(),
            date=datetime.fromisoformat(found["date"]),
            message_id=found["message_id"],
            shape=_foreign_shape(found["body"]),
            texts=tuple(_text(leaf.get("text", "")) for leaf in leaves if "disposition" not in leaf),
            files=tuple(
                File(
                    filename=leaf.get("filename", "").strip(),
                    type=leaf["type"],
                    parameters=leaf["parameters"],
                    disposition=leaf["disposition"],
                    content_id=leaf.get("content_id"),
                    content=base64.b64decode(leaf.get("content", "")),
                )
                for leaf in leaves
                if "disposition" in leaf
            ),
        )


@contextmanager
def mailparser_running() -> Iterator[Mailparser]:
    """A `Mailparser` whose process ends with the block."""
    command = ["node", str(NODE_DIR / "read_mails.js")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Mailparser(process)


def _leaves(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [leaf for one in part["parts"] for leaf in _leaves(one)] if part["parts"] else [part]


def _foreign_shape(part: dict[str, Any]) -> str:
    subtype = part["type"].partition("/")[2]
    if not part["parts"]:
        return "file" if "disposition" in part else subtype
    return f"{subtype}({', '.join(_foreign_shape(one) for one in part['parts'])})"
