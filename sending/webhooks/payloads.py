"""What customers read about an event (contract section 3). Pure.

Rendered when the event happens and kept, because retention may take the message before the request is made.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from sending.models import Event, WebhookEndpoint

EVENT_TYPES: dict[str, Event.Type] = {
    "delivery": Event.Type.DELIVERY,
    "soft_bounce": Event.Type.SOFT_BOUNCE,
    "bounce": Event.Type.BOUNCE,
    "suspension": Event.Type.SUSPENSION,
    "unsubscribe": Event.Type.UNSUBSCRIBE,
    "open": Event.Type.OPEN,
    "spam_complaint": Event.Type.SPAM,
    "click": Event.Type.CLICK,
    "reject": Event.Type.REJECT,
}
"""The words in which one subscribes, in the contract's order."""
SUBSCRIPTION_OF: dict[str, str] = {kind.value: word for word, kind in EVENT_TYPES.items()}
NAMES: dict[str, str] = {kind.value: kind.value.replace("_", " ") for kind in EVENT_TYPES.values()}
"""The words of the payload, which differ: `soft bounce`, `spam`."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event with what the payload says of its message; `variables` are the custom ones of its submission."""

    number: int
    event_id: uuid.UUID
    type: str
    occurred_at: datetime
    details: Mapping[str, Any]
    message_id: uuid.UUID
    recipient: str
    stream: str
    domain_name: str
    category: str | None
    variables: Mapping[str, Any]


def render(told: Told) -> bytes:
    """One event as JSON in one line. `number` is ours: the place in the feed, to catch up from."""
    payload: dict[str, Any] = {
        "event": NAMES[told.type],
        "timestamp": int(told.occurred_at.timestamp()),
        "sending_stream": told.stream,
    }
    if told.category:
        payload["category"] = told.category
    if told.variables:
        payload["custom_variables"] = dict(told.variables)
    payload |= {
        "message_id": str(told.message_id),
        "email": told.recipient,
        "event_id": str(told.event_id),
        "sending_domain_name": told.domain_name,
        "number": told.number,
    }
    payload |= _DETAILS.get(told.type, _nothing)(told.details)
    return msgspec.json.encode(payload)


def body_of(format: str, lines: Sequence[bytes]) -> bytes:
    """The body of the request."""
    if format == WebhookEndpoint.Format.JSON_LINES:
        return b"".join(line + b"\n" for line in lines)
    return b'{"events":[' + b",".join(lines) + b"]}"


CONTENT_TYPES = {
    WebhookEndpoint.Format.JSON.value: "application/json",
    WebhookEndpoint.Format.JSON_LINES.value: "application/jsonl",
}


def _nothing(_details: Mapping[str, Any]) -> dict[str, Any]:
    return {}


def _known(found: Mapping[str, Any]) -> dict[str, Any]:
    """Clients expect a value or nothing, never null."""
    return {name: value for name, value in found.items() if value is not None}


def _bounce(details: Mapping[str, Any]) -> dict[str, Any]:
    status = str(details.get("email_service_provider_status") or "")
    words = str(details.get("email_service_provider_response") or "")
    response = words if words.startswith(status) else f"{status} {words}".strip()
    found = {
        "response": response or None,
        "response_code": details.get("response_code"),
        "bounce_category": details.get("bounce_category"),
    }
    return _known(found)


def _web(details: Mapping[str, Any]) -> dict[str, Any]:
    return _known({"ip": details.get("web_ip_address"), "user_agent": details.get("user_agent")})


def _reason(details: Mapping[str, Any]) -> dict[str, Any]:
    return {"reason": str(details.get("reject_reason") or "")}


_DETAILS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    Event.Type.SOFT_BOUNCE: _bounce,
    Event.Type.BOUNCE: _bounce,
    Event.Type.OPEN: _web,
    Event.Type.CLICK: lambda details: _web(details) | _known({"url": details.get("click_url")}),
    Event.Type.UNSUBSCRIBE: _web,
    Event.Type.SUSPENSION: _reason,
    Event.Type.REJECT: _reason,
}
