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

from sending.delivery.sign import Signer
from sending.models.identifiers import time_of
from sending.protocol import return_path
from sending.protocol.message_head import join, parse_head, split


@dataclass(frozen=True, slots=True)
class Composed:
    """What goes over the wire, and the hash that the attempt keeps."""

    message: bytes
    sha256: bytes


def compose(
    stored: bytes,
    *,
    signer: Signer,
    second: Signer | None = None,
    submission_id: uuid.UUID,
    send_at: datetime | None = None,
    copy_header: str | None = None,
) -> Composed:
    """The final bytes of a stored content. The signature's time is the moment of acceptance, which the id carries, or
    the time that was chosen for it to leave. `second` signs as well; `copy_header` is the line, without its end, that
    marks this as a copy."""
    accepted_at = time_of(submission_id)
    if send_at is not None:
        stored = _dated(stored, accepted_at, send_at)
    if copy_header is not None:
        stored = b"%b\r\n%b" % (copy_header.encode("ascii"), stored)
    message = signer.sign(stored, int((send_at or accepted_at).timestamp()), second)
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
