"""The body of a request as draft of its mail, or why there is none."""

import uuid

from django.utils import timezone

from accounts.authentication import TokenIdentity
from sending.api.send import whole_message
from sending.api.send.admission import refuse_head
from sending.api.send.answers import Answer, failure
from sending.api.send.asked import Asked, Composed
from sending.api.send.body.mail import Mail, read_mail
from sending.api.send.body.recipients import KINDS
from sending.models import Door, Stream
from sending.policy.fault import Fault, FaultCode, Problem
from sending.protocol.mime import MailParts, build
from sending.protocol.mime_headers import HeaderError
from sending.submission.draft import Draft, Idempotency


def read_draft(asked: Asked, identity: TokenIdentity, body: bytes) -> Composed | Answer:
    """The composed draft, or why there is none. Takes some milliseconds for a large body."""
    if (refused := refuse_head(asked, whole_message.CONTENT_TYPE)) is not None:
        return refused
    if asked.content_type == whole_message.CONTENT_TYPE:
        composed = whole_message.read_raw(asked, identity, body)
    else:
        mail = read_mail(body)
        if isinstance(mail, list):
            return failure(*mail)
        composed = compose_asked(mail, asked, identity, asked.idempotency("send", body, key=mail.idempotency_key))
    return composed.bound_for(asked.sandbox_id) if isinstance(composed, Composed) else failure(composed)


def compose_asked(
    mail: Mail, asked: Asked, identity: TokenIdentity, idempotency: Idempotency | None
) -> Composed | Problem:
    """The mail as draft, or what cannot be put into a header."""
    try:
        draft = compose(mail, identity, asked.stream, asked.client_ip or None, idempotency)
    except HeaderError as error:
        return Fault(FaultCode.HEADER_INVALID, f"'{error.field}' is invalid: {error.why}")
    return Composed(draft, mail.report)


def compose(
    mail: Mail, identity: TokenIdentity, stream: Stream, client_ip: str | None, idempotency: Idempotency | None = None
) -> Draft:
    """The composed draft. Raises HeaderError for what cannot be put into a header."""
    unique = uuid.uuid4()
    parts = MailParts(
        from_=mail.from_,
        to=mail.recipients["to"],
        cc=mail.recipients["cc"],
        reply_to=mail.reply_to,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        attachments=mail.attachments,
        headers=mail.headers,
        # Readers sort by Date: a mail that waits is of the day on which it comes.
        date=mail.send_at or timezone.now(),
        message_id=f"<{unique}@{mail.from_.address.ascii_domain}>",
        boundary_seed=unique.bytes,
    )
    return Draft(
        account_id=identity.account_id,
        token_id=identity.token_id,
        stream=stream,
        door=Door.API,
        client_ip=client_ip,
        mail_from=mail.from_.address.wire,
        recipients=tuple((kind, one.address.wire) for kind in KINDS for one in mail.recipients[kind]),
        message=build(parts),
        category=mail.category,
        custom_variables=mail.custom_variables,
        smtputf8=parts.needs_smtputf8,
        send_at=mail.send_at,
        tracking=mail.tracking,
        idempotency=idempotency,
    )
