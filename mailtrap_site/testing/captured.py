"""Sandboxes with mail in them, stored directly: what a client would have sent."""

from accounts.models import Account
from sending.models import CapturedMail, Door, Sandbox, Stream
from sending.models.content import pack

SOURCE = (
    b"From: Shop <shop@example.test>\r\nTo: rita@far.test\r\nSubject: Your order\r\n"
    b"Date: Sun, 22 Nov 2026 08:00:00 +0000\r\nMessage-ID: <1@example.test>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=o\r\n\r\n"
    b"--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
    b"--i\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nIt left this morning.\r\n"
    b"--i\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<h1>It left this morning</h1>\r\n--i--\r\n"
    b'--o\r\nContent-Type: text/html; name="invoice.html"\r\nContent-Disposition: attachment; filename="invoice.html"'
    b"\r\nContent-Transfer-Encoding: base64\r\n\r\nPHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==\r\n--o--\r\n"
)
"""A text, an HTML part, and an attachment that a browser would run."""


def make_sandbox(account: Account, name: str = "Staging") -> Sandbox:
    return Sandbox.objects.create(account=account, name=name)


def make_captured(sandbox: Sandbox | None, source: bytes = SOURCE, **fields: object) -> CapturedMail:
    """One mail; `fields` are columns of CapturedMail."""
    values: dict[str, object] = {
        "mail_from": "shop@example.test",
        "recipient": "rita@far.test",
        "recipients": [["to", "rita@far.test"]] if sandbox else [],
        "subject": "Your order",
        "from_header": "Shop <shop@example.test>",
        "door": Door.API if sandbox else None,
        "stream": Stream.TRANSACTIONAL if sandbox else None,
    }
    return CapturedMail.objects.create(sandbox=sandbox, size=len(source), data=pack(source), **values | fields)
