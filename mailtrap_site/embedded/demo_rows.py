"""Plants a planned week: the rows that acceptance, delivery and later news would have left, counted by the meter's own
writer and by the balance itself, so that nothing differs."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import Account, ApiToken
from billing import metering
from billing.fitting import Demand
from billing.terms import terms_of
from domains.models import SendingDomain
from mailtrap_site.embedded.demo_week import GREYLISTED, OK, Fate, Planned
from sending.delivery.evidence import Contact, Ending, result_of
from sending.events.lifecycle import EVENT_OF_OUTCOME, STATUS_OF_OUTCOME
from sending.events.record import EventRow, insert_events
from sending.log import balance_check
from sending.log.balance import hour_of
from sending.models import (
    PARKED,
    Attempt,
    Content,
    Door,
    Event,
    Hold,
    Message,
    MessageStatus,
    QueueEntry,
    RecipientKind,
    Submission,
)
from sending.models.content import pack
from sending.models.identifiers import id_at
from sending.models.partitions import WEEK, make_partitions
from sending.models.statements import raw_cursor
from sending.protocol.reply import Reply
from sending.protocol.smtp_client_events import Direction, TranscriptLine
from sending.queue.claim import Claim
from sending.queue.permission import Stop
from sending.replies.classify import Phase, classify
from sending.replies.providers import provider_of
from sending.submission.rows import content_id

OUR_ADDRESS, THEIR_ADDRESS, READER = "192.0.2.10", "198.51.100.25", "203.0.113.7"
"""Of documentation (RFC 5737)."""
E = Event.Type


@dataclass(slots=True)
class _Rows:
    """What is written, by table."""

    submissions: list[Submission] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    queued: list[QueueEntry] = field(default_factory=list)
    accepted: list[Event] = field(default_factory=list)
    news: list[EventRow] = field(default_factory=list)


def plant(account: Account, domain: SendingDomain, token: ApiToken, mails: Sequence[Planned], now: datetime) -> int:
    """Writes the mails, in one transaction; returns how many. The account must have been there since the first."""
    make_partitions(now - WEEK)
    log_days = terms_of(account, now).log_days
    rows = _Rows()
    for mail in mails:
        _Mail(mail, account, domain, token, log_days, now).add_to(rows)
    with transaction.atomic():
        Submission.objects.bulk_create(rows.submissions)
        Content.objects.bulk_create(rows.contents)
        Message.objects.bulk_create(rows.messages)
        Attempt.objects.bulk_create(rows.attempts)
        QueueEntry.objects.bulk_create(rows.queued)
        Event.objects.bulk_create(rows.accepted)
        insert_events(raw_cursor(), sorted(rows.news, key=lambda row: row.id))
        _meter(account, domain, token, mails, now)
        for hour in sorted({hour_of(mail.at) for mail in mails}):
            balance_check.count(hour, now)
    return len(mails)


def _meter(account: Account, domain: SendingDomain, token: ApiToken, mails: Sequence[Planned], now: datetime) -> None:
    """As if each had been accepted in its time."""
    # What was sent has fitted into the hours and days.
    terms = replace(terms_of(account, now), emails_per_hour=None, emails_per_day=None)
    counted = Counter((mail.at.astimezone(UTC).date(), mail.stream) for mail in mails)
    moments = {mail.at.astimezone(UTC).date(): mail.at for mail in mails}
    for (day, stream), number in sorted(counted.items()):
        demand = Demand(account.pk, number, domain.name, stream.value, token.pk)
        metering.reserve(raw_cursor(), [demand], {account.pk: terms}, moments[day])


class _Mail:
    """One planned mail on its way into rows."""

    def __init__(
        self, mail: Planned, account: Account, domain: SendingDomain, token: ApiToken, log_days: int, now: datetime
    ) -> None:
        self.mail, self.account, self.domain, self.now = mail, account, domain, now
        self.content_id = content_id(mail.at, log_days)
        source = _source(mail, domain.name)
        self.submission = Submission(
            id=id_at(mail.at),
            account=account,
            domain=domain,
            token=token,
            stream=mail.stream,
            door=Door.API,
            client_ip=READER,
            mail_from=f"shop@{domain.name}",
            from_header=f"Demo Shop <shop@{domain.name}>",
            subject=mail.subject,
            rfc_message_id=f"<{uuid.uuid4()}@{domain.name}>",
            category=mail.category,
            custom_variables={},
            recipient_count=1,
            size=len(source),
            content_id=self.content_id,
        )
        self.content = Content(id=self.content_id, data=pack(source))
        self.message = Message(
            id=id_at(mail.at),
            submission=self.submission,
            account=account,
            domain=domain,
            stream=mail.stream,
            kind=RecipientKind.TO,
            recipient=mail.recipient,
            from_address=f"shop@{domain.name}",
            subject=mail.subject,
            category=mail.category,
            opens_count=mail.opens,
            clicks_count=mail.clicks,
        )
        self.hold: Hold | None = None
        self.attempts: list[Attempt] = []
        self.news: list[EventRow] = []

    def add_to(self, rows: _Rows) -> None:
        self._live()
        rows.submissions.append(self.submission)
        if self.content.expires_at > self.now:
            rows.contents.append(self.content)
        rows.messages.append(self.message)
        rows.attempts += self.attempts
        accepted = {"message": self.message, "account": self.account, "occurred_at": self.mail.at}
        rows.accepted.append(Event(id=self.message.pk, type=E.ACCEPTED, **accepted))
        rows.news += self.news
        if self.message.finished_at is None:
            rows.queued.append(self._queue_entry())

    def _live(self) -> None:
        """Everything that happens to it, in order."""
        soon = self.mail.at + timedelta(seconds=1.2)
        match self.mail.fate:
            case Fate.SUPPRESSED:
                self._tell(E.REJECT, soon, Stop("suppressed", said="hard bounce").details)
                self.message.status, self.message.finished_at = MessageStatus.REJECTED, soon
            case Fate.HELD:
                reason = "The demo keeps this one, to show what that looks like"
                self._tell(E.SUSPENSION, soon, {"code": "by_hand", "reject_reason": reason})
                self.message.status, self.hold = MessageStatus.HELD, Hold.BY_HAND
            case Fate.LATER:
                self._attempt(GREYLISTED, soon)
                self._attempt(OK, self.message.next_attempt_at or soon)
            case Fate.BOUNCED | Fate.WAITING:
                self._attempt(self.mail.reply, soon)
            case _:
                self._attempt(OK, soon)
        if self.message.status == MessageStatus.DELIVERED:
            self._after_delivery(self.message.finished_at or soon)

    def _attempt(self, reply: Reply, at: datetime) -> None:
        phase = Phase.FINAL_DOT if reply.is_positive else Phase.RCPT
        contact = Contact(
            host=self.mail.mx,
            ip=THEIR_ADDRESS,
            preference=10,
            source_ip=OUR_ADDRESS,
            tls="TLSv1.3 TLS_AES_256_GCM_SHA384, certificate valid",
            timing={"connect": 31, "tls": 58, "answer": 212},
        )
        ending = Ending(classify(reply, phase), phase, reply, is_local=False, conversation=self._said(reply))
        ends = at + timedelta(milliseconds=640)
        result = result_of(self._claim(), ending, contact, started_at=at, now=ends, content_sha256=None)
        outcome = result.evidence.outcome
        columns = {name: getattr(result.evidence, name) for name in _EVIDENCE}
        columns["conversation"] = [list(line) for line in result.evidence.conversation]
        attempt = Attempt(id=id_at(ends), message=self.message, account=self.account, number=result.number, **columns)
        self.attempts.append(attempt)
        self._tell(EVENT_OF_OUTCOME[outcome], ends, result.details, attempt.pk)
        message = self.message
        message.status, message.attempts = STATUS_OF_OUTCOME[outcome], result.number
        message.next_attempt_at, message.finished_at = result.retry_at, None if result.retry_at else ends
        message.reply, message.recipient_mx, message.sending_ip = result.evidence.reply, self.mail.mx, OUR_ADDRESS
        message.provider = provider_of(self.mail.mx)

    def _after_delivery(self, at: datetime) -> None:
        later = at + timedelta(minutes=7)
        match self.mail.fate:
            case Fate.CAME_BACK:
                verdict = classify(self.mail.reply, Phase.FINAL_DOT)
                details = {
                    "recipient_mx": self.mail.mx,
                    "sending_ip": OUR_ADDRESS,
                    "email_service_provider_status": self.mail.reply.enhanced,
                    "email_service_provider_response": self.mail.reply.text,
                    "bounce_category": verdict.category,
                    "response_code": self.mail.reply.code,
                    "cure": verdict.cure,
                    "rule": verdict.rule,
                    "reported_by": self.mail.mx,
                }
                self._tell(E.BOUNCE, later, details)
                self.message.status = MessageStatus.BOUNCED
            case Fate.COMPLAINED:
                self._tell(E.SPAM, later, {"spam_feedback_type": "abuse", "reported_by": "fbl.kite.example"})
                self.message.opted_out_at = later
            case Fate.LEFT:
                self._tell(E.UNSUBSCRIBE, later, {"web_ip_address": READER})
                self.message.opted_out_at = later
        for number in range(self.mail.opens):
            self._tell(E.OPEN, at + timedelta(minutes=4 + 9 * number), _read(number))
        for number in range(self.mail.clicks):
            url = f"https://{self.domain.name}/orders/"
            self._tell(E.CLICK, at + timedelta(minutes=5 + number), {"click_url": url} | _read(number))

    def _tell(self, kind: Event.Type, at: datetime, details: dict[str, Any], attempt: uuid.UUID | None = None) -> None:
        self.news.append(EventRow(id_at(at), self.message.pk, self.account.pk, kind, at, attempt, details))

    def _said(self, reply: Reply) -> tuple[TranscriptLine, ...]:
        server, client = Direction.SERVER, Direction.CLIENT
        greeting = f"220 {self.mail.mx} ESMTP"
        return (
            TranscriptLine(server, greeting),
            TranscriptLine(client, f"EHLO out.{self.domain.name}"),
            TranscriptLine(server, f"250-{self.mail.mx}\n250-PIPELINING\n250 STARTTLS"),
            TranscriptLine(client, f"RCPT TO:<{self.mail.recipient}>"),
            TranscriptLine(server, str(reply)),
        )

    def _queue_entry(self) -> QueueEntry:
        return QueueEntry(
            message=self.message,
            submission=self.submission,
            account=self.account,
            domain=self.domain,
            stream=self.mail.stream,
            destination=self.mail.recipient.rpartition("@")[2],
            due_at=PARKED if self.hold else self.message.next_attempt_at or self.now,
            attempts=self.message.attempts,
            hold=self.hold,
            pause_id=0 if self.hold else None,
        )

    def _claim(self) -> Claim:
        return Claim(
            message_id=self.message.pk,
            lease_owner=uuid.UUID(int=0),
            submission_id=self.submission.pk,
            account_id=self.account.pk,
            domain_id=self.domain.pk,
            stream=self.mail.stream,
            destination=self.mail.recipient.rpartition("@")[2],
            attempts=self.message.attempts,
            recipient=self.mail.recipient,
            needs_8bit=False,
            needs_smtputf8=False,
            size=self.submission.size,
            content_id=self.content_id,
            domain_name=self.domain.name,
            verification_label=None,
            dkim_key_id=None,
            ed25519_key_id=None,
            asks_when_uncertain=False,
            send_at=None,
        )


_EVIDENCE = (
    *("outcome", "phase", "started_at", "finished_at", "mx_host", "mx_ip", "mx_preference", "source_ip", "tls"),
    *("reply_code", "enhanced_code", "reply_text", "timing"),
)


def _read(number: int) -> dict[str, Any]:
    """The details of an opening or click, of which number 0 is the message's first."""
    return {"web_ip_address": READER} | ({} if number else {"first": True})


def _source(mail: Planned, domain: str) -> bytes:
    """The message as it was accepted."""
    lines = (
        f"From: Demo Shop <shop@{domain}>",
        f"To: {mail.recipient}",
        f"Subject: {mail.subject}",
        f"Date: {mail.at:%a, %d %b %Y %H:%M:%S} +0000",
        f"Message-ID: <{uuid.uuid4()}@{domain}>",
        "MIME-Version: 1.0",
        "Content-Type: text/html; charset=utf-8",
        "",
        f"<html><body><h1>{mail.subject}</h1><p>This is mail of the demo: {mail.category.lower()}.</p>",
        f'<p><a href="https://{domain}/orders/">See it in the shop</a></p></body></html>',
        "",
    )
    return "\r\n".join(lines).encode()
