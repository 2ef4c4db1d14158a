"""Mail for the tests of pages and API, stored directly: what acceptance and delivery would have left behind."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from domains.models import SendingDomain
from sending.models import Attempt, Content, Door, Event, Message, MessageStatus, QueueEntry, Stream, Submission
from sending.models.content import new_content_id, pack
from sending.models.identifiers import id_at

S = MessageStatus
OUTCOMES: dict[str, tuple[str, str]] = {
    S.DELIVERED: (Attempt.Outcome.DELIVERED, Event.Type.DELIVERY),
    S.CAPTURED: (Attempt.Outcome.DELIVERED, Event.Type.DELIVERY),
    S.DEFERRED: (Attempt.Outcome.DEFERRED, Event.Type.SOFT_BOUNCE),
    S.UNCERTAIN: (Attempt.Outcome.UNCERTAIN, Event.Type.SOFT_BOUNCE),
    S.BOUNCED: (Attempt.Outcome.BOUNCED, Event.Type.BOUNCE),
}
REPLIES = {
    S.DELIVERED: (250, "2.0.0", "Ok: queued as 4XyZ", ""),
    S.CAPTURED: (250, "2.0.0", "Ok: queued as 4XyZ", ""),
    S.DEFERRED: (451, "4.7.1", "Greylisted, come back in a minute", "greylisting"),
    S.UNCERTAIN: (None, "4.4.2", "The line dropped", "transientfail"),
    S.BOUNCED: (550, "5.1.1", "The email account that you tried to reach does not exist.", "badrecipient"),
}
UNFINISHED = (S.SCHEDULED, S.QUEUED, S.DEFERRED, S.UNCERTAIN, S.HELD)


def make_message(
    domain: SendingDomain,
    recipient: str = "reader@far.test",
    *,
    status: str = S.DELIVERED,
    at: datetime | None = None,
    source: bytes | None = None,
    leased: bool = False,
    reply: tuple[int | None, str, str, str] | None = None,
    submission: dict[str, Any] | None = None,
    **fields: Any,
) -> Message:
    """One message of its own submission, accepted `at` (now), with the attempt and events of its status.

    `reply` is (code, enhanced code, text, bounce category); `fields` are columns of Message, `submission` those of
    Submission.
    """
    accepted_at = at or datetime.now(UTC)
    content = source or make_source(domain, recipient, fields.get("subject", "Your order is on its way"))
    handed = _submission(domain, accepted_at, content, fields, submission or {})
    message = Message.objects.create(
        id=id_at(accepted_at),
        submission=handed,
        account_id=domain.account_id,
        domain=domain,
        recipient=recipient,
        status=status,
        **{"stream": handed.stream, "kind": "to", "from_address": f"shop@{domain.name}", "subject": handed.subject}
        | fields,
    )
    _tell(message, accepted_at, Event.Type.ACCEPTED, {})
    if status in OUTCOMES:
        _attempt(message, accepted_at + timedelta(seconds=1.8), reply or REPLIES[S(status)])
    if status in UNFINISHED:
        _queue(message, accepted_at, leased)
    return message


def make_event(message: Message, kind: str, details: dict[str, Any] | None = None) -> Event:
    """Later news about a message; unsubscribing and spam reports mark it as opted out."""
    event = _tell(message, message.sent_at + timedelta(minutes=5), kind, details or {})
    if kind in (Event.Type.UNSUBSCRIBE, Event.Type.SPAM):
        Message.objects.filter(pk=message.pk).update(opted_out_at=event.occurred_at)
        message.refresh_from_db()
    return event


def make_source(domain: SendingDomain, recipient: str, subject: str) -> bytes:
    """A message with a text, an HTML part and an attachment."""
    lines = (
        f"From: Shop <shop@{domain.name}>",
        f"To: {recipient}",
        f"Subject: {subject}",
        "Message-ID: <1@example.test>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="=_outer"',
        "",
        "--=_outer",
        'Content-Type: multipart/alternative; boundary="=_inner"',
        "",
        "--=_inner",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "It left this morning. Follow it at https://shop.test/orders/58213",
        "--=_inner",
        "Content-Type: text/html; charset=utf-8",
        "",
        "<html><head></head><body><h1>It left this morning</h1>",
        '<p><a href="https://shop.test/">Follow it</a></p></body></html>',
        "--=_inner--",
        "--=_outer",
        'Content-Type: application/pdf; name="invoice.pdf"',
        'Content-Disposition: attachment; filename="invoice.pdf"',
        "Content-Transfer-Encoding: base64",
        "",
        "JVBERi0xLjQ=",
        "--=_outer--",
        "",
    )
    return "\r\n".join(lines).encode()


def _submission(
    domain: SendingDomain, at: datetime, source: bytes, fields: dict[str, Any], given: dict[str, Any]
) -> Submission:
    content = Content.objects.create(id=new_content_id(at + timedelta(days=3)), data=pack(source))
    values = {
        "stream": fields.get("stream", Stream.TRANSACTIONAL),
        "door": Door.API,
        "client_ip": "203.0.113.40",
        "mail_from": f"shop@{domain.name}",
        "from_header": f"Shop <shop@{domain.name}>",
        "subject": fields.get("subject", "Your order is on its way"),
        "rfc_message_id": "<1@example.test>",
        "category": fields.get("category"),
        "recipient_count": 1,
        "size": len(source),
    }
    return Submission.objects.create(
        id=id_at(at), account_id=domain.account_id, domain=domain, content=content, **values | given
    )


def _attempt(message: Message, at: datetime, reply: tuple[int | None, str, str, str]) -> None:
    code, enhanced, text, category = reply
    outcome, kind = OUTCOMES[message.status]
    host = f"mx.{message.recipient.rpartition('@')[2]}"
    attempt = Attempt.objects.create(
        id=id_at(at),
        message=message,
        account_id=message.account_id,
        number=1,
        outcome=outcome,
        phase="rcpt",
        started_at=at - timedelta(seconds=1),
        finished_at=at,
        mx_host=host,
        mx_ip="192.0.2.25",
        mx_preference=10,
        source_ip="198.51.100.24",
        tls="TLSv1.3 TLS_AES_256_GCM_SHA384, certificate valid",
        reply_code=code,
        enhanced_code=enhanced,
        reply_text=text,
        conversation=_conversation(message, code, enhanced, text),
        timing={"connect": 38, "tls": 71, "answer": 164},
    )
    details: dict[str, Any] = {"sending_ip": "198.51.100.24", "recipient_mx": host, "email_service_provider": None}
    if category:
        details |= {
            "email_service_provider_status": enhanced,
            "email_service_provider_response": text,
            "bounce_category": category,
            "response_code": code,
        }
    _tell(message, at, kind, details, attempt)
    unfinished = message.status in UNFINISHED
    message.reply = " ".join(part for part in (str(code or ""), enhanced, text) if part)
    message.recipient_mx, message.sending_ip, message.attempts = host, "198.51.100.24", 1
    message.finished_at = None if unfinished else at
    message.next_attempt_at = at + timedelta(minutes=5) if unfinished else None
    message.save()


def _conversation(message: Message, code: int | None, enhanced: str, text: str) -> Sequence[tuple[str, str]]:
    return [
        ("S", f"220 {message.recipient.rpartition('@')[2]} ESMTP"),
        ("C", "EHLO out.platform.test"),
        ("S", "250-far.test\n250-PIPELINING\n250 STARTTLS"),
        ("C", f"MAIL FROM:<b-abc@mt.example.test> SIZE={18204}"),
        ("C", f"RCPT TO:<{message.recipient}>"),
        ("S", f"{code or 421} {enhanced} {text}"),
    ]


def _tell(message: Message, at: datetime, kind: str, details: dict[str, Any], attempt: Attempt | None = None) -> Event:
    return Event.objects.create(
        id=id_at(at),
        message=message,
        account_id=message.account_id,
        type=kind,
        occurred_at=at,
        attempt=attempt,
        details=details,
    )


def _queue(message: Message, at: datetime, leased: bool) -> None:
    QueueEntry.objects.create(
        message=message,
        submission_id=message.submission_id,
        account_id=message.account_id,
        domain_id=message.domain_id,
        stream=message.stream,
        destination=message.recipient.rpartition("@")[2],
        due_at=message.next_attempt_at or at,
        attempts=message.attempts,
        lease_owner=uuid.uuid4() if leased else None,
        lease_until=datetime.now(UTC) + timedelta(minutes=2) if leased else None,
    )
