"""Paying for a plan, changing it, and the invoices. Each button posts here and lands at Stripe, or back with a word."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view
from billing import checkout as desk
from billing import stripe_gateway
from billing.checkout import NotPossible
from billing.periods import period_of
from billing.plan_words import cost_words, long_day, short_money
from billing.plans import PLANS, Plan
from billing.stripe_gateway import CardDeclined, NotThere, StripeTrouble, Unconfirmed, payments_are_on
from billing.stripe_sync import Restless
from billing.subscriptions import next_plan_of, plan_of, subscription_of
from billing.views.own_plan import of_own_plan

log = structlog.get_logger(__name__)

PRICE_HOLDS = timedelta(hours=1)
"""The price of a change that a customer saw is what is charged."""
MOST_SHOWN = 120
"""Invoices of a page: ten years of months."""


@account_view(Ability.MANAGE_BILLING)
@of_own_plan
@require_POST
def checkout(request: AccountRequest) -> HttpResponse:
    """On to the page where the first paid plan is paid."""
    return _try(request, lambda: desk.begin(request.account, _plan(request.POST), request.user, timezone.now()))


@account_view(Ability.MANAGE_BILLING)
@of_own_plan
@require_GET
def checkout_return(request: AccountRequest) -> HttpResponse:
    """Back from there: asks Stripe itself, so that the plan holds although no event may have come."""

    def look() -> str:
        if desk.finish(request.account, request.GET.get("session_id", ""), timezone.now()):
            messages.success(request, _("The plan was paid. It counts from now on."))
        else:
            messages.error(request, _("Nothing was paid, so the plan stays as it was."))
        return _home(request)

    return _try(request, look)


@account_view(Ability.MANAGE_BILLING)
@of_own_plan
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: AccountRequest) -> HttpResponse:
    """To another plan: up at once, down when the period ends. Asks first, with what it costs."""
    if request.method != "POST":
        return _confirmation(request)

    def turn() -> str:
        plan, now = _plan(request.POST), timezone.now()
        if desk.change(request.account, plan, now, _agreed_at(request, now)):
            messages.success(request, _("The account is on %(plan)s now.") % {"plan": plan.name})
        else:
            messages.success(request, _("%(plan)s was agreed for the next period.") % {"plan": plan.name})
        return _home(request)

    return _try(request, turn)


@account_view(Ability.MANAGE_BILLING)
@of_own_plan
@require_POST
def keep(request: AccountRequest) -> HttpResponse:
    """Takes back what was agreed for the next period."""

    def stay() -> str:
        desk.keep(request.account, timezone.now())
        messages.success(request, _("The plan was kept."))
        return _home(request)

    return _try(request, stay)


@account_view(Ability.MANAGE_BILLING)
@of_own_plan
@require_POST
def portal(request: AccountRequest) -> HttpResponse:
    """On to the page where card, address and tax id are changed."""
    return _try(request, lambda: desk.portal(request.account, request.build_absolute_uri(_home(request))))


@account_view(Ability.VIEW_USAGE)
@of_own_plan
@require_GET
def invoice_list(request: AccountRequest) -> HttpResponse:
    """All invoices, newest first."""
    context = {
        "invoices": request.account.invoices.exclude(status="draft").order_by("-issued_at", "-pk")[:MOST_SHOWN],
        "payments_are_on": payments_are_on(),
        "may_manage": can(request.membership, Ability.MANAGE_BILLING),
    }
    return render(request, "billing/invoices.html", context)


@account_view(Ability.MANAGE_BILLING)
@require_GET
def invoice_pdf(request: AccountRequest, invoice_id: int) -> HttpResponse:
    """On to the PDF; its address at Stripe is asked for anew, since it ends after a while."""
    invoice = get_object_or_404(request.account.invoices, pk=invoice_id)

    def address() -> str:
        found = stripe_gateway.invoice(invoice.stripe_id).get("invoice_pdf")
        if not found:
            raise NotPossible(_("This invoice has no PDF yet."))
        return str(found)

    return _try(request, address)


def _confirmation(request: AccountRequest) -> HttpResponse:
    """What a change costs and when it counts, before the button that makes it."""
    now = timezone.now()
    row = subscription_of(request.account)
    if not payments_are_on():
        raise Http404
    try:
        plan = _plan(request.GET)
    except NotPossible as problem:
        raise Http404 from problem
    if not row.stripe_subscription_id or plan.cents_per_month is None or plan == plan_of(row):
        return redirect("billing:plan", request.account.pk)
    period, costs = period_of(row.anchor, now), desk.quote(row, plan, now)
    context = {
        "plan": plan,
        "in_force": plan_of(row),
        "costs": costs,
        "cost": cost_words(costs, ends_at=period.ends_at, now=now, has_paid=True),
        "today": short_money(costs.due_now_cents),
        "starts": long_day(costs.starts_at),
        "planned": next_plan_of(row),
        "at": int(now.timestamp()),
    }
    return render(request, "billing/change.html", context)


def _agreed_at(request: AccountRequest, now: datetime) -> datetime | None:
    """The moment of the price that the customer saw; None where that was long ago, or never."""
    try:
        shown = datetime.fromtimestamp(int(request.POST.get("at", "")), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return shown if timedelta(0) <= now - shown <= PRICE_HOLDS else None


def _try(request: AccountRequest, act: Callable[[], str]) -> HttpResponse:
    """303 to where `act` says, or back with what went wrong."""
    if not payments_are_on():
        raise Http404
    try:
        goes_to = act()
    except NotPossible as problem:
        messages.error(request, str(problem))
    except NotThere as problem:
        raise Http404 from problem
    except Unconfirmed as waiting:
        # Their page asks the bank; until that is done nothing has changed, and the page of the plan says so.
        return _see(waiting.url)
    except CardDeclined:
        messages.error(
            request, _("The card was declined, so nothing changed. Change it under “Payment details”, then try again.")
        )
    except (StripeTrouble, Restless) as problem:
        log.warning("stripe_trouble", account=request.account.pk, problem=str(problem)[:200])
        messages.error(request, _("Stripe does not answer as it should. Nothing was lost; try again in a minute."))
    else:
        return _see(goes_to)
    return _see(_home(request))


def _see(address: str) -> HttpResponse:
    response = redirect(address)
    response.status_code = 303
    return response


def _plan(asked: QueryDict) -> Plan:
    try:
        return PLANS.newest(asked.get("plan", ""))
    except ValueError as problem:
        raise NotPossible(_("There is no such plan.")) from problem


def _home(request: AccountRequest) -> str:
    """The page of the plan."""
    return reverse("billing:plan", args=[request.account.pk])
