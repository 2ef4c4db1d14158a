"""How large the body of a request may be."""

from accounts.message_size import most_bytes
from sending.api.send.routes import Kind

MOST_BATCH_OCTETS = 50 * 1024 * 1024


def most_octets(kind: Kind, max_message_bytes: int | None) -> int:
    """Of a request's body, for an account's own limit of the composed message or None."""
    return MOST_BATCH_OCTETS if kind is Kind.BATCH else most_mail_octets(max_message_bytes)


def most_mail_octets(max_message_bytes: int | None) -> int:
    """Of one mail as JSON, which base64 and escapes make longer than the message that is composed of it."""
    return most_bytes(max_message_bytes) * 7 // 5
