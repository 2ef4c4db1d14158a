"""A further account of somebody who has one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Role, User
from accounts.people_forms import AccountForm
from accounts.signup import open_account

MOST_OWNED = 20
"""Accounts that one person may own; each begins on the free plan."""


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account_add(request: HttpRequest) -> HttpResponse:
    """Asks for its name; the reader owns it."""
    assert isinstance(request.user, User)
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if request.user.memberships.filter(role=Role.OWNER).count() >= MOST_OWNED:
            form.add_error(
                None, _("You own %(most)s accounts, which is the most. Leave one first.") % {"most": MOST_OWNED}
            )
        else:
            account = open_account(request.user, form.cleaned_data["name"], request=request)
            messages.success(request, _("%(account)s was added.") % {"account": account.name})
            return redirect("sending:overview", account.pk)
    return render(request, "accounts/account_add.html", {"form": form}, status=422 if form.errors else 200)
