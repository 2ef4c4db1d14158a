"""What an idempotency key may look like, and what it stands for, whichever door it comes through."""

import re
from collections.abc import Iterable
from hashlib import sha256

MOST_KEY_CHARACTERS = 255
_KEY = re.compile(rf"[!-~]{{1,{MOST_KEY_CHARACTERS}}}")


def is_valid_key(key: str) -> bool:
    """Whether it is 1 to 255 visible ASCII characters."""
    return _KEY.fullmatch(key) is not None


def fingerprint(pieces: Iterable[str]) -> bytes:
    """A digest of these pieces in this order, none of which runs into the next."""
    digest = sha256()
    for piece in pieces:
        octets = piece.encode("utf-8", "surrogatepass")
        digest.update(b"%d\n%b" % (len(octets), octets))
    return digest.digest()
