"""What a door hands over, and what it gets back."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sending.models import Door, Stream
from sending.models.identifiers import new_id


@dataclass(frozen=True, slots=True)
class Idempotency:
    """What makes a hand-over repeatable: the client's key, of its account, and a digest of what it stands for."""

    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Tracking:
    """What the client wants for this mail; None leaves it to the domain."""

    opens: bool | None = None
    clicks: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One mail as it came in. `message` is composed (RFC 5322, CRLF, complete); `recipients` are (kind, address).

    `token_id` is None for what the service itself sends. `smtputf8`: the client, or the composer, asked for RFC 6531.
    """

    account_id: int
    token_id: int | None
    stream: Stream
    door: Door
    client_ip: str | None
    mail_from: str
    recipients: tuple[tuple[str, str], ...]
    message: bytes
    category: str | None = None
    custom_variables: dict[str, Any] = field(default_factory=dict)
    smtputf8: bool = False
    added_bytes: int = 0
    """How much of `message` is trace fields and fix-ups of ours, which do not count against the sender's limit."""
    submission_id: uuid.UUID = field(default_factory=new_id)
    send_at: datetime | None = None
    """Aware; None is at once."""
    tracking: Tracking = Tracking()
    idempotency: Idempotency | None = None
    sandbox_id: int | None = None
    """Where it stays; None for mail that leaves."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Committed. One message id a recipient, in the order to, cc, bcc; in a sandbox one for all of them.

    `is_replay`: by an earlier hand-over that used the same idempotency key."""

    submission_id: uuid.UUID
    message_ids: tuple[uuid.UUID, ...]
    is_replay: bool = False
