"""DKIM: keys, canonical forms and signatures (RFC 6376). Pure: no Django, no network, no clock."""

from domains.dkim.keys import KeyPair, dns_txt, generate, load
from domains.dkim.signature import SigningError, sign
from domains.dkim.verification import Result, Signature, signatures, verify

__all__ = [
    "KeyPair",
    "Result",
    "Signature",
    "SigningError",
    "dns_txt",
    "generate",
    "load",
    "sign",
    "signatures",
    "verify",
]
