"""The bytes that leave: a pure function of stored facts, so that the source shown later is what was sent.

Trace fields and Message-ID were settled at acceptance, and so was Date, unless the mail was scheduled and moved since;
what differs for each recipient is added here, and the DKIM signature comes last.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256

from django.conf import settings
from django.utils.translation import gettext as _

from domains.models import DkimKey
from sending.delivery.sign import Signer, signers
from sending.models import Content, Message, RecipientKind, Submission
from sending.models.identifiers import time_of
from sending.protocol import return_path
from sending.protocol.message_head import join, parse_head, split


class CannotCompose(Exception):
    """A fact that the message is made of is gone; `sentence` is for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Composed:
    """What goes over the wire, and the hash that the attempt keeps."""

    message: bytes
    sha256: bytes


def compose(
    stored: bytes,
    *,
    signer: Signer,
    submission_id: uuid.UUID,
    send_at: datetime | None = None,
    copy_header: str | None = None,
) -> Composed:
    """The final bytes of a stored content. The signature's time is the moment of acceptance, which the id carries, or
    the time that was chosen for it to leave. `copy_header` is the line, without its end, that marks this as a copy."""
    accepted_at = time_of(submission_id)
    if send_at is not None:
        stored = _dated(stored, accepted_at, send_at)
    if copy_header is not None:
        stored = b"%b\r\n%b" % (copy_header.encode("ascii"), stored)
    message = signer.sign(stored, timestamp=int((send_at or accepted_at).timestamp()))
    return Composed(message, sha256(message).digest())


def _dated(stored: bytes, accepted_at: datetime, send_at: datetime) -> bytes:
    """A Date that lay ahead at acceptance names the time that was chosen then, and moves with it; another one stays."""
    head, body = split(stored)
    fields = parse_head(head).fields
    date = next((field for field in fields if field.name == b"date"), None)
    try:
        moves = date is not None and parsedate_to_datetime(date.value) > accepted_at
    except (TypeError, ValueError, OverflowError):
        moves = False
    if not moves:
        return stored
    moved = b"Date: %b\r\n" % format_datetime(send_at.astimezone(UTC)).encode("ascii")
    return join(b"".join(moved if field is date else field.raw for field in fields), body)


def reverse_path(message_id: uuid.UUID, return_path_domain: str) -> str:
    """The envelope sender of one message: a signed local part at the domain's own return-path name."""
    return f"{return_path.encode(message_id, settings.RETURN_PATH_KEY)}@{return_path_domain}"


def source_of(message: Message) -> bytes:
    """The message byte for byte as it leaves or left. Raises `CannotCompose` once its content or its domain is gone."""
    submission = Submission.objects.filter(pk=message.submission_id).only("content_id", "copy_header").first()
    content = Content.objects.filter(pk=submission.content_id).first() if submission is not None else None
    if submission is None or content is None:
        raise CannotCompose(_("The content of this message is no longer stored."))
    key_id = DkimKey.objects.filter(domain=message.domain_id).order_by("selector").values_list("pk", flat=True).first()
    signer = signers({key_id}).get(key_id) if key_id is not None else None
    if signer is None:
        raise CannotCompose(_("The sending domain of this message has no signing key any more."))
    composed = compose(
        content.message,
        signer=signer,
        submission_id=message.submission_id,
        send_at=message.send_at,
        copy_header=submission.copy_header if message.kind == RecipientKind.AUTO_BCC else None,
    )
    return composed.message
