"""An accepted message made ready to be sent once more, as a message of its own (RFC 5322 3.6.4)."""

from datetime import datetime
from email.utils import format_datetime

from sending.protocol.message_head import join, parse_head, split
from sending.protocol.mime_headers import address_field, text_field

_OF_ONE_JOURNEY = frozenset({b"received", b"date", b"message-id", b"dkim-signature"})


def send_again(
    message: bytes, *, date: datetime, message_id: str, to: str | None = None, subject: str | None = None
) -> bytes:
    """The message with a new Date and Message-ID ("left@right") and without the trace of its first journey.

    `to`, a wire address, takes the place of To and Cc; `subject` that of Subject; None leaves them. No other octet
    changes. Raises HeaderError for text that no header can hold.
    """
    head, body = split(message)
    gone = set(_OF_ONE_JOURNEY)
    made = [f"Date: {format_datetime(date)}\r\n", f"Message-ID: <{message_id}>\r\n"]
    if to is not None:
        gone |= {b"to", b"cc"}
        made.append(address_field("To", [("", to)]))
    if subject is not None:
        gone |= {b"subject"}
        made.append(text_field("Subject", subject, literal=True))
    kept = b"".join(field.raw for field in parse_head(head).fields if field.name not in gone)
    return join("".join(made).encode() + kept, body)
