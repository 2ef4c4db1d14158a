"""Suspends the stream of a new account at once when several of its mails had links that deceive, or one kind of mail
went out again and again. Staff end it."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import transaction

from domains.models import SendingDomain
from sending.alerts import stream_words
from sending.models import StreamSuspension, SuspiciousLinks
from sending.queue import control
from sending.queue.control import Scope

log = structlog.get_logger(__name__)

SEVERAL = 3
"""Mails in which different things were found."""
MANY = 20
"""Mails in which the same was found: a single one that is misjudged suspends nobody, but deceit comes in numbers."""
MOST_SENTENCES = 10


@transaction.atomic
def suspend(rows: Sequence[SuspiciousLinks], sentences: Sequence[str], now: datetime) -> bool:
    """For rows of one domain and stream, and what they found in words. What was found before staff ended the last one
    counts no more. Whether a suspension began."""
    if not rows:
        return False
    domain_id, stream = rows[0].domain_id, rows[0].stream
    past = StreamSuspension.objects.filter(domain=domain_id, stream=stream, kind=StreamSuspension.Kind.LINKS)
    last = past.order_by("-ended_at").values_list("ended_at", flat=True).exclude(ended_at=None).first()
    fresh = [one for one in rows if last is None or one.found_at > last]
    domain = SendingDomain.objects.select_related("account").filter(pk=domain_id, deleted_at=None).first()
    mails = sum(one.mails for one in fresh)
    if domain is None or (len(fresh) < SEVERAL and mails < MANY):
        return False
    row, is_new = StreamSuspension.objects.get_or_create(
        domain=domain,
        stream=stream,
        kind=StreamSuspension.Kind.LINKS,
        ended_at=None,
        defaults={
            "account_id": domain.account_id,
            "warned_at": now,
            "suspended_at": now,
            "part": len(fresh),
            "whole": mails,
        },
    )
    if not is_new:
        return False
    scope = Scope(account_id=domain.account_id, domain_id=domain.pk, stream=stream)
    row.pause_id = control.pause(scope, reason=stream_words.fact(row)).pk
    row.save(update_fields=["pause_id"])
    stream_words.tell_links(row, domain, sentences[:MOST_SENTENCES])
    log.warning("stream_suspended", domain=domain.pk, stream=stream, kind=row.kind, part=row.part, whole=row.whole)
    return True
