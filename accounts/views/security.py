"""How members of an account sign in: the owner's rule about a second factor, and where it leads those without one."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import content_pass, two_factor
from accounts.models import Account
from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view


class TwoFactorForm(forms.Form):
    """Whether members need a second factor, and from which day on."""

    is_required = forms.BooleanField(
        label=gettext_lazy("Members need a second factor"),
        required=False,
        help_text=gettext_lazy("An authenticator app or a passkey, besides the password."),
    )
    day = forms.DateField(
        label=gettext_lazy("From this day on"),
        required=False,
        help_text=gettext_lazy("Until then members without one are reminded; afterwards they set one up first."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def moment(self) -> datetime | None:
        """The start of that day in the reader's zone; now where none is named; None where it is not required."""
        if not self.cleaned_data["is_required"]:
            return None
        day = self.cleaned_data["day"]
        return timezone.make_aware(datetime.combine(day, time.min)) if day else timezone.now()


@account_view(Ability.MANAGE_SECURITY)
@require_http_methods(["GET", "HEAD", "POST"])
def security(request: AccountRequest) -> HttpResponse:
    """The rule, and who does not meet it yet."""
    account = request.account
    form = TwoFactorForm(request.POST if request.method == "POST" else None, initial=_initial(account))
    if request.method == "POST" and form.is_valid():
        moment = form.moment()
        if moment is not None and two_factor.is_asked(_as_if_required(account), request.user, request.session):
            form.add_error(None, _("Set up a second factor of your own first, so that you do not lock yourself out."))
        else:
            two_factor.require_from(account, moment, request)
            messages.success(request, _("The rule about second factors was saved."))
            return redirect("accounts:security", account.pk)
    now = timezone.now()
    context = {
        "form": form,
        "without": two_factor.without_second_factor(account),
        "now": now,
        "support_reads": content_pass.stands(account, now),
    }
    return render(request, "accounts/security.html", context, status=422 if form.is_bound else 200)


@account_view(Ability.MANAGE_SECURITY)
@require_POST
def support_content(request: AccountRequest) -> HttpResponse:
    """Lets support read content for a day, or no longer."""
    if "take_back" in request.POST:
        content_pass.take_back(request.account, request)
        messages.success(request, _("Support cannot read the content of your emails."))
    else:
        content_pass.allow(request.account, request)
        messages.success(request, _("Support may read the content of your emails for 24 hours."))
    return redirect("accounts:security", request.account.pk)


@account_view(Ability.VIEW, by_domain=True, before_second_factor=True)
@require_safe
def two_factor_needed(request: AccountRequest) -> HttpResponse:
    """Why the account's pages are closed to who has no second factor, and where to set one up."""
    context = {
        "is_asked": two_factor.is_asked(request.account, request.user, request.session),
        "is_over": two_factor.is_locked_out(request.account, request.user, request.session, timezone.now()),
    }
    return render(request, "accounts/two_factor_needed.html", context)


def _initial(account: Account) -> dict[str, Any]:
    day = timezone.localtime(account.two_factor_from).date() if account.two_factor_from else None
    return {"is_required": day is not None, "day": day}


def _as_if_required(account: Account) -> Account:
    return Account(pk=account.pk, two_factor_from=timezone.now())
