"""Automatic copies: the addresses that get a copy of each email of a domain, and the header that marks these copies."""

import re
from collections.abc import Sequence

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from domains.models import SendingDomain

MOST_COPIES = 5
_HEADER_NAME = re.compile(r"X-[A-Za-z0-9-]{1,60}")
_HEADER_VALUE = re.compile(r"[!-~]([ -~]{0,118}[!-~])?")
_OURS = ("x-mt-", "x-mailtrap-")
"""Headers that ask the service for something."""


class HeaderRefused(ValueError):
    """A header that may not mark copies; `part` is "name" or "value"."""

    def __init__(self, part: str, sentence: str) -> None:
        super().__init__(sentence)
        self.part = part


def header_line(name: str, value: str) -> str:
    """The line that marks copies, without its end; empty for an empty name and value. Raises HeaderRefused with a
    sentence for what may not stand in a message."""
    if not name and not value:
        return ""
    if not _HEADER_NAME.fullmatch(name):
        raise HeaderRefused("name", _("The name begins with X- and has letters, digits and hyphens, such as X-Copy."))
    if name.lower().startswith(_OURS):
        raise HeaderRefused("name", _("This name is the service's own. Choose another."))
    if not _HEADER_VALUE.fullmatch(value):
        raise HeaderRefused("value", _("The value is up to 120 characters of plain ASCII, such as yes."))
    return f"{name}: {value}"


def choose(
    domain: SendingDomain,
    addresses: Sequence[str],
    header: str = "",
    *,
    user: User | None = None,
    request: HttpRequest | None = None,
) -> SendingDomain:
    """From the next email on these addresses get the copies; none ends them. The addresses have been read before, and
    `header` comes from `header_line`. Raises ValueError for too many, and for
    a demo domain."""
    if domain.is_demo and addresses:
        raise ValueError(_("The demo domain sends to its owner alone, and makes no copies."))
    if len(addresses) > MOST_COPIES:
        raise ValueError(_("A domain copies its emails to %(most)s addresses at most.") % {"most": MOST_COPIES})
    with transaction.atomic():
        row = SendingDomain.objects.select_for_update(of=("self",)).get(pk=domain.pk)
        before = (row.auto_bcc, row.auto_bcc_header)
        row.auto_bcc, row.auto_bcc_header = list(addresses), header
        if before == (row.auto_bcc, row.auto_bcc_header):
            return row
        row.save(update_fields=["auto_bcc", "auto_bcc_header"])
        changes = {
            "addresses": {"from": ", ".join(before[0]), "to": ", ".join(addresses)},
            "header": {"from": before[1], "to": header},
        }
        audit.record("domain.auto_bcc", account=row.account, actor=user, target=row, changes=changes, request=request)
    return row
