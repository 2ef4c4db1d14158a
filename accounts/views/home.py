"""Where `/` leads."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import User
from accounts.tenancy import accounts_of


def home(request: HttpRequest) -> HttpResponse:
    """Signed out: the sign-in page. Else the overview of the first account, or where one without any belongs."""
    if not isinstance(request.user, User):
        return redirect("account_login")
    account = accounts_of(request.user).first()
    if account is not None:
        return redirect("sending:overview", account.pk)
    return redirect("admin:index" if request.user.is_staff else "accounts:profile")
