"""The people of an account: who they are, what they may do, and the end of it."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import people
from accounts.models import Membership, Role
from accounts.people_forms import OwnershipForm, RightsForm
from accounts.roles import Ability, can
from accounts.seats import seats_of
from accounts.tenancy import AccountRequest, account_view

ASKS = ["GET", "HEAD", "POST"]


@account_view(Ability.VIEW)
@require_safe
def people_list(request: AccountRequest) -> HttpResponse:
    """Everybody with their role; how they sign in, and who is invited, for those who look after people."""
    may_manage = can(request.membership, Ability.MANAGE_PEOPLE)
    members = list(request.account.memberships.select_related("user").order_by("created_at", "pk"))
    secured = _with_second_factor(members) if may_manage else set()
    taken, limit = seats_of(request.account)
    context = {
        "rows": [
            {
                "member": one,
                "is_self": one.user_id == request.user.pk,
                "is_secured": one.user_id in secured,
                "domains": _domain_words(request, one.scopes),
                "may_change": may_manage and _may_change(request, one),
            }
            for one in members
        ],
        "invitations": _invitations(request) if may_manage else [],
        "may_manage": may_manage,
        "taken": taken,
        "limit": limit,
        "is_full": limit is not None and taken >= limit,
    }
    return render(request, "accounts/people.html", context)


@account_view(Ability.MANAGE_PEOPLE)
@require_http_methods(ASKS)
def member(request: AccountRequest, member_id: int) -> HttpResponse:
    """One member's rights."""
    found = _find(request, member_id)
    form = RightsForm(request.account, request.POST or None, now=found)
    if request.method == "POST" and form.is_valid():
        return _done(
            request, lambda: people.change(found, form.rights, people.By(request)), _("The rights were saved.")
        )
    context = {"member": found, "form": form, "may_own": can(request.membership, Ability.MANAGE_OWNERS)}
    return render(request, "accounts/member.html", context, status=422 if form.is_bound else 200)


@account_view(Ability.MANAGE_PEOPLE)
@require_http_methods(ASKS)
def member_removal(request: AccountRequest, member_id: int) -> HttpResponse:
    """Asks, then removes them."""
    found = _find(request, member_id)
    if request.method != "POST":
        tokens = request.account.tokens.filter(created_by=found.user).count()
        return render(request, "accounts/member_removal.html", {"member": found, "tokens": tokens})
    said = _("%(name)s no longer belongs to the account.") % {"name": found.user.get_full_name()}
    return _done(request, lambda: people.remove(found, people.By(request)), said)


@account_view(Ability.VIEW, by_domain=True)
@require_http_methods(ASKS)
def people_departure(request: AccountRequest) -> HttpResponse:
    """Asks, then lets the reader leave."""
    own = request.membership
    if request.method != "POST":
        others = request.account.memberships.filter(role=Role.OWNER).exclude(pk=own.pk).exists()
        is_last = own.role == Role.OWNER and not others
        return render(request, "accounts/departure.html", {"is_last_owner": is_last})
    try:
        people.leave(own, people.By(request))
    except people.LastOwner:
        messages.error(request, _last_owner())
        return redirect("accounts:people_departure", request.account.pk)
    except people.Gone:
        pass
    messages.success(request, _("You left %(account)s.") % {"account": request.account.name})
    return redirect("accounts:profile")


@account_view(Ability.MANAGE_OWNERS)
@require_http_methods(ASKS)
def member_ownership(request: AccountRequest, member_id: int) -> HttpResponse:
    """Asks whether the giver stays an owner, and who they are once more; then there is another owner."""
    found = get_object_or_404(request.account.memberships.select_related("user"), pk=member_id)
    answer: HttpResponse = _ownership(request, found)
    return answer


@reauthentication_required
def _ownership(request: AccountRequest, found: Membership) -> HttpResponse:
    if found.role == Role.OWNER:
        messages.error(request, _("%(name)s is an owner already.") % {"name": found.user.get_full_name()})
        return redirect("accounts:people", request.account.pk)
    form = OwnershipForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        keeps = form.cleaned_data["keeps"]
        said = _("%(name)s owns the account now.") % {"name": found.user.get_full_name()}
        by = people.By(request)
        return _done(request, lambda: people.make_owner(found, request.membership, by, keeps=keeps), said)
    context = {"member": found, "form": form}
    return render(request, "accounts/ownership.html", context, status=422 if form.is_bound else 200)


def _find(request: AccountRequest, member_id: int) -> Membership:
    """A member whom the reader may change. Raises Http404 and PermissionDenied."""
    found = get_object_or_404(request.account.memberships.select_related("user", "account"), pk=member_id)
    if not _may_change(request, found):
        raise PermissionDenied(_("Only an owner changes or removes an owner."))
    return found


def _may_change(request: AccountRequest, member: Membership) -> bool:
    return member.role != Role.OWNER or can(request.membership, Ability.MANAGE_OWNERS)


def _done(request: AccountRequest, act: Any, said: str) -> HttpResponse:
    try:
        act()
    except people.LastOwner:
        messages.error(request, _last_owner())
    except people.Gone:
        messages.error(request, _("Nothing was changed: somebody else was quicker."))
    else:
        messages.success(request, said)
    return redirect("accounts:people", request.account.pk)


def _last_owner() -> str:
    return _("Nothing was changed: an account has an owner. Make somebody else an owner first.")


def _with_second_factor(members: list[Membership]) -> set[int]:
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    found = Authenticator.objects.filter(user__in=[one.user_id for one in members], type__in=kinds)
    return set(found.values_list("user_id", flat=True))


def _invitations(request: AccountRequest) -> list[dict[str, Any]]:
    rows = request.account.invitations.select_related("invited_by").order_by("-pk")
    return [{"invitation": one, "domains": _domain_words(request, one.scopes)} for one in rows]


def _domain_words(request: AccountRequest, scopes: list[dict[str, Any]]) -> str:
    """ "example.com (admin), example.org (viewer)"."""
    if not scopes:
        return ""
    levels = {scope["resource_id"]: scope["access_level"] for scope in scopes}
    own = request.account.domains.filter(pk__in=levels, deleted_at=None)  # type: ignore[attr-defined, unused-ignore]
    words = {10: _("viewer"), 100: _("admin")}
    return ", ".join(f"{name} ({words[levels[pk]]})" for pk, name in own.order_by("name").values_list("pk", "name"))
