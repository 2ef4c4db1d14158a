"""What the checks of a captured mail find, in words: one row a finding, with what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mailtrap_site.web.wording import figure_words, size_words
from sending.protocol.message_head import Defect

Tone = Literal["bad", "warn", "neutral"]

SHOWN_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A rule's result: a key of `MEANINGS`, how many, how large, and what was seen."""

    code: str
    examples: Sequence[str] = ()
    count: int = 1
    size: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """`bad`: programs or servers go wrong; `warn`: some readers will; `neutral`: good to know."""

    code: str
    tone: Tone
    heading: str
    advice: str


def tell(found: Found) -> Finding:
    """The finding in the reader's language."""
    tone, heading, advice = MEANINGS[found.code]
    words = {"count": figure_words(found.count), "size": size_words(found.size)}
    seen = ", ".join(f"“{one[:60]}”" for one in found.examples[:SHOWN_EXAMPLES] if one)
    return Finding(found.code, tone, _(heading) % words, f"{_(advice)} {_('Seen:')} {seen}" if seen else _(advice))


MEANINGS: dict[str, tuple[Tone, str, str]] = {
    Defect.NO_FROM: ("bad", gettext_noop("No From header"), gettext_noop("A message names its author. Add From.")),
    Defect.SEVERAL_FROM: (
        "bad",
        gettext_noop("More than one From header"),
        gettext_noop("Readers differ on which author they show, so servers refuse it. Keep one."),
    ),
    Defect.NO_DATE: (
        "warn",
        gettext_noop("No Date header"),
        gettext_noop("Each message needs one (RFC 5322 3.6). Filters count its absence against the sender."),
    ),
    Defect.NO_MESSAGE_ID: (
        "warn",
        gettext_noop("No Message-ID header"),
        gettext_noop("Replies refer to it, and filters count its absence against the sender. Add one."),
    ),
    Defect.REPEATED_FIELD: (
        "bad",
        gettext_noop("A header twice that may be there once only"),
        gettext_noop("Of two Subjects or Dates each program believes another one. Keep one of each."),
    ),
    Defect.MALFORMED_FIELD: (
        "bad",
        gettext_noop("A line of the header is no field"),
        gettext_noop("Each line is a field, Name: value, or continues one with leading space."),
    ),
    Defect.EIGHT_BIT_HEAD: (
        "warn",
        gettext_noop("UTF-8 in the header that is not encoded"),
        gettext_noop("Not every server takes it. Encode names and subject (RFC 2047), as most libraries do."),
    ),
    Defect.BARE_CR: (
        "bad",
        gettext_noop("A carriage return without its line feed"),
        gettext_noop("Servers refuse or change such mail. Lines end with both (RFC 5321 2.3.8)."),
    ),
    Defect.BARE_LF: (
        "bad",
        gettext_noop("A line feed without its carriage return"),
        gettext_noop("Servers refuse or change such mail. Lines end with both (RFC 5321 2.3.8)."),
    ),
    Defect.NUL: (
        "bad",
        gettext_noop("A NUL character"),
        gettext_noop("Servers refuse or change such mail. Encode binary content with base64."),
    ),
    Defect.LONG_LINE: (
        "bad",
        gettext_noop("A line of more than 998 octets"),
        gettext_noop("Servers may break it anywhere (RFC 5322 2.1.1). Use quoted-printable or base64."),
    ),
    "no_subject": (
        "warn",
        gettext_noop("No subject"),
        gettext_noop("Readers see an empty line in their list, and filters count it against the sender."),
    ),
    "too_many_parts": (
        "bad",
        gettext_noop("Too many parts"),
        gettext_noop("It has so many, or so many within others, that it was not taken apart. Its source shows them."),
    ),
    "nothing_to_read": (
        "bad",
        gettext_noop("Nothing to read"),
        gettext_noop("It has neither a text nor an HTML part with words in it."),
    ),
    "no_text": (
        "warn",
        gettext_noop("No text part"),
        gettext_noop("Watches and filters read plain text. Add one that says the same as the HTML."),
    ),
    "placeholders": (
        "bad",
        gettext_noop("Placeholders that nothing was put in for"),
        gettext_noop("The reader sees them as they are. Check the names of the variables."),
    ),
    "clipped": (
        "warn",
        gettext_noop("Gmail will clip it: the HTML has %(size)s"),
        gettext_noop("Gmail shows the first 102 KB and hides the rest, the link to unsubscribe included. Shorten it."),
    ),
    "missing_images": (
        "bad",
        gettext_noop("An inline image is missing"),
        gettext_noop("The HTML refers to a part that the mail does not have. Check the content ids."),
    ),
    "no_alt": (
        "warn",
        gettext_noop("Images without alt text: %(count)s"),
        gettext_noop("Where images are hidden, readers see the alt text. Decoration gets an empty one."),
    ),
    "plain_images": (
        "warn",
        gettext_noop("Images over plain http"),
        gettext_noop("Many programs do not load them. Serve them over https."),
    ),
    "data_images": (
        "warn",
        gettext_noop("Images as data: addresses"),
        gettext_noop("Gmail and Outlook do not show them. Attach them inline and name them by cid:, or link to them."),
    ),
    "relative_links": (
        "bad",
        gettext_noop("Links without a host"),
        gettext_noop("In a mail they lead nowhere. Write the whole address, with https:// in front."),
    ),
    "local_links": (
        "warn",
        gettext_noop("Links to this machine"),
        gettext_noop("They work for nobody else. Set the public address of your site before you send to others."),
    ),
    "empty_links": (
        "warn",
        gettext_noop("Links that lead nowhere: %(count)s"),
        gettext_noop("Who clicks sees nothing happen. Give them an address, or make them text."),
    ),
    "active_content": (
        "warn",
        gettext_noop("Elements that mail programs take out"),
        gettext_noop("Nothing runs in a mail. Link to a page that does it."),
    ),
    "linked_styles": (
        "warn",
        gettext_noop("A linked style sheet"),
        gettext_noop("Mail programs load none. Put the styles into the elements, or into a style element."),
    ),
    "blocked_attachment": (
        "bad",
        gettext_noop("An attachment that Gmail and Outlook refuse"),
        gettext_noop("Its name turns the whole mail away. Link to the file instead."),
    ),
    "no_unsubscribe": (
        "warn",
        gettext_noop("Bulk mail without List-Unsubscribe"),
        gettext_noop("Gmail and Yahoo want it from everybody who sends to many. Add the header with an https address."),
    ),
    "no_one_click": (
        "neutral",
        gettext_noop("Unsubscribing takes more than one click"),
        gettext_noop("Gmail and Yahoo want List-Unsubscribe-Post: List-Unsubscribe=One-Click as well (RFC 8058)."),
    ),
}
