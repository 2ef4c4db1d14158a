"""The addresses in a mail that its recipient follows: the pixel, a tracked link, unsubscribing, no more tracking.

A token is sealed (AES-SIV, RFC 5297): it shows nobody whose it is, cannot be made or changed without the key, and is
the same each time, so that a mail can be composed again byte for byte. It carries all that is needed once the message's
row is gone, because a link in an old mail must go on working.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

KEY_OCTETS = 32
MOST_CHARACTERS = 16 * 1024
"""Of a token that is looked at; longer addresses than this are left untracked."""


class Purpose(StrEnum):
    """What a link is for; the value is its path below the tracking host."""

    OPEN = "o"
    CLICK = "c"
    UNSUBSCRIBE = "unsubscribe"
    TRACKING_OPT_OUT = "tracking"


PATH = "/t/"
"""Of the tracking host, above the paths of all purposes."""


def url(base: str, purpose: Purpose, token: str) -> str:
    """The whole address; `base` is scheme and host, without a slash at its end."""
    return f"{base}{PATH}{purpose.value}/{token}"


@dataclass(frozen=True, slots=True)
class RecipientRef:
    """Who got a message: enough to take an address off a list without the row of the log."""

    message_id: UUID
    domain_id: int
    stream: str
    address: str


def seal_open(message_id: UUID, key: bytes) -> str:
    """The token of a message's pixel: 43 characters."""
    return _seal(Purpose.OPEN, message_id.bytes, key)


def seal_click(message_id: UUID, target: bytes, key: bytes) -> str:
    """The token of a link to `target`, which comes back byte for byte."""
    return _seal(Purpose.CLICK, message_id.bytes + target, key)


def seal_recipient(purpose: Purpose, ref: RecipientRef, key: bytes) -> str:
    """The token by which the recipient unsubscribes, or wants no more tracking."""
    rest = "\0".join((str(ref.domain_id), ref.stream, ref.address)).encode()
    return _seal(purpose, ref.message_id.bytes + rest, key)


def read_open(token: str, keys: Sequence[bytes]) -> UUID | None:
    """The message whose pixel this is; None for what none of `keys` sealed."""
    octets = _read(Purpose.OPEN, token, keys)
    return UUID(bytes=octets) if octets is not None and len(octets) == 16 else None


def read_click(token: str, keys: Sequence[bytes]) -> tuple[UUID, bytes] | None:
    """Message and target of a tracked link; None for what none of `keys` sealed."""
    octets = _read(Purpose.CLICK, token, keys)
    return (UUID(bytes=octets[:16]), octets[16:]) if octets is not None and len(octets) > 16 else None


def read_recipient(purpose: Purpose, token: str, keys: Sequence[bytes]) -> RecipientRef | None:
    """Whom the token was made for; None for what none of `keys` sealed for this purpose."""
    octets = _read(purpose, token, keys)
    if octets is None:
        return None
    domain_id, stream, address = octets[16:].decode().split("\0", 2)
    return RecipientRef(UUID(bytes=octets[:16]), int(domain_id), stream, address)


def _seal(purpose: Purpose, octets: bytes, key: bytes) -> str:
    return urlsafe_b64encode(_cipher(key).encrypt(octets, [purpose.encode()])).rstrip(b"=").decode("ascii")


def _read(purpose: Purpose, token: str, keys: Sequence[bytes]) -> bytes | None:
    if len(token) > MOST_CHARACTERS or not token.isascii():
        return None
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    for key in keys:
        try:
            return _cipher(key).decrypt(sealed, [purpose.encode()])
        except (InvalidTag, ValueError):
            continue
    return None


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESSIV:
    return AESSIV(key)
