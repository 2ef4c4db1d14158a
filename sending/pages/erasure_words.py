"""What the counts of an erasure say."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

COUNTED: dict[str, Promise] = {
    "emails": _("Emails in the log"),
    "cancelled": _("Waiting emails cancelled"),
    "bodies": _("Bodies of emails"),
    "suppressions": _("Suppressions"),
    "tracking_opt_outs": _("Tracking opt-outs"),
    "sandbox_mails": _("Emails in sandboxes"),
    "webhook_deliveries": _("Kept webhook deliveries"),
    "files": _("Export files"),
    "saved_views": _("Saved views"),
    "audit_entries": _("Entries of the audit log"),
    "notifications": _("Notifications"),
    "requests": _("Questions to support"),
}


def counted(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Each with its words, in the order above; an older kind of count says its name."""
    known = [(str(words), counts.get(name, 0)) for name, words in COUNTED.items()]
    return known + [(name, number) for name, number in counts.items() if name not in COUNTED]
