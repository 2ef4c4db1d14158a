"""DKIM signatures (RFC 6376, 8463): rsa-sha256 and ed25519-sha256, relaxed/relaxed.

From, To, Subject and Date are listed once more than present (8.15), so that none can be added; so are the two fields of
unsubscribing where they are present (RFC 8058 4 wants them signed). Lists may add these where they are not.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from domains.dkim.canonical import relaxed_body, relaxed_header
from domains.dkim.keys import SigningKey

SIGNED_FIELDS = (
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
    "In-Reply-To",
    "References",
)
OVERSIGNED = frozenset({b"from", b"to", b"subject", b"date"})
OVERSIGNED_IF_PRESENT = frozenset({b"list-unsubscribe", b"list-unsubscribe-post"})
_WANTED = {name.lower().encode("ascii"): name.encode("ascii") for name in SIGNED_FIELDS}
_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:([^\n]*\n(?:[ \t][^\n]*\n)*)", re.MULTILINE)
_PADDING = PKCS1v15()
_SHA256 = SHA256()
_FOLD_AT = 76


class SigningError(ValueError):
    """A message that has no From, and so nothing to vouch for."""


def sign(message: bytes, *, domain: str, selector: str, key: SigningKey, timestamp: int) -> bytes:
    """The complete DKIM-Signature field, folded, CRLF included, to be put before `message`.

    `domain` and `selector` are A-labels, `timestamp` seconds since 1970. Raises `SigningError`.
    """
    return sign_with(message, domain=domain, keys=[(selector, key)], timestamp=timestamp)


def sign_with(message: bytes, *, domain: str, keys: Sequence[tuple[str, SigningKey]], timestamp: int) -> bytes:
    """`sign` with several keys, each at its selector: one field after the other, in the order of the keys.

    The message is read and hashed once.
    """
    head, body = split(message)
    names, canonical = _signed_fields(head)
    listed = b"t=%d; %b" % (timestamp, _folded_names(names, used=len(f" t={timestamp}; ")))
    body_hash = b64encode(sha256(relaxed_body(body)).digest())
    return b"".join(_field(domain, selector, key, listed, body_hash, canonical) for selector, key in keys)


def split(message: bytes) -> tuple[bytes, bytes]:
    """(head with its last line end, body)."""
    if message.startswith(b"\r\n"):
        return b"", message[2:]
    head, _, body = message.partition(b"\r\n\r\n")
    return head + b"\r\n", body


def fields_of(head: bytes) -> list[tuple[bytes, bytes]]:
    """Name and value of each field, as they stand; the value is all that follows the colon, line ends included."""
    return _FIELD.findall(head)


def _field(
    domain: str, selector: str, key: SigningKey, listed: bytes, body_hash: bytes, canonical: list[bytes]
) -> bytes:
    unsigned = b" v=1; a=%b; c=relaxed/relaxed; d=%b; s=%b;\r\n %b;\r\n bh=%b;\r\n b=" % (
        b"rsa-sha256" if isinstance(key, RSAPrivateKey) else b"ed25519-sha256",
        domain.encode("ascii"),
        selector.encode("ascii"),
        listed,
        body_hash,
    )
    signed = b"\r\n".join([*canonical, relaxed_header(b"dkim-signature", unsigned)])
    if isinstance(key, RSAPrivateKey):
        value = key.sign(signed, _PADDING, _SHA256)
    else:
        # PureEdDSA over the hash, not over the fields (RFC 8463 section 3).
        value = key.sign(sha256(signed).digest())
    signature = b64encode(value)
    lines = [signature[start : start + 72] for start in range(0, len(signature), 72)]
    return b"DKIM-Signature:" + unsigned + b"\r\n  ".join(lines) + b"\r\n"


def _signed_fields(head: bytes) -> tuple[list[bytes], list[bytes]]:
    """Names for `h=` and their canonical fields in the same order; of equal names the lowest stands first (5.4.2)."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in fields_of(head):
        lowered = name.lower()
        if lowered in _WANTED:
            found.setdefault(lowered, []).append(relaxed_header(lowered, value))
    if b"from" not in found:
        raise SigningError("the message has no From field")
    names: list[bytes] = []
    canonical: list[bytes] = []
    for lowered, name in _WANTED.items():
        present = found.get(lowered, [])
        is_once_more = lowered in OVERSIGNED or (bool(present) and lowered in OVERSIGNED_IF_PRESENT)
        names += [name] * (len(present) + is_once_more)
        canonical += reversed(present)
    return names, canonical


def _folded_names(names: list[bytes], *, used: int) -> bytes:
    pieces, length = [b"h=" + names[0]], used + 2 + len(names[0])
    for name in names[1:]:
        fold = length + 1 + len(name) > _FOLD_AT
        pieces.append(b":\r\n  " + name if fold else b":" + name)
        length = 2 + len(name) if fold else length + 1 + len(name)
    return b"".join(pieces)
