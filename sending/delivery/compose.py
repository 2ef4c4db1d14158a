"""The bytes that leave: a pure function of stored facts, so that the source shown later is what was sent.

Trace fields and Message-ID were settled at acceptance, and so was Date, unless the mail was scheduled and moved since,
and what is added of ours. What differs for each recipient is put in here, and the DKIM signature comes last.
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
from sending.protocol.additions import Additions
from sending.protocol.message_head import join, parse_head, split
from sending.protocol.recipient_links import RecipientRef
from sending.protocol.template import Addresses, template
from sending.protocol.tracked_mime import compile_mail


@dataclass(frozen=True, slots=True)
class Composed:
    """What goes over the wire, and the hash that the attempt keeps."""

    message: bytes
    sha256: bytes


class Mail:
    """What the recipients of a submission share: its content, read once."""

    __slots__ = ("_signed_at", "_template")

    def __init__(
        self,
        stored: bytes,
        *,
        submission_id: uuid.UUID,
        send_at: datetime | None = None,
        copy_header: str | None = None,
        additions: Additions | None = None,
    ) -> None:
        """`copy_header` is the line, without its end, that marks this as a copy."""
        accepted_at = time_of(submission_id)
        if send_at is not None:
            stored = _dated(stored, accepted_at, send_at)
        if copy_header is not None:
            stored = b"%b\r\n%b" % (copy_header.encode("ascii"), stored)
        self._signed_at = int((send_at or accepted_at).timestamp())
        self._template = template([stored]) if additions is None else compile_mail(stored, additions)

    @property
    def is_same_for_all(self) -> bool:
        """Whether it needs nobody's addresses."""
        return self._template.is_same_for_all

    def signed(self, signer: Signer, second: Signer | None = None, addresses: Addresses | None = None) -> Composed:
        """The final bytes. The signature's time is the moment of acceptance, which the id carries, or the time that
        was chosen for it to leave. `second` signs as well. Raises `domains.dkim.SigningError`."""
        message = signer.sign(self._template.fill(addresses), self._signed_at, second)
        return Composed(message, sha256(message).digest())


def addresses_of(
    additions: Additions, recipient: RecipientRef, return_path_domain: str, key: bytes | None = None
) -> Addresses:
    """The addresses in one recipient's mail, sealed with `key` or the one that seals now."""
    return Addresses(
        recipient,
        base=additions.base,
        key=key or settings.RECIPIENT_LINK_KEYS[0],
        return_path_domain=return_path_domain,
        return_path_key=settings.RETURN_PATH_KEY,
    )


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
