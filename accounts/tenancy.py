"""Places a request in one account: strangers get 404, members without the ability 403, the signed-out sign in first.
Staff on a support visit look as viewers do, and change nothing.

Somebody who is limited to some domains reaches the pages of these, and the pages that narrow themselves to
`request.domain_ids`; every other page is about the whole account and answers 403.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import support_visits, two_factor
from accounts.models import Account, Membership, User
from accounts.roles import Ability, domains_with, require


class AccountRequest(HttpRequest):
    """The request that a view under `/a/<account_id>/` gets. Only for annotations."""

    user: User
    account: Account
    membership: Membership
    ability: Ability
    """What the view asks for."""
    domain_ids: tuple[int, ...] | None
    """The domains on which the reader has that ability; None for everything in the account."""


R = TypeVar("R", bound=HttpResponseBase)
M = TypeVar("M", bound=Model)


def account_view(
    ability: Ability, *, by_domain: bool = False, before_second_factor: bool = False
) -> Callable[[Callable[..., R]], Callable[..., HttpResponseBase]]:
    """Decorates a view of one account, whose URL has `<int:account_id>`.

    The view is called without `account_id`, as `view(request: AccountRequest, **other_url_arguments)`; it starts every
    query from `request.account`. The ability stays readable as `.ability` of the decorated view. Whoever lacks a second
    factor that the account requires is led to where it is set up, but for views `before_second_factor`.

    A view whose URL has `<int:domain_id>` is about that domain. With `by_domain` the view promises that it shows and
    changes nothing outside `request.domain_ids`, by `within` or `require_domain`.
    """

    def decorate(view: Callable[..., R]) -> Callable[..., HttpResponseBase]:
        @login_required
        @wraps(view)
        def guarded(request: Any, account_id: int, **arguments: Any) -> HttpResponseBase:
            membership = _membership(request.user, account_id)
            if membership is None:
                membership = support_visits.membership_of(request, account_id)
                if membership is None:
                    raise Http404
                request.is_support_visit = True
                _only_looks(request)
            request.membership = membership
            request.account = membership.account
            request.ability = ability
            request.domain_ids = domains_with(membership, ability)
            if "domain_id" in arguments:
                require_domain(request, arguments["domain_id"])
            elif membership.is_limited and not by_domain:
                raise PermissionDenied(
                    _("This page is about the whole account, and you look after some of its domains.")
                )
            else:
                require(request, ability)
            if not before_second_factor and _lacks_second_factor(request):
                return _lead_to_second_factor(request)
            return view(request, **arguments)

        guarded.ability = ability  # type: ignore[attr-defined]
        guarded.by_domain = by_domain  # type: ignore[attr-defined]
        return guarded

    return decorate


def require_domain(request: AccountRequest, domain_id: int | None) -> None:
    """Goes on when the reader may do on this domain what the view asks for; None is the whole account. From then on
    `can` and `require` speak of this domain.

    Raises Http404 where a limited reader does not see the domain, and PermissionDenied where they only look at it.
    """
    visible = domains_with(request.membership, Ability.VIEW)
    if visible is not None and domain_id not in visible:
        raise Http404
    request.membership.here = domain_id
    require(request, request.ability)


def within(request: AccountRequest, rows: "QuerySet[M]", field: str = "domain") -> "QuerySet[M]":
    """The rows of the domains that `request.domain_ids` leaves; `field` leads to the domain's id."""
    return rows if request.domain_ids is None else rows.filter(**{f"{field}__in": request.domain_ids})


def accounts_of(user: User) -> QuerySet[Account]:
    """The accounts that the user belongs to, by name."""
    return Account.objects.filter(memberships__user=user).order_by("name", "pk")


def _only_looks(request: HttpRequest) -> None:
    """Raises PermissionDenied where a visitor of the support desk would change something."""
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        raise PermissionDenied(_("You look into this account as support: nothing can be changed."))


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
