"""Drafts for tests."""

from datetime import UTC, datetime

from mailtrap_site.testing.world import World
from sending.models import Door, Stream
from sending.submission.submit import Draft


def message(from_="Alice <alice@example.test>", to="rita@far.test", subject="Hello", body="Hi\r\n", extra="") -> bytes:
    """A composed message; `extra` holds whole header lines."""
    date = datetime(2026, 11, 22, 8, tzinfo=UTC)
    return (
        f"From: {from_}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {date:%a, %d %b %Y %H:%M:%S} +0000\r\n"
        f"Message-ID: <1@example.test>\r\n{extra}\r\n{body}"
    ).encode()


def draft(world: World, **changes) -> Draft:
    """Alice's mail to Rita, by API, with her account's token."""
    fields = {
        "account_id": world.account.pk,
        "token_id": world.token.pk,
        "stream": Stream.TRANSACTIONAL,
        "door": Door.API,
        "client_ip": "192.0.2.7",
        "mail_from": "alice@example.test",
        "recipients": (("to", "rita@far.test"),),
        "message": message(),
    }
    return Draft(**{**fields, **changes})
