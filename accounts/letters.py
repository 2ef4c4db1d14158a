"""The letters that the service writes to people: one text, sent as plain text and as HTML."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string


@dataclass(frozen=True, slots=True)
class Letter:
    """A subject, which is the heading too, paragraphs, at most one button, and why the reader gets it."""

    subject: str
    paragraphs: tuple[str, ...]
    reason: str
    action: str = ""
    url: str = ""
    """Absolute. Shown in full in the text, behind the button in the HTML."""
    facts: tuple[tuple[str, str], ...] = ()


def compose(letter: Letter, to: str) -> EmailMultiAlternatives:
    """The letter as a message that Django's mail API sends."""
    context: dict[str, Any] = {
        "letter": letter,
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "preheader": letter.paragraphs[0],
    }
    message = EmailMultiAlternatives(
        subject=" ".join(letter.subject.split()), body=render_to_string("emails/letter.txt", context), to=[to]
    )
    message.attach_alternative(render_to_string("emails/letter.html", context), "text/html")
    return message
