"""What bounces, complaints and unsubscriptions put on the list: a reader of the feed, so each counts exactly once."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from sending.events.feed import FedEvent
from sending.models import Event, Message, Submission, Suppression
from sending.replies.causes import cause_of
from sending.suppressions import same_address

READER = "suppressions"
SUPPRESSING = frozenset({"badrecipient", "overquota", "timeout"})
"""The contract's bounce categories that say something about the recipient. What a receiver holds against the sender,
its content or its pace never does."""

_TYPES = {
    Event.Type.BOUNCE: Suppression.Type.HARD_BOUNCE,
    Event.Type.SPAM: Suppression.Type.SPAM_COMPLAINT,
    Event.Type.UNSUBSCRIBE: Suppression.Type.UNSUBSCRIPTION,
}


def take(events: Sequence[FedEvent]) -> None:
    """Adds what these events lead to, in the caller's transaction. An entry that stands keeps its evidence."""
    leading = [event for event in events if leads_here(event.type, event.details)]
    if not leading:
        return
    messages = Message.objects.in_bulk({event.message_id for event in leading})
    submissions = Submission.objects.in_bulk({message.submission_id for message in messages.values()})
    Suppression.objects.bulk_create(
        [
            _entry(event, messages[event.message_id], submissions.get(messages[event.message_id].submission_id))
            for event in leading
            if event.message_id in messages
        ],
        ignore_conflicts=True,
    )


def leads_here(kind: str, details: Mapping[str, Any]) -> bool:
    """Whether such an event suppresses its recipient. One that names its `suppression` was written together with it,
    and the reader may have taken that back before the feed came here."""
    if kind == Event.Type.BOUNCE:
        return details.get("bounce_category") in SUPPRESSING
    if kind == Event.Type.UNSUBSCRIBE and "suppression" in details:
        return False
    return kind in _TYPES


def incident_of(details: Mapping[str, Any]) -> str:
    """What bounces of one cause have in common: the exchanger's operator and the words, with what differs between
    recipients left out."""
    return sha256("\n".join(cause_of(details)).encode()).hexdigest()[:32]


def _entry(event: FedEvent, message: Message, submission: Submission | None) -> Suppression:
    details = event.details
    is_bounce = event.type == Event.Type.BOUNCE
    return Suppression(
        account_id=event.account_id,
        domain_id=message.domain_id,
        stream=message.stream,
        email=same_address(message.recipient),
        type=_TYPES[Event.Type(event.type)],
        created_at=event.occurred_at,
        message_id=message.pk,
        event_id=event.id,
        rule=str(details.get("rule") or "")[:120] if is_bounce else "",
        incident=incident_of(details) if is_bounce else "",
        evidence=evidence_of(details, message, submission),
    )


def evidence_of(details: Mapping[str, Any], message: Message, submission: Submission | None) -> dict[str, Any]:
    """What an entry keeps of the message that led to it, since its row may go."""
    return {
        "bounce_category": details.get("bounce_category"),
        "category": message.category,
        "client_ip": str(submission.client_ip) if submission and submission.client_ip else None,
        "created_at": message.sent_at.isoformat(),
        "esp_response": details.get("email_service_provider_response"),
        "esp_server_type": details.get("email_service_provider"),
        "outgoing_ip": details.get("sending_ip"),
        "recipient_mx_name": details.get("recipient_mx"),
        "sender_email": message.from_address,
        "subject": message.subject,
        "response_code": details.get("response_code"),
    }
