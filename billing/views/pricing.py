"""The public page of plans and prices."""

from dataclasses import dataclass
from itertools import groupby

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.tenancy import accounts_of
from billing.plan_words import (
    TIERS,
    domains_words,
    feature_words,
    log_words,
    overage_words,
    pace_words,
    people_words,
    price_words,
    sub_accounts_words,
)
from billing.plans import PLANS, Plan, Tier
from billing.stripe_gateway import payments_are_on


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One plan on offer in words."""

    plan: Plan
    price: str
    pace: str
    includes: str
    overage: str


@dataclass(frozen=True, slots=True)
class PriceTier:
    """The plans of one tier, and the features that all of them have."""

    name: str | Promise
    features: str
    rows: list[PriceRow]


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    """What each plan includes and costs, for everybody."""
    account = accounts_of(request.user).first() if isinstance(request.user, User) else None
    context = {
        "tiers": price_tiers(PLANS.on_offer),
        "payments": payments_are_on(),
        "plan_url": reverse("billing:plan", args=[account.pk]) if account else "",
        "may_sign_up": get_adapter(request).is_open_for_signup(request),
    }
    return render(request, "billing/pricing.html", context)


def price_tiers(on_offer: tuple[Plan, ...]) -> list[PriceTier]:
    """By tier, in the order given."""
    return [_tier(tier, tuple(plans)) for tier, plans in groupby(on_offer, key=lambda plan: plan.tier)]


def _tier(tier: Tier, plans: tuple[Plan, ...]) -> PriceTier:
    shared = tuple(one for one in plans[0].features if all(one in plan.features for plan in plans))
    return PriceTier(TIERS[tier], feature_words(shared), [_row(plan, shared) for plan in plans])


def _row(plan: Plan, shared: tuple[object, ...]) -> PriceRow:
    said = [people_words(plan.users), domains_words(plan.domains), log_words(plan.log_days)]
    if plan.sub_accounts:
        said.append(sub_accounts_words(plan.sub_accounts))
    if own := feature_words(tuple(one for one in plan.features if one not in shared)):
        said.append(own)
    return PriceRow(
        plan=plan,
        price=price_words(plan),
        pace=pace_words(plan.emails_per_day, plan.emails_per_hour),
        includes=", ".join(said),
        overage=overage_words(plan),
    )
