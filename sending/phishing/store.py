"""Keeps what the rules found until somebody has decided, and no longer than the log."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Account, User
from sending.models import Message, SuspiciousLinks
from sending.phishing.rules import Suspicion, rule_book
from sending.retention.terms import days_by_account

State = SuspiciousLinks.State


def keep(message: Message, suspicion: Suspicion, now: datetime) -> SuspiciousLinks:
    """The row of this finding, new or met again. What staff decided about it holds on."""
    weights = rule_book().weights
    told = [
        {"rule": one.rule, "weight": weights[one.rule], "url": one.url, "detail": dict(one.detail)}
        for one in suspicion.findings
    ]
    row, is_new = SuspiciousLinks.objects.get_or_create(
        domain_id=message.domain_id,
        stream=message.stream,
        fingerprint=suspicion.fingerprint,
        defaults={
            "account_id": message.account_id,
            "message_id": message.pk,
            "score": suspicion.score,
            "findings": told,
            "found_at": now,
            "last_found_at": now,
        },
    )
    if not is_new:
        news: dict[str, Any] = {"mails": F("mails") + 1, "last_found_at": now, "message_id": message.pk}
        SuspiciousLinks.objects.filter(pk=row.pk).update(**news)
    return row


def waiting() -> QuerySet[SuspiciousLinks]:
    """What nobody has decided about."""
    return SuspiciousLinks.objects.filter(state=State.OPEN)


def decide(
    row: SuspiciousLinks, state: SuspiciousLinks.State, reason: str, staff: User, request: HttpRequest | None = None
) -> bool:
    """Dismisses or confirms it, in the audit log of the account; False where somebody was quicker."""
    now = timezone.now()
    with transaction.atomic():
        open_one = waiting().filter(pk=row.pk)
        if not open_one.update(state=state, reason=reason, decided_by=staff, decided_at=now):
            return False
        audit.record(
            f"links.{state.value}",
            account=Account.objects.get(pk=row.account_id),
            actor=staff,
            target=row,
            changes={"reason": {"from": "", "to": reason}, "score": {"from": None, "to": row.score}},
            request=request,
            by_staff=True,
        )
    return True


def forget(now: datetime) -> int:
    """Deletes what was last found before the account's days of log; how many rows."""
    yesterday = now - timedelta(days=1)
    old: Collection[int] = set(
        SuspiciousLinks.objects.filter(last_found_at__lt=yesterday).values_list("account", flat=True)
    )
    days = days_by_account(now, old) if old else {}
    gone = 0
    for account_id, length in days.items():
        past = SuspiciousLinks.objects.filter(account=account_id, last_found_at__lt=now - timedelta(days=length))
        gone += past.delete()[0]
    return gone
