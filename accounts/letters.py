"""The letters that the service writes to people: one text, sent as plain text and as HTML."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString


class Tone(StrEnum):
    """The colour of a meter; its numbers say the same in words."""

    CALM = "calm"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Meter:
    """A bar of two cells below the first paragraph, with words beneath both of its ends."""

    percent: int
    """0 to 100."""
    start: str
    end: str
    tone: Tone = Tone.CALM

    @property
    def rest(self) -> int:
        return 100 - self.percent


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
    meter: Meter | None = None
    emphasis: str = ""
    """Words of a paragraph that the HTML prints bold."""
    stop: str = ""
    """The words of a link at the foot by which the reader gets no more letters of this kind."""
    stop_url: str = ""
    one_click_url: str = ""
    """Absolute: where a mail program stops them with one POST (RFC 8058)."""


def compose(letter: Letter, to: str) -> EmailMultiAlternatives:
    """The letter as a message that Django's mail API sends."""
    context: dict[str, Any] = {
        "letter": letter,
        "paragraphs": [_emphasised(paragraph, letter.emphasis) for paragraph in letter.paragraphs],
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "support_email": settings.SUPPORT_EMAIL,
        "preheader": letter.paragraphs[0],
    }
    message = EmailMultiAlternatives(
        subject=" ".join(letter.subject.split()),
        body=render_to_string("emails/letter.txt", context),
        to=[to],
        headers=_one_click(letter.one_click_url),
    )
    message.attach_alternative(render_to_string("emails/letter.html", context), "text/html")
    return message


def _one_click(url: str) -> dict[str, str]:
    """The headers by which mail programs offer to stop letters (RFC 2369, RFC 8058)."""
    if not url:
        return {}
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _emphasised(paragraph: str, words: str) -> SafeString:
    before, found, after = paragraph.partition(words) if words else (paragraph, "", "")
    if not found:
        return conditional_escape(paragraph)
    return format_html('{}<b class="ink" style="color:#1a1f29">{}</b>{}', before, found, after)
