"""Tells the people who pay that an account came near its limit: the only writer of `UsageAlert.told_at` after it was
recorded."""

from datetime import datetime

import structlog
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.letter_choice import USAGE, USAGE_READERS
from accounts.models import Account, Membership
from accounts.notices import Drawn, notify
from billing import metering
from billing.models import UsageAlert
from billing.quota import Usage
from billing.stripe_gateway import payments_are_on
from billing.subscriptions import subscription_of
from billing.terms import terms_of
from billing.usage_words import Payer, words_for

log = structlog.get_logger(__name__)

AT_ONCE = 500
"""Alerts of one run; the next run takes those that are left."""
RHYTHM = gettext_lazy("We write at 80, 90 and 100\N{NO-BREAK SPACE}%, once each in a period.")
_LEVELS = {80: "info", 90: "warning", 100: "critical"}


def tell_due(now: datetime) -> int:
    """How many of the alerts that wait, oldest first, were told in this run.

    An alert is claimed and its notice written in one transaction, so the notice in the dashboard exists exactly once
    whoever else runs. Letters leave after the commit: one is lost only if the process ends between the two.
    """
    waiting = UsageAlert.objects.filter(told_at=None).select_related("account").order_by("recorded_at", "pk")
    return sum(_quietly(alert, now) for alert in waiting[:AT_ONCE])


def plan_path(account_id: int) -> str:
    """Where more emails are to be had."""
    return reverse("billing:plan", args=[account_id])


def readers_of(account: Account) -> list[str]:
    """The names of those who get letters about usage, by name."""
    wanting = Membership.objects.filter(account=account, role__in=USAGE_READERS).exclude(
        stopped_letters__contains=[USAGE]
    )
    return sorted(one.user.get_full_name() for one in wanting.filter(user__is_active=True).select_related("user"))


def last_told(account: Account, usage: Usage) -> UsageAlert | None:
    """The newest alert of this period that a letter was written for."""
    told = UsageAlert.objects.filter(account=account, period_starts_at=usage.starts_at, of=UsageAlert.Of.LIMIT)
    return told.exclude(told_at=None).order_by("-told_at", "-threshold").first()


def _quietly(alert: UsageAlert, now: datetime) -> bool:
    try:
        return _tell(alert, now)
    except Exception as problem:  # the others are told all the same; the next run tries this one again
        log.warning("alert_waits", alert=alert.pk, problem=type(problem).__name__)
        return False


@transaction.atomic
def _tell(alert: UsageAlert, now: datetime) -> bool:
    if not UsageAlert.objects.filter(pk=alert.pk, told_at=None).update(told_at=now):
        return False
    account = alert.account
    terms, usage = terms_of(account, now), metering.usage(account, now)
    if _is_stale(alert, usage):
        return False
    by_card = bool(subscription_of(account).stripe_subscription_id)
    organization = account.organization.name if account.organization else ""
    words = words_for(alert, usage, Payer(account.name, terms.plan, by_card, payments_are_on(), organization), now)
    path, action = plan_path(account.pk), _("See usage and plans")
    if organization:
        path, action = reverse("billing:usage", args=[account.pk]), _("See the usage")
    drawn = Drawn(words.meter, words.emphasis, action, str(RHYTHM))
    level = _LEVELS[alert.threshold]
    notify(account, USAGE, words.title[:200], words.body, path, level, USAGE_READERS, drawn)
    return True


def _is_stale(alert: UsageAlert, usage: Usage) -> bool:
    """Whether its period is over, its limit another by now, or a higher threshold was reached since."""
    in_force = usage.overage_cap if alert.of == UsageAlert.Of.OVERAGE else usage.limit
    if usage.starts_at != alert.period_starts_at or in_force != alert.limit:
        return True
    same = UsageAlert.objects.filter(
        account=alert.account, period_starts_at=alert.period_starts_at, of=alert.of, limit=alert.limit
    )
    return same.filter(threshold__gt=alert.threshold).exists()
