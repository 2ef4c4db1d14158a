"""Looks at how the mail of new accounts has fared, and lets those send more an hour whose mail is wanted."""

from datetime import datetime, timedelta

import structlog
from django.db.models import Sum

from accounts.models import Account
from billing import new_accounts
from billing.newness import Conduct, reached
from sending.models import DailyCount
from sending.stats.rates import share

log = structlog.get_logger(__name__)

LATELY = timedelta(days=30)


def judge(now: datetime) -> int:
    """Puts each account that a rule still holds on the step that it has reached; how many moved."""
    moved = 0
    for row in new_accounts.running(now):
        try:
            moved += new_accounts.advance(row, reached(conduct_of(row.account, now)), now)
        except Exception:  # the others are looked at all the same; the next run tries this one again
            log.exception("new_account_waits", account=row.account_id)
    return moved


def conduct_of(account: Account, now: datetime) -> Conduct:
    """What the counters say of an account."""
    days = DailyCount.objects.filter(account=account)
    lately = days.filter(day__gte=(now - LATELY).date()).aggregate(
        delivered=Sum("delivered", default=0), bounced=Sum("bounced", default=0), spam=Sum("spam", default=0)
    )
    return Conduct(
        days=(now - account.created_at).days,
        delivered=days.aggregate(all=Sum("delivered", default=0))["all"],
        bounces=share(lately["bounced"], lately["delivered"] + lately["bounced"]) or 0.0,
        spam=share(lately["spam"], lately["delivered"]) or 0.0,
    )
