"""DKIM: keys, canonical forms and signatures (RFC 6376). Pure: no Django, no network, no clock."""

from domains.dkim.keys import KeyPair, dns_txt, generate, load
from domains.dkim.signature import SigningError, sign

__all__ = ["KeyPair", "SigningError", "dns_txt", "generate", "load", "sign"]
