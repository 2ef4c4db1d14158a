"""Automatic copies: recipients that the sending domain adds to each of its mails, as it stands at the commit."""

from dataclasses import replace
from functools import lru_cache

from sending.models import RecipientKind
from sending.models.identifiers import new_id
from sending.policy.recipients import Recipient
from sending.policy.standing import Standing
from sending.protocol.address import parse_address
from sending.submission.payload import Payload


def with_copies(payload: Payload, standing: Standing) -> Payload:
    """The payload with one more recipient, and message id, for each address that the domain copies to and that does
    not get the mail anyway. What the platform itself sends is never copied."""
    if not standing.auto_bcc or standing.is_platform:
        return payload
    named = {one.address.casefold() for one in payload.recipients}
    copies = tuple(_copy(text) for text in standing.auto_bcc if text.casefold() not in named)
    if not copies:
        return payload
    return replace(
        payload,
        recipients=payload.recipients + copies,
        message_ids=payload.message_ids + tuple(new_id() for _ in copies),
        copy_header=standing.auto_bcc_header or None,
    )


@lru_cache(maxsize=4096)
def _copy(text: str) -> Recipient:
    address = parse_address(text)
    return Recipient(RecipientKind.AUTO_BCC, address.wire, address.ascii_domain)
