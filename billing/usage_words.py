"""What a letter about usage says: words, the meter that is drawn in it, and the one plan that fits. Pure."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.letters import Meter, Tone
from billing.models import UsageAlert
from billing.periods import Period
from billing.plan_fit import fitting_plan
from billing.plan_words import short_money
from billing.plans import PLANS, Plan
from billing.proration import prorated_cents
from billing.quota import Level, Usage, judge, level_of
from mailtrap_site.web.wording import NBSP, figure_words

_TONES = {Level.CALM: Tone.CALM, Level.WATCH: Tone.WARN, Level.ACT: Tone.WARN, Level.FULL: Tone.BAD}


@dataclass(frozen=True, slots=True)
class Payer:
    """Whom the letter is about: the account's name, its plan, and how it pays for that."""

    name: str
    plan: Plan
    by_card: bool = False
    """Whether a card pays for the plan already, so that another one costs the difference."""
    prices: bool = True
    """Whether plans are paid in this instance at all."""
    capped_by: str = ""
    """The organisation that set the limit; empty where it is the plan's."""


@dataclass(frozen=True, slots=True)
class Words:
    """What one alert says; paragraphs are parted by an empty line."""

    title: str
    body: str
    meter: Meter
    emphasis: str
    """The day on which the limit is reached; empty without one."""


def words_for(alert: UsageAlert, usage: Usage, payer: Payer, now: datetime) -> Words:
    """The alert in the words of its letter; `usage` is the meter of its period at `now`, with a limit."""
    is_overage = alert.of == UsageAlert.Of.OVERAGE
    used, whole = (usage.above, usage.overage_cap) if is_overage else (usage.used, usage.limit or 0)
    full_at = usage.full_at
    if is_overage:
        full_at = judge(usage.used, (usage.limit or 0) + whole, Period(usage.starts_at, usage.ends_at), now).full_at
    full = _weekday(full_at) if full_at else ""
    parts = (
        _used(min(used, whole) if is_overage else used, whole, is_overage) + _pace(full, usage, alert.threshold),
        _then(usage, payer.plan, alert),
        _what_fits(usage, payer, now),
    )
    body = "\n\n".join(filter(None, parts))
    return Words(_title(alert, payer.name), body, _meter(used, whole, usage), full)


def _title(alert: UsageAlert, name: str) -> str:
    percent = f"{alert.threshold}{NBSP}%"
    if alert.of == UsageAlert.Of.OVERAGE:
        if alert.threshold == 100:
            return _("%(name)s has used all emails that it pays for above its limit") % {"name": name}
        words = _("%(name)s has used %(percent)s of the emails that it pays for above its limit")
        return words % {"name": name, "percent": percent}
    if alert.threshold == 100:
        return _("%(name)s has used all of this month’s emails") % {"name": name}
    return _("%(name)s has used %(percent)s of this month’s emails") % {"name": name, "percent": percent}


def _used(used: int, whole: int, is_overage: bool) -> str:
    values = {"used": figure_words(used), "whole": figure_words(whole)}
    if is_overage:
        return _("%(used)s of %(whole)s emails above the limit went out.") % values
    return _("%(used)s of %(whole)s emails are used.") % values


def _pace(full: str, usage: Usage, threshold: int) -> str:
    if threshold == 100:
        return ""
    if full:
        return " " + _("At this pace the rest lasts until %(full)s.") % {"full": full}
    return " " + _("At this pace the rest lasts until the meter starts again on %(resets)s.") % {
        "resets": _day(usage.ends_at)
    }


def _then(usage: Usage, plan: Plan, alert: UsageAlert) -> str:
    """What happens at the limit, or happens now."""
    values = {
        "resets": _day(usage.ends_at),
        "cap": figure_words(usage.overage_cap),
        "price": short_money(plan.overage_cents_per_thousand or 0),
    }
    is_over = alert.threshold == 100
    if alert.of == UsageAlert.Of.LIMIT and usage.overage_cap and not usage.is_full:
        if is_over:
            return (
                _(
                    "Each further email is sent and billed, at %(price)s per thousand, up to %(cap)s above the limit."
                    " After that new mail is refused until %(resets)s."
                )
                % values
            )
        return (
            _(
                "At the limit sending goes on: up to %(cap)s more emails are billed, at %(price)s per thousand."
                " After that new mail is refused until %(resets)s."
            )
            % values
        )
    if is_over:
        return _("New mail is refused until %(resets)s; nothing already accepted is lost.") % values
    return _("When it is full, new mail is refused until %(resets)s; nothing already accepted is lost.") % values


def _what_fits(usage: Usage, payer: Payer, now: datetime) -> str:
    if payer.capped_by:
        return _("This is the cap that %(organization)s set for this account. Its owners can raise it.") % {
            "organization": payer.capped_by
        }
    needed = max(usage.forecast, (usage.limit or 0) + 1)
    found = fitting_plan(PLANS.on_offer, needed, payer.plan)
    if found is None or found.cents_per_month is None or found.code == payer.plan.code:
        return ""
    values = {"plan": found.name, "emails": figure_words(found.emails_per_month)}
    if not payer.prices:
        return _("%(plan)s has room for what you send: %(emails)s emails a month.") % values
    if not payer.by_card or payer.plan.cents_per_month is None:
        values["price"] = short_money(found.cents_per_month)
        return _("%(plan)s gives you %(emails)s emails for %(price)s a month.") % values
    values["more"] = short_money(found.cents_per_month - payer.plan.cents_per_month)
    period = Period(usage.starts_at, usage.ends_at)
    values["today"] = short_money(prorated_cents(payer.plan.cents_per_month, found.cents_per_month, period, now))
    return (
        _("%(plan)s gives you %(emails)s emails for %(more)s more a month (%(today)s for the rest of this one).")
        % values
    )


def _meter(used: int, whole: int, usage: Usage) -> Meter:
    percent = 100 if used >= whole else used * 100 // whole
    end = _("%(whole)s · resets %(day)s") % {"whole": figure_words(whole), "day": _day(usage.ends_at)}
    return Meter(percent, "0", end, _TONES[level_of(percent)])


def _day(moment: datetime) -> str:
    """A day in UTC, as periods are counted."""
    return date_format(moment, "j F").replace(" ", NBSP)


def _weekday(moment: datetime) -> str:
    return date_format(moment, "l, j F")
