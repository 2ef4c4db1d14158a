"""Signed return paths (VERP): the local part that brings a bounce back to its message, and proves that we sent it.

16 octets of message id and 10 of HMAC-SHA256 in base32: 44 characters, safe in any case.
"""

import hmac
from base64 import b32decode, b32encode
from hashlib import sha256
from uuid import UUID

PREFIX = "b-"
_TAG_OCTETS = 10
_TEXT_LENGTH = 42  # base32 of 26 octets without padding


def encode(message_id: UUID, key: bytes) -> str:
    """The local part of the return path of a message, in lower case."""
    octets = message_id.bytes + _tag(message_id.bytes, key)
    return PREFIX + b32encode(octets).decode("ascii").rstrip("=").lower()


def decode(local: str, key: bytes) -> UUID | None:
    """The message that a local part was made for with this key, else None; case does not matter."""
    text = local.lower()
    if not text.isascii() or not text.startswith(PREFIX) or len(text) != len(PREFIX) + _TEXT_LENGTH:
        return None
    try:
        octets = b32decode(text[len(PREFIX) :].upper() + "======")
    except ValueError:
        return None
    message_id = UUID(bytes=octets[:16])
    # Compared as text, so that the spare bits of the last character cannot be varied.
    return message_id if hmac.compare_digest(encode(message_id, key), text) else None


def _tag(octets: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"return-path:" + octets, sha256)[:_TAG_OCTETS]
