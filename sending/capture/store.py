"""The captured mailboxes, of sandboxes and of the development route: what was kept instead of delivered.

A mailbox is named by its sandbox's id, that of the development route by None. Each holds the newest mails, bounded in
number and in octets.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, F, Func, IntegerField, Q, QuerySet, Sum, TextField, Window
from django.db.models.functions import Cast, RowNumber

from sending.listener.incoming import IncomingMail
from sending.models import CapturedMail, Message
from sending.models.content import pack
from sending.protocol import return_path
from sending.protocol.message_head import parse_head, split
from sending.protocol.mime_headers import decode_words

KEPT = 1000
KEPT_OCTETS = 100_000_000
"""Of messages and recipients. The newest mail stays, whatever its size."""
PAGE = 50
PIECE = 500
"""Mails that one statement deletes; a sandbox takes no more in one go."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many mails a mailbox holds, and how many of them nobody has opened."""

    mails: int
    unread: int


def capture(mail: IncomingMail, recipient: str) -> CapturedMail:
    """Stores one recipient's copy on the development route, byte for byte as it arrived; committed when it returns."""
    head = parse_head(split(mail.content)[0])
    return CapturedMail.objects.create(
        mail_from=_text(mail.reverse_path.address, 320),
        recipient=_text(recipient, 320),
        helo=_text(mail.helo, 255),
        tls=mail.tls,
        subject=_text(decode_words(head.first("Subject") or "")),
        from_header=_text(decode_words(head.first("From") or "")),
        size=len(mail.content),
        data=pack(mail.content),
    )


def keep(sandbox_id: int, mails: Sequence[CapturedMail]) -> None:
    """Adds mails to a sandbox, whose oldest make room for them. For one writer of a sandbox at a time."""
    CapturedMail.objects.bulk_create(mails, batch_size=50)
    trim(sandbox_id)


def newest(
    sandbox_id: int | None, *, recipient: str = "", text: str = "", before: uuid.UUID | None = None, limit: int = PAGE
) -> Sequence[CapturedMail]:
    """The newest mails first, without their data; `before` is the last id of the page before.

    `recipient` is a whole address, `text` any part of a recipient, of From or of the subject. Each has `further`, the
    number of its recipients beyond the first, which is below 0 where they are not listed.
    """
    further = Func("recipients", function="jsonb_array_length", output_field=IntegerField()) - 1
    found = _without_data(sandbox_id).defer("data", "recipients").annotate(further=further)
    if recipient:
        found = found.filter(recipient__iexact=recipient)
    if text:
        found = found.annotate(everybody=Cast("recipients", TextField())).filter(
            Q(recipient__icontains=text)
            | Q(everybody__icontains=text)
            | Q(from_header__icontains=text)
            | Q(subject__icontains=text)
        )
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def tally(sandbox_id: int | None) -> Tally:
    """The whole mailbox in figures."""
    counted = _of(sandbox_id).aggregate(mails=Count("pk"), unread=Count("pk", filter=Q(is_read=False)))
    return Tally(counted["mails"], counted["unread"])


def find(sandbox_id: int | None, captured_id: uuid.UUID) -> CapturedMail | None:
    """One mail of this mailbox, with its data."""
    return _of(sandbox_id).filter(pk=captured_id).first()


def captured_copy(message: Message) -> CapturedMail | None:
    """The newest copy that this message left on the development route, without its data; its return path tells."""
    local_part = return_path.encode(message.pk, settings.RETURN_PATH_KEY)
    found = _without_data(None).filter(recipient=message.recipient, mail_from__startswith=f"{local_part}@")
    return found.order_by("-pk").first()


def mark_read(sandbox_id: int | None, captured_id: uuid.UUID | None = None) -> int:
    """Marks one mail, or all; returns how many were unread before."""
    unread = _of(sandbox_id).filter(is_read=False)
    return (unread if captured_id is None else unread.filter(pk=captured_id)).update(is_read=True)


def delete(sandbox_id: int | None, captured_id: uuid.UUID | None = None) -> int:
    """Deletes one mail, or all; returns how many went."""
    mails = _of(sandbox_id)
    return (mails if captured_id is None else mails.filter(pk=captured_id)).delete()[0]


def trim(sandbox_id: int | None, *, keep: int = KEPT, octets: int = KEPT_OCTETS) -> int:
    """Deletes what goes beyond the bounds, oldest first, at most `PIECE` by number; returns how many went."""
    newest_first = F("pk").desc()
    stored = F("size") + Func("recipients", function="pg_column_size", output_field=IntegerField())
    looked_at = _of(sandbox_id).order_by("-pk").values("pk")[: keep + PIECE]
    counted = CapturedMail.objects.filter(pk__in=looked_at).annotate(
        place=Window(RowNumber(), order_by=newest_first), octets=Window(Sum(stored), order_by=newest_first)
    )
    beyond = counted.filter(Q(place__gt=keep) | Q(octets__gt=octets), place__gt=1)
    gone = list(beyond.values_list("pk", flat=True))
    return CapturedMail.objects.filter(pk__in=gone).delete()[0] if gone else 0


def _of(sandbox_id: int | None) -> "QuerySet[CapturedMail]":
    return CapturedMail.objects.filter(sandbox=sandbox_id)


def _without_data(sandbox_id: int | None) -> "QuerySet[CapturedMail]":
    return _of(sandbox_id).defer("data")


def _text(value: str, length: int | None = None) -> str:
    """Text that PostgreSQL takes: no NUL, no lone surrogate."""
    clean = value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    return clean[:length]
