"""How each state is shown: icon, word, colour. One table a kind; the sentence about a state is the page's own."""

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Tone = Literal["neutral", "accent", "good", "warn", "bad", "away", "outline"]


@dataclass(frozen=True, slots=True)
class Look:
    """A state as a reader sees it: never by colour alone."""

    icon: str
    word: str | Promise
    tone: Tone


MESSAGES: dict[str, Look] = {
    "scheduled": Look("clock", _("Scheduled"), "neutral"),
    "queued": Look("tray", _("Queued"), "neutral"),
    "sending": Look("plane", _("Sending"), "accent"),
    "deferred": Look("retry", _("Deferred"), "warn"),
    "uncertain": Look("question", _("Uncertain"), "warn"),
    "held": Look("pause", _("Held"), "warn"),
    "delivered": Look("tick-circle", _("Delivered"), "good"),
    "captured": Look("captured", _("Captured"), "good"),
    "bounced": Look("back", _("Bounced"), "bad"),
    "rejected": Look("barred", _("Rejected"), "bad"),
    "cancelled": Look("crossed", _("Cancelled"), "outline"),
    "opted_out": Look("door", _("Opted out"), "away"),
    "spam": Look("flag", _("Marked spam"), "away"),
}

# Keys are the contract's words for a DNS record.
RECORDS: dict[str, Look] = {
    "pass": Look("tick-circle", _("Found"), "good"),
    "missing": Look("clock", _("Not found yet"), "neutral"),
    "unchecked": Look("clock", _("Not found yet"), "neutral"),
    "fail": Look("triangle", _("Different value"), "warn"),
    "softfail": Look("triangle", _("Not everywhere"), "warn"),
    "network_error": Look("question", _("Could not check"), "outline"),
}

THINGS: dict[str, Look] = {
    "active": Look("tick-circle", _("Active"), "good"),
    "verified": Look("tick-circle", _("Verified"), "good"),
    "unverified": Look("clock", _("Not verified yet"), "neutral"),
    "records_gone": Look("triangle", _("Records gone"), "warn"),
    "sender_missing": Look("clock", _("Sender missing"), "warn"),
    "under_review": Look("clock", _("Under review"), "neutral"),
    "answers_wanted": Look("question", _("Questions open"), "warn"),
    "card_wanted": Look("card", _("Plan wanted"), "warn"),
    "not_approved": Look("barred", _("Not approved"), "bad"),
    "demo": Look("plane", _("Demo"), "outline"),
    "demo_exhausted": Look("crossed", _("Demo used up"), "outline"),
    "paused": Look("pause", _("Paused"), "warn"),
    "failing": Look("triangle", _("Failing"), "warn"),
    "suspended": Look("barred", _("Suspended"), "bad"),
    "expired": Look("crossed", _("Expired"), "outline"),
}


def look(table: dict[str, Look], state: str) -> Look:
    """The look of a state; a state that the table does not know is shown by its own name, with a question mark."""
    return table.get(str(state)) or Look("question", str(state), "neutral")
