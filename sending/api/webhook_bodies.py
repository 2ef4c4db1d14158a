"""What clients send about webhooks, and what a replay means."""

import uuid
from datetime import datetime
from typing import Any

from ninja import Field, Schema

from mailtrap_site.web.json_api import Invalid
from sending.models import WebhookEndpoint
from sending.webhooks import replays
from sending.webhooks.endpoints import By
from sending.webhooks.replays import NotReplayed


class WebhookIn(Schema):
    """The contract's fields; what is missing or wrong is said by name."""

    url: str | None = None
    webhook_type: str | None = None
    active: bool | None = True
    payload_format: str | None = None
    sending_stream: str | None = None
    event_types: list[str] | None = None
    domain_id: int | None = None
    inbound_inbox_id: int | None = None


class WebhookBody(Schema):
    webhook: WebhookIn


class WebhookChange(Schema):
    """What can be changed later; only what is given."""

    url: str | None = None
    active: bool | None = None
    payload_format: str | None = None
    event_types: list[str] | None = None
    inbound_inbox_id: int | None = None


class WebhookChangeBody(Schema):
    webhook: WebhookChange


class SecretIn(Schema):
    overlap_hours: int = Field(24, ge=0, le=168)


class EventsOut(Schema):
    """Events as the requests have them."""

    data: list[dict[str, Any]]
    last_number: int


class ReplayIn(Schema):
    """Exactly one of the three."""

    delivery_id: int | None = None
    since_event_id: uuid.UUID | None = None
    begin: datetime | None = Field(None, alias="from")
    until: datetime | None = None


WORDS = {
    "nothing": "Nothing is kept of it: deliveries are kept for 14 days",
    "still_waiting": "What was asked for before is still waiting to be sent again",
}


def replay(endpoint: WebhookEndpoint, body: ReplayIn, by: By) -> int:
    """Does what the body says; how many events are sent again. Raises Invalid."""
    try:
        if body.delivery_id is not None:
            delivery = endpoint.deliveries.filter(pk=body.delivery_id).first()
            if delivery is None:
                raise NotReplayed("nothing")
            return replays.send_again(endpoint, delivery, by)
        if body.since_event_id is not None:
            return replays.send_since_again(endpoint, body.since_event_id, by)
        if body.begin is not None and body.until is not None:
            if body.begin.tzinfo is None or body.until.tzinfo is None:
                raise Invalid({"from": ["needs its offset from UTC, such as 2026-11-29T10:00:00Z"]})
            return replays.send_range_again(endpoint, body.begin, body.until, by)
    except NotReplayed as problem:
        raise Invalid({"base": [WORDS[problem.reason]]}) from problem
    raise Invalid({"base": ["Give delivery_id, since_event_id, or from and until"]})
