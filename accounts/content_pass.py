"""An account may let support read the content of its emails for a day: the only writer of `support_reads_until`."""

from datetime import datetime, timedelta

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Account

LASTS = timedelta(hours=24)


def allow(account: Account, request: HttpRequest) -> datetime:
    """From now on, for 24 hours; until when."""
    until = timezone.now() + LASTS
    _write(account, until, "support.content_allowed", request)
    return until


def take_back(account: Account, request: HttpRequest) -> bool:
    """It ends now; False where none stood."""
    if not stands(account, timezone.now()):
        return False
    _write(account, None, "support.content_taken_back", request)
    return True


def stands(account: Account, now: datetime) -> bool:
    """Whether support may read."""
    return account.support_reads_until is not None and account.support_reads_until > now


def _write(account: Account, until: datetime | None, action: str, request: HttpRequest) -> None:
    before, account.support_reads_until = account.support_reads_until, until
    changes = {"until": {"from": before.isoformat() if before else "", "to": until.isoformat() if until else ""}}
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(support_reads_until=until)
        audit.record(action, account=account, target=account, changes=changes, request=request)
