"""Holds new accounts to a number of emails an hour, as an override that a rule wrote and a better conduct raises.

More than an hour takes is not refused: it waits for an hour with room. Staff who grant an hourly limit by hand end the
rule for that account.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Account
from accounts.notices import notify
from billing import overrides
from billing.models import QuotaOverride
from billing.newness import Step, is_further, steps
from billing.terms import terms_of
from mailtrap_site.web.wording import figure_words

HOURLY = QuotaOverride.Term.EMAILS_PER_HOUR


def begin(account: Account, **_signal: Any) -> None:
    """The first step, on the transaction that opens the account. On the development route nothing leaves the machine,
    so there is nothing to guard."""
    if settings.ROUTE != "development" and not account.is_platform:
        _grant(account, steps()[0], timezone.now())


def running(now: datetime) -> QuerySet[QuotaOverride]:
    """What the rule holds now, oldest first."""
    kept = QuotaOverride.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now)).exclude(rule="")
    return kept.select_related("account").order_by("pk")


@transaction.atomic
def advance(row: QuotaOverride, step: Step, now: datetime) -> bool:
    """Puts the account on the step that its conduct has reached, if that is further; whether anything changed."""
    # Whoever comes second finds that the row has ended.
    held = running(now).select_for_update(of=("self",)).filter(pk=row.pk).first()
    if held is None:
        return False
    if overrides.running(held.account, now).filter(term=HOURLY, rule="").exists():
        return overrides.end(held, None, _("Staff decide about this limit."))
    if is_further(step, held.rule):
        overrides.end(held, None, _("The account has sent well."))
        _grant(held.account, step, now)
        _tell(held.account, step)
        return True
    if held.value == _value(held.account, _step(held.rule), now):
        return False
    # Another plan, whose own limit is lower or higher than what the last one had.
    overrides.end(held, None, _("The plan has changed."))
    _grant(held.account, _step(held.rule), now)
    return True


def _grant(account: Account, step: Step, now: datetime) -> None:
    value = _value(account, step, now)
    if value is not None:
        reason = _("A new account sends little at first.")
        overrides.grant(account, HOURLY, value, reason, None, now, rule=step.name)


def _value(account: Account, step: Step, now: datetime) -> int | None:
    """Never more than the plan; None where the plan alone counts."""
    if step.emails_per_hour is None:
        return None
    of_plan = terms_of(account, now).plan.emails_per_hour
    return step.emails_per_hour if of_plan is None else min(step.emails_per_hour, of_plan)


def _step(name: str) -> Step:
    return next((step for step in steps() if step.name == name), steps()[0])


def _tell(account: Account, step: Step) -> None:
    if step.emails_per_hour is None:
        body = _("From now on your plan alone says how much you may send an hour.")
    else:
        body = _("From now on %(count)s emails an hour leave, or as many as your plan has.") % {
            "count": figure_words(step.emails_per_hour)
        }
    title = _("%(account)s may send more an hour") % {"account": account.name}
    notify(account, "account.limit_raised", title, body, letter=False)
