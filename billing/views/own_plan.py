"""A sub-account has no plan of its own: what is about one says who pays instead."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from accounts.tenancy import AccountRequest

View = Callable[..., HttpResponse]


def of_own_plan(view: View) -> View:
    """Decorates a view of `account_view`: for a sub-account it is a page that names its organisation; what would change
    something is refused with that page (HTTP 403)."""

    @wraps(view)
    def guarded(request: AccountRequest, **arguments: Any) -> HttpResponse:
        if request.account.organization is None:
            return view(request, **arguments)
        return render(request, "billing/shared_plan.html", status=200 if request.method in ("GET", "HEAD") else 403)

    return guarded
