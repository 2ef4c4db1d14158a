"""Which letters about an account somebody gets; where "Stop usage letters" leads."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.letter_choice import USAGE_READERS, choose_usage_letters
from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view


@account_view(Ability.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def letters(request: AccountRequest) -> HttpResponse:
    """The reader's own choice, one button away."""
    if request.method == "POST":
        wanted = request.POST.get("usage") == "yes"
        choose_usage_letters(request.membership, wanted, request)
        said = _("Usage letters were turned on.") if wanted else _("Usage letters were stopped.")
        messages.success(request, said)
        return redirect("accounts:letters", request.account.pk)
    context = {"gets_usage": request.membership.role in USAGE_READERS, "membership": request.membership}
    return render(request, "accounts/letters.html", context)
