"""Messages that are awkward to sign, by name; and a verifier of our own, written apart from the signer."""

import re
from base64 import b64decode
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

_HEAD = (
    b"From: Alice <alice@example.test>\r\nTo: rita@there.test\r\nSubject: Hello\r\n"
    b"Date: Sun, 22 Nov 2026 08:00:00 +0000\r\n"
)

AWKWARD: dict[str, bytes] = {
    "plain": _HEAD + b"\r\nHello.\r\n",
    "empty body": _HEAD + b"\r\n",
    "no empty line after the head": _HEAD,
    "body of one empty line": _HEAD + b"\r\n\r\n",
    "body of empty lines only": _HEAD + b"\r\n" + b"\r\n" * 7,
    "trailing empty lines": _HEAD + b"\r\nHello.\r\n\r\n\r\n\r\n",
    "trailing lines of white space": _HEAD + b"\r\nHello.\r\n \t \r\n\t\r\n  \r\n",
    "no line end at the end": _HEAD + b"\r\nHello.",
    "space at the end without line end": _HEAD + b"\r\nHello. \t ",
    "body of one space": _HEAD + b"\r\n ",
    "white space everywhere in the body": _HEAD
    + b"\r\n  Hello \t  there.\t\r\n\t\tindented   twice \r\n \r\nend  \r\n",
    "leading empty lines": _HEAD + b"\r\n\r\n\r\nHello.\r\n",
    "folded subject": b"From: a@example.test\r\nSubject: one\r\n  two\r\n\tthree \t four\r\n\r\nHello.\r\n",
    "fold right after the colon": b"From:\r\n a@example.test\r\nSubject:\r\n\tHello\r\n\r\nHello.\r\n",
    "no space after the colon": b"From:a@example.test\r\nSubject:Hello\r\n\r\nHello.\r\n",
    "much space around values": b"From:   a@example.test   \r\nSubject: \t Hello \t\r\n\r\nHello.\r\n",
    "empty subject": b"From: a@example.test\r\nSubject:\r\nTo: \r\n\r\nHello.\r\n",
    "names in odd case": b"fROM: a@example.test\r\nSUBJECT: Hello\r\nmessage-id: <a@example.test>\r\n\r\nHello.\r\n",
    "two of To": b"To: one@there.test\r\nFrom: a@example.test\r\nTo: two@there.test\r\n\r\nHello.\r\n",
    "three of Subject": b"Subject: 1\r\nFrom: a@example.test\r\nSubject: 2\r\nSubject: 3\r\n\r\nHello.\r\n",
    "two of From": b"From: a@example.test\r\nFrom: b@example.test\r\n\r\nHello.\r\n",
    "trace fields on top": b"Received: from x by y;\r\n\tSun, 22 Nov 2026 08:00:00 +0000\r\n"
    + _HEAD
    + b"\r\nHello.\r\n",
    "UTF-8 head and body": "From: Jörg <jörg@example.test>\r\nSubject: Grüße 🎉\r\n\r\nÄÖÜ – 你好\r\n".encode(),
    "colons in values": b"From: a@example.test\r\nSubject: From: x: y\r\n\r\nFrom: no field\r\n\r\nTo: neither\r\n",
    "dots at line starts": _HEAD + b"\r\n.\r\n..\r\n.hidden\r\n",
    "all the fields": _HEAD
    + b"Cc: c@there.test\r\nMessage-ID: <1@example.test>\r\nReply-To: r@there.test\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: text/plain;\r\n charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n'
    b"List-Unsubscribe: <https://example.test/u/1>,\r\n <mailto:u@example.test>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nFeedback-ID: a:b:c:d\r\n"
    b"In-Reply-To: <0@there.test>\r\nReferences: <0@there.test>\r\n <9@there.test>\r\nX-Other: here\r\n\r\nHello.\r\n",
    "a large body": _HEAD + b"\r\n" + b"A line  of text, with\ttabs and = signs. \r\n" * 3000,
    "runs of a thousand spaces": _HEAD + b"\r\n" + (b"x" + b" " * 900 + b"\r\n") * 30,
}


def verifies(message: bytes, public_base64: str) -> bool:
    """Whether the first field of `message` signs the rest (RFC 6376 6.1.3, by regular expressions)."""
    head, _, body = message.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    fields = [field for field in fields if field]
    signature = fields.pop(0)
    tags = dict(
        tag.strip().split(b"=", 1)
        for tag in re.sub(rb"\s+", b"", signature.split(b":", 1)[1]).split(b";")
        if tag.strip()
    )
    body = re.sub(rb"[ \t]+(?=\r\n|\Z)", b"", body)
    body = re.sub(rb"[ \t]+", b" ", body)
    body = re.sub(rb"(\r\n)*\Z", b"", body, count=1)
    if sha256(body + b"\r\n" if body else b"").digest() != b64decode(tags[b"bh"]):
        return False
    hashed = b""
    for name in tags[b"h"].lower().split(b":"):
        at = [place for place, field in enumerate(fields) if field.split(b":", 1)[0].lower() == name]
        if at:
            hashed += _relaxed(fields.pop(at[-1])) + b"\r\n"
    hashed += re.sub(rb"(;\s?b=).*", rb"\1", _relaxed(signature), flags=re.DOTALL)
    key = load_der_public_key(b64decode(public_base64))
    assert isinstance(key, RSAPublicKey)
    try:
        key.verify(b64decode(tags[b"b"]), hashed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _relaxed(field: bytes) -> bytes:
    name, value = field.split(b":", 1)
    return name.lower() + b":" + b" ".join(value.split())
