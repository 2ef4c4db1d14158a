"""The organisation of an account: who shares its plan and its emails, with what cap."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Account
from accounts.people import By
from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from billing import metering
from billing import organization as organizations
from billing.forms import CapForm, SubAccountForm
from billing.organization import NotPossible
from billing.terms import terms_of
from billing.views.own_plan import of_own_plan
from mailtrap_site.web.wording import figure_words

ASKS = ["GET", "HEAD", "POST"]


@account_view(Ability.MANAGE_SUB_ACCOUNTS)
@of_own_plan
@require_http_methods(ASKS)
def organization(request: AccountRequest) -> HttpResponse:
    """The sub-accounts with what they use, and the form that makes one, which the reader owns."""
    if request.method != "POST":
        return _page(request, SubAccountForm())
    form = SubAccountForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    name, cap = form.cleaned_data["name"], form.cleaned_data["cap"]
    try:
        account = organizations.create(request.account, name, cap, request.user, By(request))
    except NotPossible as problem:
        form.add_error(None, str(problem))
        return _page(request, form, status=422)
    messages.success(request, _("%(account)s was added. You own it.") % {"account": account.name})
    return redirect("billing:organization", request.account.pk)


@account_view(Ability.MANAGE_SUB_ACCOUNTS)
@require_POST
def sub_account_cap(request: AccountRequest, sub_account_id: int) -> HttpResponse:
    """How many of the shared emails it uses at most."""
    account = _find(request, sub_account_id)
    form = CapForm(request.POST, auto_id=f"id_{account.pk}_%s")
    if not form.is_valid():
        return _page(request, SubAccountForm(), capped={account.pk: form}, status=422)
    cap = form.cleaned_data["cap"]
    organizations.set_cap(account, cap, By(request))
    if cap is None:
        said = _("%(account)s has no cap any more.") % {"account": account.name}
    else:
        said = _("%(account)s sends %(cap)s emails a month at most.") % {
            "account": account.name,
            "cap": figure_words(cap),
        }
    messages.success(request, said)
    return redirect("billing:organization", request.account.pk)


@account_view(Ability.MANAGE_SUB_ACCOUNTS)
@require_http_methods(ASKS)
def sub_account_independence(request: AccountRequest, sub_account_id: int) -> HttpResponse:
    """Asks, then lets it go."""
    account = _find(request, sub_account_id)
    if request.method != "POST":
        return render(request, "billing/sub_account_independence.html", {"sub_account": account})
    try:
        organizations.let_go(account, By(request), timezone.now())
    except NotPossible as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("%(account)s is independent now.") % {"account": account.name})
    return redirect("billing:organization", request.account.pk)


def _page(
    request: AccountRequest, form: SubAccountForm, capped: dict[int, CapForm] | None = None, *, status: int = 200
) -> HttpResponse:
    account, now = request.account, timezone.now()
    terms, usage = terms_of(account, now), metering.usage(account, now)
    rows = organizations.sub_accounts_of(account, usage, request.user)
    context: dict[str, Any] = {
        "rows": [(row, (capped or {}).get(row.account.pk) or _cap_form(row.account)) for row in rows],
        "meter_now": usage,
        "plan": terms.plan,
        "limit": terms.sub_accounts,
        "is_beyond": terms.sub_accounts is not None and len(rows) > terms.sub_accounts,
        "no_more": organizations.why_no_more(account, terms),
        "form": form,
    }
    return render(request, "billing/organization.html", context, status=status)


def _cap_form(account: Account) -> CapForm:
    return CapForm(initial={"cap": account.monthly_cap}, auto_id=f"id_{account.pk}_%s")


def _find(request: AccountRequest, sub_account_id: int) -> Account:
    return get_object_or_404(request.account.sub_accounts.select_related("organization"), pk=sub_account_id)
