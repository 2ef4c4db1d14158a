"""The DKIM signatures that a message carries, and whether they stand (RFC 6376 3.5, 6.1; RFC 8463).

The key is the caller's.
"""

import re
from base64 import b64decode
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from domains.dkim.canonical import relaxed_body, relaxed_header, simple_body
from domains.dkim.keys import Algorithm
from domains.dkim.signature import fields_of, split

MOST_SIGNATURES = 5
"""Of one message; further ones are passed over, since each costs a look at the whole body."""
_SPACE = re.compile(rb"[ \t\r\n]+")
_SIGNATURE_VALUE = re.compile(rb"((?:^|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*")


class Result(StrEnum):
    """`UNSUPPORTED`: signed in a way that is not judged here; it may well stand."""

    PASS = "pass"  # noqa: S105 a result, not a password
    BODY_CHANGED = "body_changed"
    HEAD_CHANGED = "head_changed"
    MALFORMED = "malformed"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM-Signature field; `domain` and `selector` in lower case, empty where it names none."""

    domain: str
    selector: str
    tags: dict[bytes, bytes] = field(repr=False)
    name: bytes = field(repr=False)
    value: bytes = field(repr=False)

    @property
    def algorithm(self) -> str:
        """As `a=` names it, in lower case; empty where it names none."""
        return self.tags.get(b"a", b"").decode("ascii", "replace").lower()

    @property
    def record_name(self) -> str:
        """Where in DNS its key stands."""
        return f"{self.selector}._domainkey.{self.domain}"


def signatures(message: bytes) -> list[Signature]:
    """The signatures of a message, the newest first."""
    found = (one for one in fields_of(split(message)[0]) if one[0].lower() == b"dkim-signature")
    return [_signature(name, value) for name, value in list(found)[:MOST_SIGNATURES]]


def verify(message: bytes, signature: Signature, public_base64: str) -> Result:
    """Whether the signature stands for the message as it is now. Signatures over
    whole bodies by rsa-sha256 and ed25519-sha256 are judged; the key is one of that algorithm."""
    tags = signature.tags
    if not {b"a", b"b", b"bh", b"d", b"h", b"s", b"v"} <= tags.keys():
        return Result.MALFORMED
    head_form, _, body_form = tags.get(b"c", b"simple/simple").partition(b"/")
    is_known = head_form in (b"relaxed", b"simple") and body_form in (b"relaxed", b"simple", b"")
    if signature.algorithm not in tuple(Algorithm) or not is_known or b"l" in tags:
        return Result.UNSUPPORTED
    key = _key(public_base64, signature.algorithm)
    try:
        hashed, signed = b64decode(tags[b"bh"], validate=True), b64decode(tags[b"b"], validate=True)
    except ValueError:
        return Result.MALFORMED
    if key is None:
        return Result.MALFORMED
    head, body = split(message)
    if sha256((relaxed_body if body_form == b"relaxed" else simple_body)(body)).digest() != hashed:
        return Result.BODY_CHANGED
    fields = _signed_head(head, signature, relaxed=head_form == b"relaxed")
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signed, fields, PKCS1v15(), SHA256())
        else:
            key.verify(signed, sha256(fields).digest())
    except InvalidSignature:
        return Result.HEAD_CHANGED
    return Result.PASS


def _signature(name: bytes, value: bytes) -> Signature:
    pairs = [tag.partition(b"=") for tag in value.split(b";")]
    tags = {key.strip(b" \t\r\n"): _SPACE.sub(b"", text) for key, equals, text in pairs if equals}
    domain, selector = (tags.get(key, b"").decode("utf-8", "replace").lower() for key in (b"d", b"s"))
    return Signature(domain, selector, tags, name, value)


def _signed_head(head: bytes, signature: Signature, *, relaxed: bool) -> bytes:
    """What was hashed: the fields that `h=` names, each used once from the lowest up (5.4.2), and the signature."""
    left: dict[bytes, list[tuple[bytes, bytes]]] = {}
    for one in fields_of(head):
        if one != (signature.name, signature.value):
            left.setdefault(one[0].lower(), []).append(one)
    chosen = [left[name].pop() for name in signature.tags[b"h"].lower().split(b":") if left.get(name)]
    unsigned = _SIGNATURE_VALUE.sub(rb"\1", signature.value, count=1)
    if relaxed:
        return b"\r\n".join([*(relaxed_header(*one) for one in chosen), relaxed_header(signature.name, unsigned)])
    whole = [b"%b:%b" % one for one in chosen]
    return b"".join([*whole, (b"%b:%b" % (signature.name, unsigned)).removesuffix(b"\r\n")])


def _key(public_base64: str, algorithm: str) -> RSAPublicKey | Ed25519PublicKey | None:
    try:
        octets = b64decode(public_base64)
        if algorithm == Algorithm.ED25519:
            return Ed25519PublicKey.from_public_bytes(octets)
        key = load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) else None
