"""The captured mailbox: what the local mx took in place of the world. Writes and reads; keeps the newest thousand."""

import uuid
from collections.abc import Sequence

from django.conf import settings
from django.db.models import QuerySet

from sending.listener.incoming import IncomingMail
from sending.models import CapturedMail, Message
from sending.models.content import pack
from sending.protocol import return_path
from sending.protocol.message_head import parse_head, split
from sending.protocol.mime_headers import decode_words

KEPT = 1000
PAGE = 50


def capture(mail: IncomingMail, recipient: str) -> CapturedMail:
    """Stores one recipient's copy, byte for byte as it arrived; committed when it returns."""
    head = parse_head(split(mail.content)[0])
    return CapturedMail.objects.create(
        mail_from=_text(mail.reverse_path.address, 320),
        recipient=_text(recipient, 320),
        helo=_text(mail.helo, 255),
        tls=mail.tls,
        subject=_text(decode_words(head.first("Subject") or "")),
        from_header=_text(decode_words(head.first("From") or "")),
        data=pack(mail.content),
    )


def newest(*, recipient: str = "", before: uuid.UUID | None = None, limit: int = PAGE) -> Sequence[CapturedMail]:
    """The newest mails first, without their data; `before` is the last id of the page before."""
    found = _without_data()
    if recipient:
        found = found.filter(recipient__iexact=recipient)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def find(captured_id: uuid.UUID) -> CapturedMail | None:
    """One mail with its data."""
    return CapturedMail.objects.filter(pk=captured_id).first()


def captured_copy(message: Message) -> CapturedMail | None:
    """The newest copy that this message left here, without its data; its signed return path tells."""
    local_part = return_path.encode(message.pk, settings.RETURN_PATH_KEY)
    found = _without_data().filter(recipient=message.recipient, mail_from__startswith=f"{local_part}@")
    return found.order_by("-pk").first()


def trim(keep: int = KEPT) -> int:
    """Deletes all but the newest `keep`; returns how many went."""
    oldest_kept = CapturedMail.objects.order_by("-pk").values_list("pk", flat=True)[keep - 1 : keep].first()
    if oldest_kept is None:
        return 0
    return CapturedMail.objects.filter(pk__lt=oldest_kept).delete()[0]


def _without_data() -> "QuerySet[CapturedMail]":
    return CapturedMail.objects.defer("data")


def _text(value: str, length: int | None = None) -> str:
    """Text that PostgreSQL takes: no NUL, no lone surrogate."""
    clean = value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    return clean[:length]
