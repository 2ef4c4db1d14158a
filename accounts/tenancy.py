"""Places a request in one account: strangers get 404, members without the ability 403, the signed-out sign in first."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from accounts.models import Account, Membership, User
from accounts.roles import Ability, require


class AccountRequest(HttpRequest):
    """The request that a view under `/a/<account_id>/` gets. Only for annotations."""

    user: User
    account: Account
    membership: Membership


R = TypeVar("R", bound=HttpResponseBase)


def account_view(ability: Ability) -> Callable[[Callable[..., R]], Callable[..., HttpResponseBase]]:
    """Decorates a view of one account, whose URL has `<int:account_id>`.

    The view is called without `account_id`, as `view(request: AccountRequest, **other_url_arguments)`; it starts every
    query from `request.account`. The ability stays readable as `.ability` of the decorated view.
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
            return view(request, **arguments)

        guarded.ability = ability  # type: ignore[attr-defined]
        return guarded

    return decorate


def accounts_of(user: User) -> QuerySet[Account]:
    """The accounts that the user belongs to, by name."""
    return Account.objects.filter(memberships__user=user).order_by("name", "pk")


def _membership(user: User, account_id: int) -> Membership | None:
    return Membership.objects.select_related("account").filter(account_id=account_id, user=user).first()
