"""The control headers of a mail from SMTP: what a client asks for beside the mail itself. None of them leaves with it.

Category and custom variables are passed over where they cannot be read, as clients of the contract expect; what goes
beyond the contract is followed or refused.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from sending.policy.idempotency_key import is_valid_key
from sending.policy.limits import MOST_CATEGORY_CHARACTERS, MOST_VARIABLES_BYTES
from sending.policy.refusal import Reason, Refusal
from sending.policy.send_time import read_send_time
from sending.protocol.message_head import MessageHead, is_control
from sending.protocol.mime_headers import decode_words
from sending.submission.draft import Tracking


@dataclass(frozen=True, slots=True)
class Controls:
    """What was asked for; `send_at` None is at once."""

    category: str | None = None
    custom_variables: dict[str, Any] = field(default_factory=dict)
    send_at: datetime | None = None
    tracking: Tracking = field(default_factory=Tracking)
    idempotency_key: str | None = None


def read_controls(head: MessageHead, now: datetime) -> Controls | Refusal:
    """What the head asks for, or why that cannot be done."""
    controls = MessageHead(tuple(one for one in head.fields if is_control(one.name)))
    if not controls.fields:
        return Controls()
    send_at = _send_at(controls, now)
    if isinstance(send_at, Refusal):
        return send_at
    tracking = _tracking(controls)
    if isinstance(tracking, Refusal):
        return tracking
    key = _idempotency_key(controls)
    if isinstance(key, Refusal):
        return key
    return Controls(_category(controls), _variables(controls), send_at, tracking, key)


def _category(head: MessageHead) -> str | None:
    """The first X-MT-Category; one that is too long is passed over."""
    value = decode_words(head.first("X-MT-Category") or "").strip()
    return value if 0 < len(value) <= MOST_CATEGORY_CHARACTERS and value.isprintable() else None


def _variables(head: MessageHead) -> dict[str, Any]:
    """X-MT-Custom-Variables, one JSON object in one header; anything else, and what is too long, is passed over."""
    values = head.all("X-MT-Custom-Variables")
    if len(values) != 1 or len(values[0].encode("utf-8", "replace")) > MOST_VARIABLES_BYTES:
        return {}
    try:
        variables = msgspec.json.decode(decode_words(values[0]))
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return {}
    if not isinstance(variables, dict) or "\\u0000" in values[0]:
        return {}
    firsts = {name: _first(value) for name, value in variables.items()}
    return {} if any(isinstance(value, dict | list) for value in firsts.values()) else firsts


def _first(value: Any) -> Any:
    """Of a list its first element, None where it has none."""
    if not isinstance(value, list):
        return value
    return value[0] if value else None


def _send_at(head: MessageHead, now: datetime) -> datetime | Refusal | None:
    values = head.all("X-MT-Send-At")
    if len(values) > 1:
        return Refusal(Reason.SEND_AT_INVALID, "stands more than once")
    return read_send_time(values[0], now) if values else None


def _tracking(head: MessageHead) -> Tracking | Refusal:
    wishes: list[bool | None] = []
    for name in ("X-MT-Track-Opens", "X-MT-Track-Clicks"):
        values = [value.lower() for value in head.all(name)]
        if values not in ([], ["yes"], ["no"]):
            return Refusal(Reason.TRACKING_INVALID, name)
        wishes.append(values[0] == "yes" if values else None)
    return Tracking(*wishes)


def _idempotency_key(head: MessageHead) -> str | Refusal | None:
    values = head.all("Idempotency-Key")
    if not values:
        return None
    return values[0] if len(values) == 1 and is_valid_key(values[0]) else Refusal(Reason.IDEMPOTENCY_KEY_INVALID)
