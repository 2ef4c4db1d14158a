"""DKIM: keys, canonical forms and signatures (RFC 6376). Pure: no Django, no network, no clock."""

from domains.dkim.keys import KeyPair, dns_txt, generate, load
from domains.dkim.signature import SigningError, body_hash, sign

__all__ = ["KeyPair", "SigningError", "body_hash", "dns_txt", "generate", "load", "sign"]
