"""Puts accepted messages into the queue as acceptance leaves them, for tests of what comes after."""

import uuid
from datetime import datetime, timedelta

from django.utils import timezone

from domains.models import SendingDomain
from sending.models import Content, Door, Message, QueueEntry, Stream, Submission
from sending.models.content import new_content_id, pack

MESSAGE = (
    b"Received: from client.test by platform.test with ESMTPSA; Sun, 22 Nov 2026 08:00:00 +0000\r\n"
    b"Date: Sun, 22 Nov 2026 08:00:00 +0000\r\n"
    b"Message-ID: <one@example.test>\r\n"
    b"From: News <news@example.test>\r\n"
    b"To: rita@recipient.test\r\n"
    b"Subject: Hello\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"\r\n"
    b"Hello Rita,\r\n.\r\nthis line stood after a dot.\r\n"
)


def queue_message(
    domain: SendingDomain,
    *recipients: str,
    stream: Stream = Stream.TRANSACTIONAL,
    due_at: datetime | None = None,
    message: bytes = MESSAGE,
) -> list[uuid.UUID]:
    """One submission from `news@` the domain; returns the message ids in the order of the recipients."""
    now = timezone.now()
    content = Content.objects.create(id=new_content_id(now + timedelta(days=3)), data=pack(message))
    submission = Submission.objects.create(
        account_id=domain.account_id,
        domain=domain,
        stream=stream,
        door=Door.API,
        mail_from=f"news@{domain.name}",
        from_header=f"News <news@{domain.name}>",
        subject="Hello",
        rfc_message_id="<one@example.test>",
        recipient_count=len(recipients),
        size=len(message),
        content=content,
    )
    rows = [
        Message(
            submission=submission,
            account_id=domain.account_id,
            domain=domain,
            stream=stream,
            kind="to",
            recipient=recipient,
            from_address=f"news@{domain.name}",
            subject="Hello",
        )
        for recipient in recipients
    ]
    Message.objects.bulk_create(rows)
    QueueEntry.objects.bulk_create(
        QueueEntry(
            message=row,
            submission=submission,
            account_id=domain.account_id,
            domain=domain,
            stream=stream,
            destination=row.recipient.rpartition("@")[2],
            due_at=due_at or now,
        )
        for row in rows
    )
    return [row.pk for row in rows]
