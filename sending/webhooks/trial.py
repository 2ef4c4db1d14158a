"""A made-up event of each kind, posted while somebody waits: does the customer's server answer 200?"""

import uuid
from collections.abc import Mapping
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone

from sending.models import WebhookDelivery, WebhookEndpoint
from sending.models.content import pack
from sending.models.identifiers import new_id
from sending.webhooks.claim import request_of, write_attempt
from sending.webhooks.payloads import EVENT_TYPES, NAMES, Told, render
from sending.webhooks.posting import Posted, post

SECONDS = 10.0
"""Less than for real events: somebody is looking at the page."""
_BOUNCE = {
    "email_service_provider_status": "5.1.1",
    "email_service_provider_response": "The email account that you tried to reach does not exist",
    "response_code": 550,
    "bounce_category": "badrecipient",
}
_READER = {"web_ip_address": "192.0.2.10", "user_agent": "Mozilla/5.0 (test)"}
_DETAILS: dict[str, Mapping[str, Any]] = {
    "soft_bounce": _BOUNCE
    | {"email_service_provider_status": "4.7.1", "email_service_provider_response": "Try again later"}
    | {"response_code": 451, "bounce_category": "greylisting"},
    "bounce": _BOUNCE,
    "suspension": {"reject_reason": "Your account has reached its daily sending limit."},
    "unsubscribe": _READER,
    "open": _READER,
    "click": _READER | {"click_url": "https://example.com/"},
    "reject": {"reject_reason": "Recipient in suppression list. Reason: unsubscription"},
}


def run_test(endpoint: WebhookEndpoint) -> Posted:
    """Posts now and writes it to the log, whatever else waits or fails. Network; takes up to `SECONDS`."""
    now = timezone.now()
    lines = _lines(endpoint)
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint,
        kind=WebhookDelivery.Kind.TEST,
        # Until the answer says otherwise: a process that ends in between leaves no test that waits.
        state=WebhookDelivery.State.FAILED,
        event_count=len(lines),
        names=sorted(_names(endpoint)),
        first_number=0,
        last_number=0,
        payload=pack(b"\n".join(lines)),
        size=sum(len(line) + 1 for line in lines),
        created_at=now,
        tries=1,
        finished_at=now,
    )
    posted = post(request_of(endpoint, delivery, now), seconds=SECONDS)
    with transaction.atomic():
        write_attempt(endpoint, delivery.pk, 1, posted)
        if posted.counts:
            WebhookDelivery.objects.filter(pk=delivery.pk).update(state=WebhookDelivery.State.DELIVERED)
    return posted


def _names(endpoint: WebhookEndpoint) -> list[str]:
    if endpoint.type == WebhookEndpoint.Type.AUDIT_LOG:
        return ["activity_log.user.login"]
    return [NAMES[EVENT_TYPES[word].value] for word in endpoint.event_types]


def _lines(endpoint: WebhookEndpoint) -> list[bytes]:
    """Each says that it is a test, beside what the contract has."""
    now = timezone.now()
    if endpoint.type == WebhookEndpoint.Type.AUDIT_LOG:
        actor = {"id": 1, "type": "user", "name": "John Doe"}
        entry = {"event": "activity_log.user.login", "description": "user login", "actor": actor}
        return [msgspec.json.encode(entry | {"timestamp": int(now.timestamp()), "test": True})]
    domain_name = endpoint.domain.name if endpoint.domain_id else "example.com"
    told = (
        Told(
            number=0,
            event_id=uuid.uuid4(),
            type=EVENT_TYPES[word].value,
            occurred_at=now,
            details=_DETAILS.get(word, {}),
            message_id=new_id(),
            recipient="recipient@example.com",
            stream=endpoint.stream,
            domain_name=domain_name,
            category="Test",
            variables={"order": "58213"},
        )
        for word in endpoint.event_types
    )
    return [render(one)[:-1] + b',"test":true}' for one in told]
