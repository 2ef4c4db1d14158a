"""Tells the people who pay that an account came near its limit: the only writer of `UsageAlert.told_at` after it was
recorded."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Role
from accounts.notices import notify
from billing import metering
from billing.models import UsageAlert
from billing.models.invoice import money
from billing.periods import Period
from billing.plan_fit import fitting_plan
from billing.plans import PLANS, Plan
from billing.quota import Usage, judge
from billing.terms import terms_of
from mailtrap_site.web.wording import NBSP, figure_words

log = structlog.get_logger(__name__)

AT_ONCE = 500
"""Alerts of one run; the next run takes those that are left."""
READERS = (Role.OWNER, Role.BILLING)
_LEVELS = {80: "info", 90: "warning", 100: "critical"}


@dataclass(frozen=True, slots=True)
class Words:
    """What one alert says; paragraphs are parted by an empty line."""

    title: str
    body: str


def tell_due(now: datetime) -> int:
    """How many of the alerts that wait, oldest first, were told in this run.

    An alert is claimed and its notice written in one transaction, so the notice in the dashboard exists exactly once
    whoever else runs. Letters leave after the commit: one is lost only if the process ends between the two.
    """
    waiting = UsageAlert.objects.filter(told_at=None).select_related("account").order_by("recorded_at", "pk")
    return sum(_quietly(alert, now) for alert in waiting[:AT_ONCE])


def words_for(alert: UsageAlert, usage: Usage, plan: Plan, now: datetime) -> Words:
    """The alert in the words of its letter; `usage` is the meter of its period at `now`, with a limit."""
    told = _of_overage(alert, usage, plan, now) if alert.of == UsageAlert.Of.OVERAGE else _of_limit(alert, usage, plan)
    return Words(told.title, "\n\n".join(filter(None, (told.body, _what_fits(usage, plan)))))


def plan_path(account_id: int) -> str:
    """Where more emails are to be had."""
    return reverse("billing:plan", args=[account_id])


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
    words = words_for(alert, usage, terms.plan, now)
    level = _LEVELS[alert.threshold]
    notify(account, "usage.alert", words.title, words.body, plan_path(account.pk), level, READERS)
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


def _of_limit(alert: UsageAlert, usage: Usage, plan: Plan) -> Words:
    values = _values(usage, plan)
    if alert.threshold == 100:
        title = _("You have used all of this month’s emails")
        then = _("Mail is refused until %(resets)s.") % values
        if usage.overage_cap and not usage.is_full:
            then = (
                _(
                    "Each further email is sent and billed, at %(price)s per thousand, up to %(cap)s above the limit. "
                    "After that mail is refused until %(resets)s."
                )
                % values
            )
        return Words(title, f"{_used(usage)}\n\n{then}")
    title = _("You have used %(percent)s of this month’s emails") % {"percent": f"{alert.threshold}{NBSP}%"}
    if usage.overage_cap:
        then = (
            _(
                "At the limit sending goes on: up to %(cap)s more emails are billed, at %(price)s per thousand. "
                "After that mail is refused until %(resets)s."
            )
            % values
        )
    else:
        then = _("At the limit mail is refused until %(resets)s.") % values
    return Words(title, f"{_used(usage)}\n\n{_pace(usage.full_at, usage)}\n\n{then}")


def _of_overage(alert: UsageAlert, usage: Usage, plan: Plan, now: datetime) -> Words:
    values = _values(usage, plan)
    used = (
        _(
            "%(above)s of the %(cap)s emails above your limit that you agreed to pay for are used until %(resets)s, "
            "at %(price)s per thousand."
        )
        % values
    )
    if alert.threshold == 100:
        title = _("You have used all emails that you agreed to pay for above your limit")
        return Words(title, f"{used}\n\n{_('Mail is refused until %(resets)s.') % values}")
    title = _("You have used %(percent)s of the emails that you agreed to pay for above your limit") % {
        "percent": f"{alert.threshold}{NBSP}%"
    }
    most = (usage.limit or 0) + usage.overage_cap
    whole = judge(usage.used, most, Period(usage.starts_at, usage.ends_at), now)
    then = _("After the last of them mail is refused until %(resets)s.") % values
    return Words(title, f"{used}\n\n{_pace(whole.full_at, usage)}\n\n{then}")


def _values(usage: Usage, plan: Plan) -> dict[str, str]:
    return {
        "resets": _day(usage.ends_at),
        "above": figure_words(min(usage.above, usage.overage_cap)),
        "cap": figure_words(usage.overage_cap),
        "price": money(plan.overage_cents_per_thousand or 0),
    }


def _used(usage: Usage) -> str:
    return _("%(used)s of %(limit)s emails are used; the meter starts again on %(resets)s.") % {
        "used": figure_words(usage.used),
        "limit": figure_words(usage.limit),
        "resets": _day(usage.ends_at),
    }


def _pace(full_at: datetime | None, usage: Usage) -> str:
    if full_at is None:
        return _("At this pace the limit is not reached before %(resets)s.") % {"resets": _day(usage.ends_at)}
    return _("At this pace the limit is reached on %(full)s.") % {"full": _day(full_at)}


def _what_fits(usage: Usage, plan: Plan) -> str:
    needed = max(usage.forecast, (usage.limit or 0) + 1)
    found = fitting_plan(PLANS.on_offer, needed, plan)
    if found is None or found.cents_per_month is None or found.code == plan.code:
        return ""
    return _("The plan that fits what you send is %(plan)s: %(emails)s emails for %(price)s a month.") % {
        "plan": found.name,
        "emails": figure_words(found.emails_per_month),
        "price": money(found.cents_per_month),
    }


def _day(moment: datetime) -> str:
    """A day in UTC, as periods are counted."""
    return date_format(moment, "j F")
