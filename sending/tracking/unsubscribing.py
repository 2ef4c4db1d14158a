"""Unsubscribing and taking it back: the suppression and the message's event, in one transaction."""

from datetime import datetime
from typing import Any

import structlog
from django.db import transaction

from mailtrap_site.wake import nudge
from sending.events.record import News, record_news
from sending.models import Event, Message
from sending.suppressions import opting_out
from sending.tracking.addresses import kept_ip
from sending.tracking.recipients import Recipient

log = structlog.get_logger(__name__)


@transaction.atomic
def unsubscribe(recipient: Recipient, now: datetime, client_ip: str = "") -> bool:
    """Whether the recipient was subscribed until now. Asked again and again, it happens once.

    `client_ip` is whole, and kept as the domain wants it; empty for what came by mail.
    """
    message = Message.objects.filter(pk=recipient.ref.message_id).first()
    place, stream = recipient.place, recipient.ref.stream
    entry = opting_out.unsubscribe(*place[:2], stream, place.email, message, now)
    if entry is None:
        return False
    if message is not None:
        details: dict[str, Any] = {"suppression": str(entry.pk)}
        if address := kept_ip(client_ip, recipient.domain.recipient_ips):
            details["web_ip_address"] = address
        record_news([News(message.pk, message.account_id, Event.Type.UNSUBSCRIBE, now, details)])
        nudge("sending.follow_events", queue="upkeep")
    log.info("unsubscribed", message=recipient.ref.message_id, domain=place.domain_id, stream=stream)
    return True


def is_unsubscribed(recipient: Recipient) -> bool:
    """Whether the recipient has unsubscribed from the stream."""
    place = recipient.place
    return opting_out.is_unsubscribed(place.account_id, place.domain_id, recipient.ref.stream, place.email)


def subscribe_again(recipient: Recipient) -> bool:
    """Takes it back; whether there was something to take back. The event stays: it happened."""
    place, stream = recipient.place, recipient.ref.stream
    is_done = opting_out.subscribe_again(recipient.account, place.domain_id, stream, place.email)
    if is_done:
        log.info("subscribed_again", message=recipient.ref.message_id, domain=place.domain_id, stream=stream)
    return is_done
