"""Signed local parts (VERP): what brings a bounce, or an unsubscription by mail, back to its message, and proves that
we sent it.

16 octets of message id and 10 of HMAC-SHA256 in base32: 44 characters, safe in any case. A tag is good for one prefix.
"""

import hmac
from base64 import b32decode, b32encode
from hashlib import sha256
from uuid import UUID

PREFIX = "b-"
UNSUBSCRIBE_PREFIX = "u-"
_TAG_OCTETS = 10
_TEXT_LENGTH = 42  # base32 of 26 octets without padding
_PURPOSES = {PREFIX: b"return-path:", UNSUBSCRIBE_PREFIX: b"unsubscribe:"}


def encode(message_id: UUID, key: bytes) -> str:
    """The local part of the return path of a message, in lower case."""
    return _encode(PREFIX, message_id, key)


def decode(local: str, key: bytes) -> UUID | None:
    """The message that a local part was made for with this key, else None; case does not matter."""
    return _decode(PREFIX, local, key)


def encode_unsubscribe(message_id: UUID, key: bytes) -> str:
    """The local part of the address that takes the recipient of a message off the list (RFC 2369 3.2).

    It stands in `mailto:<local>@<return-path domain>?subject=<token>`. The token is that of the https link
    (`recipient_links.seal_recipient`) and says who it was once the message's row is gone.
    """
    return _encode(UNSUBSCRIBE_PREFIX, message_id, key)


def decode_unsubscribe(local: str, key: bytes) -> UUID | None:
    """The message whose recipient writes to this local part, else None; case does not matter."""
    return _decode(UNSUBSCRIBE_PREFIX, local, key)


def _encode(prefix: str, message_id: UUID, key: bytes) -> str:
    octets = message_id.bytes + _tag(prefix, message_id.bytes, key)
    return prefix + b32encode(octets).decode("ascii").rstrip("=").lower()


def _decode(prefix: str, local: str, key: bytes) -> UUID | None:
    text = local.lower()
    if not text.isascii() or not text.startswith(prefix) or len(text) != len(prefix) + _TEXT_LENGTH:
        return None
    try:
        octets = b32decode(text[len(prefix) :].upper() + "======")
    except ValueError:
        return None
    message_id = UUID(bytes=octets[:16])
    # Compared as text, so that the spare bits of the last character cannot be varied.
    return message_id if hmac.compare_digest(_encode(prefix, message_id, key), text) else None


def _tag(prefix: str, octets: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSES[prefix] + octets, sha256)[:_TAG_OCTETS]
