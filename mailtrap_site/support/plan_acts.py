"""What staff do about one account's plan: grant, take back, assign, give grace. Each says what follows, wants a reason
and stands in the audit log."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Account, User
from billing import overrides, stripe_leaving, subscriptions
from billing.models import QuotaOverride
from billing.periods import period_of
from billing.subscriptions import By
from billing.terms import terms_of
from mailtrap_site.support.plan_forms import AssignForm, GraceForm, GrantForm, OverageForm, ReasonForm
from mailtrap_site.support.plan_page import moment_words
from mailtrap_site.web.wording import figure_words


@require_http_methods(["GET", "HEAD", "POST"])
def grant(request: HttpRequest, account_id: int) -> HttpResponse:
    """Another value of one limit, for this period or until it is taken back."""
    staff, account = _staff(request, "billing.change_quotaoverride"), get_object_or_404(Account, pk=account_id)
    now = timezone.now()
    period_ends = period_of(terms_of(account, now).anchor, now).ends_at

    def act(values: dict[str, Any]) -> str:
        ends_at = period_ends if values["until"] == GrantForm.PERIOD else None
        row = overrides.grant(
            account, QuotaOverride.Term(values["term"]), values["value"], values["reason"], staff, now, ends_at
        )
        return _("%(what)s was granted to %(account)s.") % {"what": row, "account": account.name}

    return _act(
        request,
        account,
        GrantForm(request.POST or None),
        act,
        title=_("Grant a limit to %(account)s") % {"account": account.name},
        button=_("Grant it to %(account)s") % {"account": account.name},
        consequence=_(
            "The value counts in place of the plan's from the next email on, and wins over older overrides of the"
            " same limit. This period ends %(at)s."
        )
        % {"at": moment_words(period_ends)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def end_override(request: HttpRequest, override_id: int) -> HttpResponse:
    """An exception ends now."""
    staff = _staff(request, "billing.change_quotaoverride")
    row = get_object_or_404(QuotaOverride.objects.select_related("account"), pk=override_id)

    def act(values: dict[str, Any]) -> str:
        if not overrides.end(row, staff, values["reason"]):
            raise ValueError(_("It had ended already."))
        return _("%(what)s was taken back.") % {"what": row}

    return _act(
        request,
        row.account,
        ReasonForm(request.POST or None),
        act,
        title=_("Take back “%(what)s” from %(account)s?") % {"what": row, "account": row.account.name},
        button=_("Take back “%(what)s”") % {"what": row},
        consequence=_(
            "The plan counts again, or an older override of the same limit. Where more is used than that, the account"
            " is refused until its next period."
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: HttpRequest, account_id: int) -> HttpResponse:
    """A plan that no card pays."""
    staff, account = _staff(request, "billing.change_subscription"), get_object_or_404(Account, pk=account_id)
    subscription = subscriptions.subscription_of(account)
    old = subscriptions.plan_of(subscription)

    def act(values: dict[str, Any]) -> str:
        plan = form.chosen
        stripe_leaving.leave(account, agreed=form.ends_stripe)
        by = By(staff, is_staff=True, reason=values["reason"])
        subscriptions.put_on(account, plan, by, timezone.now(), stripe_id="")
        return _("%(account)s is on %(plan)s now.") % {"account": account.name, "plan": plan.name}

    pays = stripe_leaving.pays_at_stripe(account)
    form = AssignForm(request.POST or None, initial={"plan": old.code}, pays=pays)
    return _act(
        request,
        account,
        form,
        act,
        title=_("Assign a plan to %(account)s") % {"account": account.name},
        button=_("Assign it to %(account)s") % {"account": account.name},
        consequence=_(
            "It counts from the next email on, in place of %(plan)s. From Free to a paid plan a new period begins with"
            " an empty meter. A change agreed for later and a grace are gone."
        )
        % {"plan": old.name},
        warning=stripe_warning(subscription.stripe_subscription_id),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def grace(request: HttpRequest, account_id: int) -> HttpResponse:
    """How long an account whose payment failed keeps its plan."""
    staff, account = _staff(request, "billing.change_subscription"), get_object_or_404(Account, pk=account_id)
    subscription = subscriptions.subscription_of(account)
    until: datetime | None = subscription.grace_until

    def act(values: dict[str, Any]) -> str:
        if subscriptions.plan_of(subscription).is_free:
            raise ValueError(_("This account is on Free, which needs no grace."))
        subscriptions.set_grace(account, values["until"], By(staff, is_staff=True, reason=values["reason"]))
        return _("%(account)s has grace until %(at)s.") % {
            "account": account.name,
            "at": moment_words(values["until"]),
        }

    return _act(
        request,
        account,
        GraceForm(request.POST or None),
        act,
        title=_("Give grace to %(account)s") % {"account": account.name},
        button=_("Give grace to %(account)s") % {"account": account.name},
        consequence=(
            _("The account keeps its plan until then, and goes to Free unless it has paid; so far %(at)s.")
            if until
            else _("The account keeps its plan until then, and goes to Free unless it has paid. It has no grace now.")
        )
        % {"at": moment_words(until)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def overage(request: HttpRequest, account_id: int) -> HttpResponse:
    """Emails above the limit, for an account that pays otherwise than by card."""
    staff, account = _staff(request, "billing.change_subscription"), get_object_or_404(Account, pk=account_id)
    subscription = subscriptions.subscription_of(account)
    most = subscriptions.plan_of(subscription).most_overage

    def act(values: dict[str, Any]) -> str:
        by = By(staff, is_staff=True, reason=values["reason"])
        row = subscriptions.agree_overage(account, values["emails"], by)
        return _("%(account)s may send %(count)s emails above its limit.") % {
            "account": account.name,
            "count": figure_words(row.overage_cap),
        }

    unbilled = subscriptions.why_unbilled(subscription)
    return _act(
        request,
        account,
        OverageForm(request.POST or None, initial={"emails": subscription.overage_cap}),
        act,
        title=_("Allow emails above the limit of %(account)s") % {"account": account.name},
        button=_("Allow them for %(account)s") % {"account": account.name},
        consequence=_("They count from the next email on; the plan offers up to %(most)s. A change of plan ends them.")
        % {"most": figure_words(most)},
        warning=_("Nothing bills them: no card pays for this plan. Say in the reason how they are paid.")
        if unbilled
        else "",
    )


def stripe_warning(stripe_subscription_id: str) -> str:
    """What staff have to know before they take a paid account off Stripe; empty where none pays there."""
    if not stripe_subscription_id:
        return ""
    return _(
        "This account pays at Stripe (%(id)s). A plan that staff assign takes its place only once that subscription has"
        " ended. It ends at once, without giving money back; what is unpaid is asked for no more."
    ) % {"id": stripe_subscription_id}


def _act(
    request: HttpRequest,
    account: Account,
    form: forms.Form,
    act: Callable[[dict[str, Any]], str],
    **words: str,
) -> HttpResponse:
    """The page of one act; a POST that stands is carried out. `act` says what was done, or raises ValueError with why
    it cannot be."""
    if request.method == "POST" and form.is_valid():
        try:
            done = act(form.cleaned_data)
        except ValueError as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, done)
            return redirect("admin:plan", account.pk)
    context = admin.site.each_context(request) | {"account": account, "form": form} | words
    return render(request, "admin/plans/act.html", context, status=422 if form.is_bound else 200)


def _staff(request: HttpRequest, permission: str) -> User:
    if not request.user.has_perm(permission):
        raise PermissionDenied
    assert isinstance(request.user, User)
    return request.user
