"""How an address stays on a list after it was erased: as a keyed digest, which matches it and does not tell it.

Whoever changes SECRET_KEY leaves the old one among SECRET_KEY_FALLBACKS for as long as marks are to match.
"""

import hmac

from django.conf import settings

ERASED = "erased@erased.invalid"
"""What stands in the email log where an address was erased: the same for everybody (RFC 6761, 6.4)."""
PREFIX = "erased:"
"""Of a mark where an address would stand, which it can never be: it has no @ sign."""


def mark_of(account_id: int, email: str) -> str:
    """What is stored instead of the address, which is as `same_address` writes it; of no use in another account."""
    return _mark(settings.ERASED_ADDRESS_KEYS[0], account_id, email)


def written(account_id: int, email: str) -> list[str]:
    """Every way in which the address may stand on a list: itself, and its marks by all keys that are known."""
    return [email, *(_mark(key, account_id, email) for key in settings.ERASED_ADDRESS_KEYS)]


def is_mark(text: str) -> bool:
    """Whether it stands for an address that was erased."""
    return text.startswith(PREFIX)


def _mark(key: bytes, account_id: int, email: str) -> str:
    return PREFIX + hmac.digest(key, f"{account_id}:{email}".encode(), "sha256").hex()
