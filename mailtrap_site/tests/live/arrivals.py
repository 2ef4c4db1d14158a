"""What arrived, read by the standard library."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from mailtrap_site.testing.live_instance import LiveInstance


def arrived(live: LiveInstance, recipient: str) -> EmailMessage:
    """The one mail that the recipient got."""
    live.wait_for_captured(recipient)
    (mail,) = live.captured(recipient)
    return message_from_bytes(mail, _class=EmailMessage, policy=default)


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").rstrip("\n")


def written_text(mail: EmailMessage) -> str:
    """The text without the footer that bulk mail gets."""
    text = text_of(mail)
    if mail["Precedence"] != "bulk":
        return text
    written, _, footer = text.rpartition("\n\n")
    assert "Unsubscribe: http" in footer
    return written


def attachments(mail: EmailMessage) -> dict[str | None, Any]:
    return {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}
