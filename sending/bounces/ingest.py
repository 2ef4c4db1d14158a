"""Reports that reach a signed return path become events: a bounce after the delivery, a complaint. Others are noted.

The signature proves that the report is about our message (DSN and ARF are believed only with it): without the key,
nobody can name a return path of ours that we have not given to the recipient's own servers.
"""

import uuid

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from sending.events.record import News, record_news
from sending.listener.incoming import IncomingMail
from sending.models import Event, Message, QueueEntry
from sending.protocol import return_path
from sending.protocol.reply import Reply
from sending.protocol.smtp_path import Path
from sending.replies.classify import Phase, classify
from sending.replies.providers import provider_of
from sending.replies.reports import Kind, Report, read_report

log = structlog.get_logger(__name__)

UNSAID = Reply(550, "5.0.0", ("The report does not say why",))
_EVENTS = {Kind.FAILED: Event.Type.BOUNCE, Kind.COMPLAINT: Event.Type.SPAM}


def take_report(mail: IncomingMail, recipient: Path) -> None:
    """Records what the mail reports about the message whose return path `recipient` is."""
    message_id = return_path.decode(recipient.local_part, settings.RETURN_PATH_KEY)
    if message_id is None:
        return
    report = read_report(mail.content)
    kind = _EVENTS.get(report.kind)
    recorded = kind is not None and _record_once(message_id, kind, report)
    log.info("report_received", message=message_id, kind=report.kind, size=len(mail.content), recorded=recorded)


@transaction.atomic
def _record_once(message_id: uuid.UUID, kind: Event.Type, report: Report) -> bool:
    """A message bounces once and is complained about once, however often it is reported."""
    # The queue entry first, as everywhere: a report may overtake the result of the very delivery that it is about.
    QueueEntry.objects.select_for_update().filter(pk=message_id).first()
    message = Message.objects.select_for_update().filter(pk=message_id).first()
    if message is None:
        return False
    # Events are younger than their message: the bound keeps older partitions out.
    if Event.objects.filter(message_id=message_id, id__gte=message_id, type=kind).exists():
        return False
    details = _of_bounce(message, report) if kind is Event.Type.BOUNCE else _of_complaint(report)
    record_news([News(message_id, message.account_id, kind, timezone.now(), details)])
    return True


def _of_bounce(message: Message, report: Report) -> dict[str, object]:
    """The contract's fields of a bounce; `reported_by` is ours."""
    reply = report.reply if report.reply is not None and report.reply.is_permanent else _final(report.reply)
    verdict = classify(reply, Phase.FINAL_DOT)
    details: dict[str, object] = {
        "sending_ip": message.sending_ip,
        "recipient_mx": report.remote_mta or message.recipient_mx,
        "email_service_provider": provider_of(message.recipient_mx),
        "email_service_provider_status": reply.enhanced,
        "email_service_provider_response": reply.text,
        "bounce_category": verdict.category,
        "response_code": reply.code,
        "cure": verdict.cure,
        "reported_by": report.reporting_mta or "report",
    }
    return details | ({"rule": verdict.rule} if verdict.rule else {})


def _final(reply: Reply | None) -> Reply:
    """What a server said while it was still trying, once it has given up: the words stand, the class is permanent."""
    if reply is None:
        return UNSAID
    enhanced = "5" + reply.enhanced[1:] if reply.enhanced else None
    return Reply(500 + reply.code % 100, enhanced, reply.lines)


def _of_complaint(report: Report) -> dict[str, object]:
    return {"spam_feedback_type": report.feedback_type, "reported_by": report.reporting_mta or "report"}
