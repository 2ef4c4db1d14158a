"""Signs a request in two ways: as the contract does, and by Standard Webhooks 1.0, whose signature has a time. Pure."""

import hmac
from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from secrets import token_hex

SIGNATURE = "Mailtrap-Signature"
NEXT_SIGNATURE = "Mailtrap-Signature-Next"
"""By the secret that takes over, as long as both are good."""


def new_secret() -> str:
    """32 hexadecimal digits, as the contract has them. Its characters are the key, not what they stand for."""
    return token_hex(16)


def standard_secret(secret: str) -> str:
    """The same key as libraries of Standard Webhooks want it."""
    return "whsec_" + b64encode(secret.encode()).decode()


def signature_headers(
    body: bytes, message_id: str, at: datetime, secret: str, next_secret: str | None
) -> dict[str, str]:
    """The headers that prove where `body` comes from. With two secrets the old one still stands in the contract's
    header, which has room for one, so that nothing breaks at the moment of the change."""
    seconds = int(at.timestamp())
    secrets = [secret, next_secret] if next_secret else [secret]
    headers = {
        SIGNATURE: _hex(secret, body),
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(_standard(one, message_id, seconds, body) for one in secrets),
    }
    if next_secret:
        headers[NEXT_SIGNATURE] = _hex(next_secret, body)
    return headers


def _hex(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, sha256).hexdigest()


def _standard(secret: str, message_id: str, seconds: int, body: bytes) -> str:
    signed = f"{message_id}.{seconds}.".encode() + body
    return "v1," + b64encode(hmac.new(secret.encode(), signed, sha256).digest()).decode()
