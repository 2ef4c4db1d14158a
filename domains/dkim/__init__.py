"""DKIM: keys, canonical forms and signatures (RFC 6376, RFC 8463). Pure: no Django, no network, no clock."""

from domains.dkim.keys import (
    Algorithm,
    KeyPair,
    SigningKey,
    dns_txt,
    generate,
    generate_ed25519,
    load,
    publishes,
    record_tags,
)
from domains.dkim.signature import SigningError, sign, sign_with
from domains.dkim.verification import Result, Signature, signatures, verify

__all__ = [
    "Algorithm",
    "KeyPair",
    "Result",
    "Signature",
    "SigningError",
    "SigningKey",
    "dns_txt",
    "generate",
    "generate_ed25519",
    "load",
    "publishes",
    "record_tags",
    "sign",
    "sign_with",
    "signatures",
    "verify",
]
