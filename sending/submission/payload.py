"""A draft read, checked for what needs no database, and packed: done on the caller's thread, not on the flusher's."""

import re
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from accounts.message_size import HIGHEST_MESSAGE_BYTES
from sending.models import Door, Stream
from sending.models.content import pack
from sending.models.identifiers import new_id
from sending.policy.recipients import Recipient, read_recipients
from sending.policy.refusal import Reason, Refusal
from sending.policy.sender import Sender, read_sender
from sending.policy.standing import Key
from sending.protocol.message_head import parse_head, split
from sending.protocol.mime_headers import decode_words
from sending.submission.draft import Draft, Idempotency, Tracking

MOST_SUBJECT_CHARACTERS = 10_000
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """All that the rows need. `content` is packed, `custom_variables` JSON text.

    `size` is that of the whole message; `counted_size` leaves out what we added to it.
    """

    submission_id: uuid.UUID
    message_ids: tuple[uuid.UUID, ...]
    account_id: int
    token_id: int | None
    stream: Stream
    door: Door
    client_ip: str | None
    mail_from: str
    sender: Sender
    recipients: tuple[Recipient, ...]
    subject: str
    rfc_message_id: str
    category: str | None
    custom_variables: str
    size: int
    counted_size: int
    needs_8bit: bool
    needs_smtputf8: bool
    content: bytes
    send_at: datetime | None
    tracking: Tracking
    idempotency: Idempotency | None
    copy_header: str | None = None
    """The line that marks automatic copies; None where there are none, or they are not marked."""

    @property
    def domain(self) -> str:
        return self.sender.domain

    @property
    def key(self) -> Key:
        """Whose standing decides about it."""
        return self.account_id, self.token_id, self.sender.domain


def prepare(draft: Draft) -> Payload | Refusal:
    """The payload, or the refusal that needs no look at the database."""
    size = len(draft.message)
    if size - draft.added_bytes > HIGHEST_MESSAGE_BYTES:
        return Refusal(Reason.MESSAGE_TOO_LARGE, str(HIGHEST_MESSAGE_BYTES))
    raw_head, body = split(draft.message)
    head = parse_head(raw_head)
    if head.is_malformed:
        return Refusal(Reason.HEADER_MALFORMED)
    sender = read_sender(head, draft.mail_from)
    if isinstance(sender, Refusal):
        return sender
    if head.repeated is not None:
        return Refusal(Reason.HEADER_REPEATED, head.repeated)
    recipients = read_recipients(draft.recipients)
    if isinstance(recipients, Refusal):
        return recipients
    variables = _json(draft.custom_variables)
    if variables is None or (draft.category is not None and not _is_storable(draft.category)):
        return Refusal(Reason.UNSTORABLE_TEXT)
    return Payload(
        submission_id=draft.submission_id,
        message_ids=tuple(new_id() for _ in recipients),
        account_id=draft.account_id,
        token_id=draft.token_id,
        stream=draft.stream,
        door=draft.door,
        client_ip=draft.client_ip or None,
        mail_from=draft.mail_from,
        sender=replace(sender, header=_readable(sender.header)),
        recipients=recipients,
        subject=_readable(decode_words(head.first("Subject") or ""))[:MOST_SUBJECT_CHARACTERS],
        rfc_message_id=_readable(head.first("Message-ID") or ""),
        category=draft.category or None,
        custom_variables=variables,
        size=size,
        counted_size=size - draft.added_bytes,
        needs_8bit=not (raw_head.isascii() and body.isascii()),
        needs_smtputf8=draft.smtputf8 and not raw_head.isascii(),
        content=pack(draft.message),
        send_at=draft.send_at,
        tracking=draft.tracking,
        idempotency=draft.idempotency,
    )


def _json(value: dict[str, Any]) -> str | None:
    """None for what PostgreSQL's jsonb cannot hold: NUL, lone surrogates, numbers beyond JSON."""
    try:
        text = msgspec.json.encode(value).decode()
    except (UnicodeEncodeError, ValueError, OverflowError, TypeError):
        return None
    return None if "\\u0000" in text else text


def _is_storable(text: str) -> bool:
    return not _UNSTORABLE.search(text)


def _readable(text: str) -> str:
    """Text that the database can hold: what is no character becomes U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)
