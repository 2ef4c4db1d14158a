"""What the page of the plan says: the plan in force, and a card for each plan on offer. No HTML."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account, Membership
from billing import metering, requests, subscriptions
from billing.checkout import Quote, quote
from billing.forms import PlanRequestForm
from billing.invoices import unpaid_of
from billing.models import Invoice, Subscription, SupportRequest
from billing.periods import Period, period_of
from billing.plan_fit import fitting_plan
from billing.plan_words import (
    TIERS,
    change_words,
    cost_words,
    domains_words,
    feature_words,
    log_words,
    long_day,
    pace_words,
    people_words,
    price_words,
    short_day,
    sub_accounts_words,
)
from billing.plans import PLANS, Plan
from billing.quota import Usage
from billing.stripe_gateway import payments_are_on
from billing.terms import Terms, terms_of
from mailtrap_site.web.wording import figure_words


class Action(StrEnum):
    """What the button of a card does."""

    NONE = "none"
    BEGIN = "begin"
    """The first payment."""
    CHANGE = "change"
    ASK = "ask"
    """Staff are asked: where nothing is paid by card."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands towards its plan, as far as a page needs it."""

    account: Account
    row: Subscription
    plan: Plan
    next_plan: Plan | None
    terms: Terms
    meter: Usage
    period: Period
    people: int
    payments: bool
    """Whether plans are paid in this instance."""
    may_manage: bool
    open_invoice: Invoice | None
    """The newest one that waits to be paid."""
    request: SupportRequest | None
    """The newest request for a plan, open or answered."""

    @property
    def pays_by_card(self) -> bool:
        return bool(self.row.stripe_subscription_id)

    @property
    def waits_for_answer(self) -> bool:
        return self.request is not None and self.request.is_open


@dataclass(frozen=True, slots=True)
class Card:
    """One plan on offer, for this account."""

    plan: Plan
    price: str
    volume: str
    changes: tuple[str, ...]
    is_current: bool
    fits: bool
    too_small: str
    """Why it is too small for what is used; empty where it is not."""
    cost: tuple[str, str]
    """What changing to it costs, the first words of it apart; empty texts where there is no such price."""
    note: str
    """What stands in place of a button."""
    action: Action
    form: PlanRequestForm | None


def standing_of(account: Account, now: datetime, *, may_manage: bool) -> Standing:
    """Asks all that the page shows from the database."""
    row = subscriptions.subscription_of(account)
    return Standing(
        account=account,
        row=row,
        plan=subscriptions.plan_of(row),
        next_plan=subscriptions.next_plan_of(row),
        terms=terms_of(account, now),
        meter=metering.usage(account, now),
        period=period_of(row.anchor, now),
        people=Membership.objects.filter(account=account).count(),
        payments=payments_are_on(),
        may_manage=may_manage,
        open_invoice=unpaid_of(account) if row.stripe_subscription_id else None,
        request=requests.last_of(account, SupportRequest.Kind.PLAN),
    )


def included(standing: Standing) -> tuple[str, ...]:
    """What the account may use now: its plan, and what staff granted beside it."""
    terms = standing.terms
    month = _("any number of emails") if terms.emails_per_month is None else _volume(terms.emails_per_month)
    pace = pace_words(terms.emails_per_day, terms.emails_per_hour)
    said = [f"{month}, {_('up to %(pace)s') % {'pace': pace}}" if pace else month]
    said += [people_words(terms.users), domains_words(terms.domains), log_words(terms.log_days)]
    if terms.sub_accounts != 0:
        said.append(sub_accounts_words(terms.sub_accounts))
    said += [feature_words((feature,)) for feature in standing.plan.features]
    return tuple(said)


def outlook(standing: Standing) -> str:
    """What becomes of the plan next, and when."""
    day = long_day(standing.period.ends_at)
    if standing.next_plan is not None:
        values = {"day": long_day(standing.row.changes_at or standing.period.ends_at), "plan": standing.next_plan.name}
        return _("Until %(day)s; from then on %(plan)s.") % values
    if standing.pays_by_card:
        return _("Renews on %(day)s.") % {"day": day}
    return _("The meter starts anew on %(day)s.") % {"day": day}


def tiers(standing: Standing, now: datetime) -> list[tuple[str | Promise, list[Card]]]:
    """The plans on offer by tier, in the order of the file."""
    needed = max(standing.meter.used, standing.meter.forecast)
    fitting = fitting_plan(PLANS.on_offer, needed, standing.plan)
    return [
        (TIERS[tier], [_card(plan, standing, plan == fitting, now) for plan in plans])
        for tier, plans in groupby(PLANS.on_offer, key=lambda plan: plan.tier)
    ]


def _card(plan: Plan, standing: Standing, fits: bool, now: datetime) -> Card:
    is_current = plan == standing.plan
    costs = None if is_current or plan.cents_per_month is None else quote(standing.row, plan, now)
    action, note = (Action.NONE, "") if is_current else _action(plan, standing, costs)
    shows_cost = costs is not None and action in (Action.BEGIN, Action.CHANGE)
    return Card(
        plan=plan,
        price=price_words(plan),
        volume=_volume(plan.emails_per_month),
        changes=_changes(plan, standing),
        is_current=is_current,
        fits=fits and not is_current,
        too_small="" if is_current else _too_small(plan, standing),
        cost=cost_words(costs, ends_at=standing.period.ends_at, now=now, has_paid=standing.pays_by_card)
        if costs is not None and shows_cost
        else ("", ""),
        note=note,
        action=action,
        form=_form(plan) if action is Action.ASK else None,
    )


def _action(plan: Plan, standing: Standing, costs: Quote | None) -> tuple[Action, str]:
    """The button of a plan that is not the one in force, or what stands in its place."""
    if plan == standing.next_plan:
        return Action.NONE, _("Agreed from %(day)s on.") % {
            "day": short_day(standing.row.changes_at or standing.period.ends_at)
        }
    if not standing.may_manage:
        return Action.NONE, ""
    by_card = standing.payments and costs is not None
    if by_card and costs is not None and (standing.pays_by_card or costs.is_upgrade):
        if not standing.pays_by_card:
            return Action.BEGIN, ""
        if costs.is_upgrade and standing.row.grace_until is not None:
            return Action.NONE, _("Pay what is open first; then you can change to it.")
        return Action.CHANGE, ""
    if not standing.waits_for_answer:
        return Action.ASK, ""
    asked = standing.request is not None and standing.request.plan_code == plan.code
    return Action.NONE, _("You asked for it.") if asked else ""


def _too_small(plan: Plan, standing: Standing) -> str:
    if standing.meter.used > plan.emails_per_month:
        return _("Too small: you have used %(used)s.") % {"used": figure_words(standing.meter.used)}
    if plan.users is not None and standing.people > plan.users:
        there = ngettext("%(count)s person belongs", "%(count)s people belong", standing.people)
        return _("Too small: %(people)s to the account.") % {"people": there % {"count": standing.people}}
    return ""


def _changes(plan: Plan, standing: Standing) -> tuple[str, ...]:
    pace = pace_words(plan.emails_per_day, plan.emails_per_hour)
    said = (_("Up to %(pace)s") % {"pace": pace},) if pace else ()
    return (*said, *change_words(standing.plan, plan))


def _form(plan: Plan) -> PlanRequestForm:
    return PlanRequestForm(initial={"plan": plan.code}, auto_id=f"id_{plan.code}_%s")


def _volume(emails: int) -> str:
    return _("%(count)s emails a month") % {"count": figure_words(emails)}
