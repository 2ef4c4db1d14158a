"""The end of an account: asked for by an owner who proves again who they are, and undone as long as it is not over."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import closing as closings
from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view


class ClosingForm(forms.Form):
    """The account's name, typed out."""

    name = forms.CharField(
        label=gettext_lazy("Name of the account"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, name: str, *told: Any) -> None:
        super().__init__(*told)
        self._name = name

    def clean_name(self) -> str:
        """Raises ValidationError for another one."""
        typed: str = self.cleaned_data["name"]
        if typed != self._name.strip():
            raise forms.ValidationError(_("Type %(name)s, exactly as it stands there.") % {"name": self._name})
        return typed


@account_view(Ability.MANAGE_OWNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def closing(request: AccountRequest) -> HttpResponse:
    """Asks for the name and closes; of an account that is closing, offers to keep it."""
    if request.account.is_platform:
        raise PermissionDenied(_("The account that sends the service’s own letters stays."))
    if request.account.is_closing:
        return _keep(request)
    if request.account.sub_accounts.exists():
        status = 422 if request.method == "POST" else 200
        return render(request, "accounts/closing_with_sub_accounts.html", status=status)
    answer: HttpResponse = _close(request)
    return answer


@reauthentication_required
def _close(request: AccountRequest) -> HttpResponse:
    form = ClosingForm(request.account.name, request.POST or None)
    if request.method == "POST" and form.is_valid():
        if closings.ask(request.account, request.user, request):
            messages.success(request, _("The account is to be closed. Nothing is sent any more."))
        else:
            messages.error(request, _("Nothing was changed: somebody else was quicker."))
        return redirect("accounts:closing", request.account.pk)
    context = {"form": form, "days": closings.GRACE.days}
    return render(request, "accounts/closing.html", context, status=422 if form.is_bound else 200)


def _keep(request: AccountRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "accounts/closing.html", {"form": None})
    if closings.undo(request.account, request):
        messages.success(request, _("The account stays open."))
    else:
        messages.error(request, _("It was too late, or somebody else was quicker: nothing was changed."))
    return redirect("accounts:closing", request.account.pk)
