"""The page of the plan: what is included, what other plans cost, and mail above the limit."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view
from billing import plan_cards, requests, subscriptions
from billing.forms import OverageForm
from billing.plan_words import long_day, overage_words, price_words
from billing.subscriptions import By
from billing.views.own_plan import of_own_plan
from mailtrap_site.web.wording import figure_words


@account_view(Ability.VIEW_USAGE)
@of_own_plan
@require_safe
def plan(request: AccountRequest) -> HttpResponse:
    """The plan in force and those on offer."""
    return _page(request)


@account_view(Ability.MANAGE_BILLING)
@of_own_plan
@require_POST
def overage(request: AccountRequest) -> HttpResponse:
    """How many emails above the limit the account pays for in each period."""
    form = OverageForm(request.POST, plan=subscriptions.plan_of(subscriptions.subscription_of(request.account)))
    if not form.is_valid():
        return _page(request, form, status=422)
    emails = form.cleaned_data["emails"]
    try:
        subscriptions.agree_overage(request.account, emails, By(request.user))
    except ValueError as problem:
        form.add_error("emails", str(problem))
        return _page(request, form, status=422)
    if emails:
        said = _("Up to %(count)s emails above the limit were allowed.") % {"count": figure_words(emails)}
    else:
        said = _("Mail stops at the limit from now on.")
    messages.success(request, said)
    return redirect("billing:plan", request.account.pk)


def _page(request: AccountRequest, form: OverageForm | None = None, *, status: int = 200) -> HttpResponse:
    now = timezone.now()
    standing = plan_cards.standing_of(request.account, now, may_manage=can(request.membership, Ability.MANAGE_BILLING))
    in_force = standing.plan
    context: dict[str, Any] = {
        "standing": standing,
        "price": price_words(in_force),
        "included": plan_cards.included(standing),
        "outlook": plan_cards.outlook(standing),
        "tiers": plan_cards.tiers(standing, now),
        "period_ends": long_day(standing.period.ends_at),
        "grace_ends": long_day(standing.row.grace_until) if standing.row.grace_until else "",
        "requested": requests.what(standing.request) if standing.request else "",
        "overage": overage_words(in_force),
        "unbilled": subscriptions.why_unbilled(standing.row),
        "overage_form": form or OverageForm(initial={"emails": standing.row.overage_cap}, plan=in_force),
    }
    return render(request, "billing/plan.html", context, status=status)
