"""A message of the log handed over once more: the same content, as a new submission that stands on its own."""

from dataclasses import dataclass
from hashlib import sha256

from django.utils import timezone
from django.utils.translation import gettext as _

from sending.models import Content, Door, Message, RecipientKind, Stream, Submission
from sending.models.identifiers import new_id
from sending.protocol.address import Address
from sending.protocol.message_head import split
from sending.protocol.sent_again import send_again
from sending.submission.draft import Draft, Idempotency, Tracking


class ContentGone(Exception):
    """Its content is not stored any more; the text is for people."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different this time; None is as it was."""

    to: Address | None = None
    subject: str | None = None


def draft_again(message: Message, changes: Changes, *, key: str, client_ip: str | None) -> Draft:
    """The hand-over to this one recipient. With the same `key` it is accepted once, however often it is handed over.

    Raises ContentGone, and HeaderError for a subject that no header can hold.
    """
    submission = Submission.objects.filter(pk=message.submission_id).first()
    content = Content.objects.filter(pk=submission.content_id).first() if submission else None
    if submission is None or content is None:
        raise ContentGone(_("The content of this message is no longer stored."))
    recipient = message.recipient if changes.to is None else str(changes.to)
    submission_id = new_id()
    composed = send_again(
        content.message,
        date=timezone.now(),
        message_id=f"{submission_id}@{message.from_address.rpartition('@')[2]}",
        to=None if changes.to is None else changes.to.wire,
        subject=changes.subject,
    )
    asked = f"{message.pk} {recipient} {changes.subject}"
    return Draft(
        account_id=message.account_id,
        token_id=None,
        stream=Stream(message.stream),
        door=Door.INTERNAL,
        client_ip=client_ip,
        mail_from=submission.mail_from,
        recipients=((RecipientKind.TO, recipient),),
        message=composed,
        category=submission.category,
        custom_variables=submission.custom_variables,
        smtputf8=not split(composed)[0].isascii(),
        submission_id=submission_id,
        tracking=Tracking(submission.track_opens, submission.track_clicks),
        idempotency=Idempotency(f"again-{key}", sha256(asked.encode()).digest()),
    )
