"""Where customers ask staff: for larger messages, and for a plan that is not paid by card."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.message_size import HIGHEST_MESSAGE_BYTES, most_bytes
from accounts.roles import Ability, can, require
from accounts.tenancy import AccountRequest, account_view
from billing import requests
from billing.forms import PlanRequestForm, SizeRequestForm
from billing.models import SupportRequest
from billing.views.own_plan import of_own_plan


@account_view(Ability.VIEW_USAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def size_request(request: AccountRequest) -> HttpResponse:
    """How large a message may be, and the form that asks for more."""
    if request.method != "POST":
        return _size_page(request, SizeRequestForm())
    require(request, Ability.MANAGE_BILLING)
    form = SizeRequestForm(request.POST)
    if not form.is_valid():
        return _size_page(request, form, status=422)
    try:
        requests.ask_for_size(request.account, form.cleaned_data["reason"], request.user)
    except ValueError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Your request was sent. We write to you when it is answered."))
    return redirect("billing:size_request", request.account.pk)


@account_view(Ability.MANAGE_BILLING)
@of_own_plan
@require_POST
def plan_request(request: AccountRequest) -> HttpResponse:
    """Asks staff for a plan, and goes back to the page of plans."""
    form = PlanRequestForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect(_plans(request))
    try:
        requests.ask_for_plan(request.account, form.wanted, form.cleaned_data["reason"], request.user)
    except ValueError as problem:
        messages.error(request, str(problem))
    else:
        asked = _("You asked for %(plan)s. We write to you when it is answered.") % {"plan": form.wanted.name}
        messages.success(request, asked)
    return redirect(_plans(request))


def _size_page(request: AccountRequest, form: SizeRequestForm, *, status: int = 200) -> HttpResponse:
    limit = most_bytes(request.account.max_message_bytes)
    context: dict[str, Any] = {
        "form": form,
        "limit": requests.megabytes(limit),
        "highest": requests.megabytes(HIGHEST_MESSAGE_BYTES),
        "is_highest": limit >= HIGHEST_MESSAGE_BYTES,
        "last": requests.last_of(request.account, SupportRequest.Kind.MESSAGE_SIZE),
        "may_ask": can(request.membership, Ability.MANAGE_BILLING),
        "usage_url": reverse("billing:usage", args=[request.account.pk]),
    }
    return render(request, "billing/size_request.html", context, status=status)


def _plans(request: AccountRequest) -> str:
    return reverse("billing:plan", args=[request.account.pk])
