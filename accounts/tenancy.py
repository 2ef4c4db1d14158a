"""Places a request in one account: strangers get 404, members without the ability 403, the signed-out sign in first."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts import two_factor
from accounts.models import Account, Membership, User
from accounts.roles import Ability, require


class AccountRequest(HttpRequest):
    """The request that a view under `/a/<account_id>/` gets. Only for annotations."""

    user: User
    account: Account
    membership: Membership


R = TypeVar("R", bound=HttpResponseBase)


def account_view(
    ability: Ability, *, before_second_factor: bool = False
) -> Callable[[Callable[..., R]], Callable[..., HttpResponseBase]]:
    """Decorates a view of one account, whose URL has `<int:account_id>`.

    The view is called without `account_id`, as `view(request: AccountRequest, **other_url_arguments)`; it starts every
    query from `request.account`. The ability stays readable as `.ability` of the decorated view. Whoever lacks a second
    factor that the account requires is led to where it is set up, but for views `before_second_factor`.
    """

    def decorate(view: Callable[..., R]) -> Callable[..., HttpResponseBase]:
        @login_required
        @wraps(view)
        def guarded(request: Any, account_id: int, **arguments: Any) -> HttpResponseBase:
            membership = _membership(request.user, account_id)
            if membership is None:
                raise Http404
            request.membership = membership
            request.account = membership.account
            require(request, ability)
            if not before_second_factor and _lacks_second_factor(request):
                return _lead_to_second_factor(request)
            return view(request, **arguments)

        guarded.ability = ability  # type: ignore[attr-defined]
        return guarded

    return decorate


def accounts_of(user: User) -> QuerySet[Account]:
    """The accounts that the user belongs to, by name."""
    return Account.objects.filter(memberships__user=user).order_by("name", "pk")


def _lacks_second_factor(request: AccountRequest) -> bool:
    return two_factor.is_locked_out(request.account, request.user, request.session, timezone.now())


def _lead_to_second_factor(request: AccountRequest) -> HttpResponse:
    url = reverse("accounts:two_factor_needed", args=[request.account.pk])
    if getattr(request, "htmx", None):
        # A fragment would follow the redirect and put the whole page into itself.
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


def _membership(user: User, account_id: int) -> Membership | None:
    return Membership.objects.select_related("account").filter(account_id=account_id, user=user).first()
