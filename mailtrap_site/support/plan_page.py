"""One account's plan at the support desk: the terms in force and where they come from, its meter, what it asked for."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.message_size import most_bytes
from accounts.models import Account
from billing import metering, overrides, requests, subscriptions
from billing.models import Invoice, QuotaOverride, StripeEvent, Subscription, SupportRequest, UsagePeriod
from billing.models.invoice import money
from billing.terms import Terms, terms_of
from mailtrap_site.web.wording import figure_words

MOST_PERIODS = 12
MOST_EVENTS = 20
MOST_OVERRIDES = 50


@require_safe
def plan_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """Everything about money and limits of one account, and the acts on it."""
    if not request.user.has_perm("billing.view_subscription"):
        raise PermissionDenied
    account = get_object_or_404(Account, pk=account_id)
    now = timezone.now()
    subscription, terms = subscriptions.subscription_of(account), terms_of(account, now)
    in_force = list(overrides.running(account, now)[:MOST_OVERRIDES])
    context = {
        "title": _("Plan and usage of %(account)s") % {"account": account.name},
        "account": account,
        "subscription": subscription,
        "facts": _facts(subscription, terms),
        "next_plan": subscriptions.next_plan_of(subscription),
        "usage": metering.usage(account, now),
        "terms": {"headers": [_("limit"), _("in force"), _("from")], "rows": _terms(terms, in_force, now)},
        "overrides": [(one, counts) for one, counts in _marked(in_force)],
        "periods": {"headers": [_("from"), _("to"), _("used"), _("given back"), _("limit")], "rows": _periods(account)},
        "invoices": {
            "headers": [_("number"), _("issued"), _("status"), _("total"), _("refunded"), _("disputed")],
            "rows": _invoices(account),
        },
        "events": {
            "headers": [_("event"), _("happened"), _("applied"), _("tries"), _("problem")],
            "rows": _events(subscription),
        },
        "open": [(one, requests.what(one)) for one in open_requests().filter(account=account)],
        "offers_overage": bool(terms.plan.most_overage),
        "may_grant": request.user.has_perm("billing.change_quotaoverride"),
        "may_change": request.user.has_perm("billing.change_subscription"),
        "may_answer": request.user.has_perm("billing.change_supportrequest"),
    }
    return render(request, "admin/plans/plan.html", admin.site.each_context(request) | context)


def open_requests() -> Any:
    """Those that wait for an answer, oldest first."""
    waiting = SupportRequest.objects.filter(state=SupportRequest.State.OPEN)
    return waiting.select_related("account", "asked_by").order_by("asked_at", "id")


def _facts(subscription: Subscription, terms: Terms) -> list[tuple[str, str]]:
    paid = terms.plan.cents_per_month
    return [
        (_("Plan"), _("%(plan)s, generation %(generation)s") % _plan_words(terms)),
        (_("Price a month"), _("by agreement") if paid is None else f"${paid / 100:,.2f}"),
        (_("Periods counted from"), moment_words(terms.anchor)),
        (_("Emails above the limit"), figure_words(terms.overage_cap) if terms.overage_cap else _("none, a hard stop")),
        (_("Grace until"), moment_words(subscription.grace_until)),
        (_("Customer at Stripe"), subscription.stripe_customer_id or "–"),
        (_("Subscription at Stripe"), subscription.stripe_subscription_id or "–"),
        (_("Message size"), requests.megabytes(most_bytes(subscription.account.max_message_bytes))),
    ]


def _plan_words(terms: Terms) -> dict[str, object]:
    return {"plan": terms.plan.name, "generation": terms.plan.generation}


def _terms(terms: Terms, in_force: list[QuotaOverride], now: datetime) -> list[list[str]]:
    newest = {one.term: one for one in sorted(in_force, key=lambda one: one.pk) if one.starts_at <= now}
    rows = []
    for term in QuotaOverride.Term:
        of_plan = _value(getattr(terms.plan, term.value))
        source = _("the plan")
        if terms.organization_id and getattr(terms, term.value) != getattr(terms.plan, term.value):
            source = _("its organisation")
        if term.value in newest:
            source = _("an override; the plan says %(value)s") % {"value": of_plan}
        rows.append([str(term.label), _value(getattr(terms, term.value)), source])
    return rows


def _marked(in_force: list[QuotaOverride]) -> list[tuple[QuotaOverride, bool]]:
    """Each with whether it counts: the newest of its term does."""
    newest = {one.term: one.pk for one in sorted(in_force, key=lambda one: one.pk)}
    return [(one, newest[one.term] == one.pk) for one in in_force]


def _periods(account: Account) -> list[list[str]]:
    found = UsagePeriod.objects.filter(account=account).order_by("-starts_at")[:MOST_PERIODS]
    return [
        [
            moment_words(one.starts_at),
            moment_words(one.ends_at),
            figure_words(one.used),
            figure_words(one.given_back),
            figure_words(one.message_limit),
        ]
        for one in found
    ]


def _invoices(account: Account) -> list[list[str]]:
    found = Invoice.objects.filter(account=account).order_by("-issued_at", "-pk")[:MOST_PERIODS]
    return [
        [
            str(one),
            moment_words(one.issued_at),
            str(one.get_status_display()),
            one.total_money,
            one.refunded_money if one.refunded_cents else "–",
            money(one.disputed_cents, one.currency) if one.disputed_cents else "–",
        ]
        for one in found
    ]


def _events(subscription: Subscription) -> list[list[str]]:
    """What Stripe told of this customer; without one nothing, since such events name nobody."""
    if not subscription.stripe_customer_id:
        return []
    found = StripeEvent.objects.filter(customer_id=subscription.stripe_customer_id).order_by("-created_at", "-pk")
    return [
        [one.type, moment_words(one.created_at), moment_words(one.applied_at), str(one.attempts), one.problem or "–"]
        for one in found[:MOST_EVENTS]
    ]


def _value(value: int | None) -> str:
    return _("no limit") if value is None else figure_words(value)


def moment_words(moment: datetime | None) -> str:
    """A moment as the desk writes it, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "–"
