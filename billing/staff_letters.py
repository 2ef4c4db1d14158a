"""Writes to staff that customers wait for an answer or take payments back: all of it in one letter, at most hourly."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.letters import Letter, compose
from accounts.models import AuditEntry, User
from billing import requests
from billing.models import SupportRequest

log = structlog.get_logger(__name__)

AT_MOST_EVERY = timedelta(hours=1)
MOST_LINES = 20
"""Of one kind in a letter; the desk shows all."""
MAY_ANSWER = "billing.change_supportrequest"
TOLD = "staff.told"
"""The audit log's entry for each letter: what came after the newest is news."""
_DISPUTED = "invoice.disputed"
_LOCK = 0x7374616666


def tell(now: datetime) -> int:
    """How many requests and disputes were put before staff by letter in this run."""
    with transaction.atomic():
        if not _alone():
            return 0
        since = AuditEntry.objects.filter(action=TOLD).order_by("-pk").values_list("at", flat=True).first()
        if since is not None and now - since < AT_MOST_EVERY:
            return 0
        asked, disputed = _requests(since, now), _disputes(since, now)
        if not asked and not disputed:
            return 0
        audit.record(TOLD, account=None, changes={"news": {"from": "", "to": str(len(asked) + len(disputed))}})
        transaction.on_commit(partial(_send, _letter(asked, disputed)))
    return len(asked) + len(disputed)


def _alone() -> bool:
    """Whether no other run is at it; until the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])


def _requests(since: datetime | None, now: datetime) -> list[str]:
    waiting = SupportRequest.objects.filter(state=SupportRequest.State.OPEN, asked_at__lte=now)
    if since is not None:
        waiting = waiting.filter(asked_at__gt=since)
    return [
        _("%(account)s asks for %(what)s.") % {"account": one.account.name, "what": requests.what(one)}
        for one in waiting.select_related("account").order_by("pk")
    ]


def _disputes(since: datetime | None, now: datetime) -> list[str]:
    found = AuditEntry.objects.filter(action=_DISPUTED, at__lte=now, account__isnull=False)
    if since is not None:
        found = found.filter(at__gt=since)
    return [
        _("%(account)s disputes invoice %(invoice)s.")
        % {"account": one.account.name if one.account else "", "invoice": one.target_name}
        for one in found.select_related("account").order_by("pk")
    ]


def _letter(asked: Sequence[str], disputed: Sequence[str]) -> Letter:
    lines = [*disputed[:MOST_LINES], *asked[:MOST_LINES]]
    more = len(asked) + len(disputed) - len(lines)
    if more:
        lines.append(_("And %(count)d more.") % {"count": more})
    return Letter(
        subject=_("Customers of %(site)s wait for you") % {"site": settings.SITE_NAME},
        paragraphs=tuple(lines),
        reason=_("You get this because you may answer requests at the support desk. We write at most once an hour."),
        action=_("Open the support desk"),
        url=f"{settings.SITE_URL}/admin/requests/",
    )


def _send(letter: Letter) -> None:
    for reader in User.objects.filter(is_staff=True, is_active=True).order_by("pk"):
        if not reader.has_perm(MAY_ANSWER):
            continue
        try:
            compose(letter, reader.email).send()
        except Exception as problem:  # whatever a mail backend raises; the desk's badge counts them all the same
            log.error("letter_lost", kind=TOLD, user=reader.pk, problem=type(problem).__name__)
