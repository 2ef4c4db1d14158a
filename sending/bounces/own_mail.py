"""Keeps what comes to abuse@ and postmaster@ (RFC 2142, RFC 5321 4.5.1) for staff, bounded: anybody may write there.

Nothing is answered, so no loop of mail can begin here.
"""

from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import structlog
from django.utils import timezone

from accounts.models import User
from sending.listener.incoming import IncomingMail
from sending.models import IncomingReport
from sending.protocol.message_head import parse_head, split
from sending.protocol.mime_tree import readable
from sending.protocol.smtp_path import Path

log = structlog.get_logger(__name__)

MOST_OPEN = 1_000
"""From then on senders are asked to come again, until staff have read some."""
MOST_READ = 256 * 1024
"""Octets of a mail that are looked at."""
MOST_TEXT = 20_000
KEPT = timedelta(days=90)
"""After it was done."""


class MailboxFull(Exception):
    """The mx defers the mail."""


def take_own_mail(mail: IncomingMail, recipient: Path) -> None:
    """Keeps one mail. Raises MailboxFull."""
    if IncomingReport.objects.filter(done_at=None).values("pk")[:MOST_OPEN].count() >= MOST_OPEN:
        raise MailboxFull
    content = mail.content[:MOST_READ]
    head, _body = split(content)
    report = IncomingReport.objects.create(
        mailbox=recipient.local_part.lower(),
        reverse_path=_plain(mail.reverse_path.address)[:320],
        client_ip=mail.client_ip,
        subject=_plain(_subject(content) or readable(parse_head(head).first("Subject") or ""))[:500],
        text=_plain(text_of(content))[:MOST_TEXT],
    )
    log.info("own_mail_kept", report=report.pk, mailbox=report.mailbox, octets=len(mail.content))


def done(report_id: int, by: User, now: datetime | None = None) -> bool:
    """Staff have read it; False where somebody had. What was done long ago goes."""
    moment = now or timezone.now()
    claimed = IncomingReport.objects.filter(pk=report_id, done_at=None).update(done_at=moment, done_by=by)
    IncomingReport.objects.filter(done_at__lt=moment - KEPT).delete()
    return bool(claimed)


def text_of(content: bytes) -> str:
    """The text that a reader is shown, plain before HTML; what cannot be read as mail is its octets after the head."""
    try:
        message = BytesParser(policy=policy.default).parsebytes(content)
        assert isinstance(message, EmailMessage)
        body = message.get_body(preferencelist=("plain", "html"))
        if body is not None:
            return str(body.get_content())
    except Exception:  # whatever strangers write, the parser may choke on it
        log.info("own_mail_unreadable", octets=len(content))
    return readable(split(content)[1])


def _subject(content: bytes) -> str:
    try:
        return str(BytesParser(policy=policy.default).parsebytes(split(content)[0], headersonly=True)["Subject"] or "")
    except Exception:
        return ""


def _plain(text: str) -> str:
    """As PostgreSQL keeps it."""
    return readable(text.replace("\0", ""))
