"""The general API's view of who has access to an account: members and invitations, with what they may do."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from allauth.mfa.models import Authenticator
from django.http import Http404
from ninja import Router, Schema
from ninja.errors import AuthorizationError
from pydantic import Field

from accounts import invitations, people
from accounts.access_ids import Kind, access_id, read_access_id
from accounts.api.resources import LEVELS, NOTHING_CHOSEN, ResourceIn, key_of, level_of
from accounts.api_auth import ApiRequest, account_of, require_level
from accounts.models import Account, Invitation, Membership, Role
from accounts.people import By, Rights
from accounts.roles import VIEWER_WITH_CONTENT, resources_of
from accounts.scopes import ADMIN, READ
from mailtrap_site.web.json_api import FORBIDDEN, Invalid

router = Router(tags=["Account accesses"])

FILTERS = {"domain_ids": "domain", "inbox_ids": "sandbox", "sandbox_ids": "sandbox", "project_ids": "project"}
SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
Holder = Membership | Invitation


class PermissionIn(ResourceIn):
    """A grant, or with `_destroy` the end of one."""

    destroy: bool = Field(False, alias="_destroy")


class PermissionsIn(Schema):
    permissions: list[PermissionIn] = []


@router.get("/account_accesses", response=list[dict[str, Any]])
def list_account_accesses(request: ApiRequest, account_id: int) -> list[dict[str, Any]]:
    """Members and open invitations. `domain_ids` leaves those who reach one of these domains."""
    account = account_of(request, account_id)
    require_level(request, ADMIN)
    members = list(account.memberships.select_related("user").order_by("pk"))
    secured = set(
        Authenticator.objects.filter(user__in=[one.user_id for one in members], type__in=SECOND_FACTORS).values_list(
            "user_id", flat=True
        )
    )
    shown = [_member(one, one.user_id in secured) for one in members]
    shown += [_invited(one) for one in account.invitations.order_by("pk")]
    wanted = _filters(request)
    return [one for one in shown if not wanted or _reaches(one["resources"], wanted)]


@router.delete("/account_accesses/{int:access_id}", response=dict[str, Any])
def delete_account_access(request: ApiRequest, account_id: int, access_id: int) -> dict[str, Any]:
    """Removes a member, or revokes an invitation. An owner is removed by an owner, in the dashboard."""
    holder = _find(request, account_id, access_id)
    if isinstance(holder, Invitation):
        invitations.revoke(holder, _by(request))
    else:
        _act(lambda: people.remove(holder, _by(request)))
    return {"id": access_id}


@router.put("/account_accesses/{int:access_id}/permissions/bulk", response=dict[str, Any])
def update_permissions(request: ApiRequest, account_id: int, access_id: int, body: PermissionsIn) -> dict[str, Any]:
    """Grants, changes and ends rights of a member on the account and on its domains.

    A member is an admin or viewer of the whole account, or of some domains; not both.
    """
    holder = _find(request, account_id, access_id)
    if isinstance(holder, Invitation):
        raise Invalid({"base": ["An invitation is changed by revoking it and inviting anew."]})
    rights = _changed(holder, body.permissions)
    _act(lambda: people.change(holder, rights, _by(request)))
    return {"message": "Permissions have been updated!"}


def _act(act: Callable[[], object]) -> None:
    """Raises Http404 where somebody else was quicker, and the contract's 403 where no owner would be left."""
    try:
        act()
    except people.Gone as problem:
        raise Http404 from problem
    except people.LastOwner as problem:
        raise AuthorizationError(message=FORBIDDEN) from problem


def _changed(member: Membership, given: Iterable[PermissionIn]) -> Rights:
    account = member.account
    levels = {
        (one["resource_type"], one["resource_id"]): READ
        if one["access_level"] == VIEWER_WITH_CONTENT
        else one["access_level"]
        for one in resources_of(account.pk, member.role, member.scopes, sees_content=member.sees_content)
    }
    for one in given:
        key = key_of(account, one)
        place = key["resource_type"], key["resource_id"]
        if place[0] == "sandbox":
            raise Invalid({"resource_type": ["sandbox is open to whoever reaches the account; name account or domain"]})
        if one.destroy:
            levels.pop(place, None)
        else:
            levels[place] = level_of(one)
    return _rights(account, levels, member)


def _rights(account: Account, levels: Mapping[tuple[str, int], int], member: Membership) -> Rights:
    whole = levels.get(("account", account.pk))
    domains = [(number, level) for (kind, number), level in levels.items() if kind == "domain"]
    if whole is None and not domains:
        raise Invalid({"base": [NOTHING_CHOSEN]})
    if whole is None:
        return Rights(Role.LIMITED, people.domain_scopes(domains), member.sees_content)
    if any(level > whole for _number, level in domains):
        raise Invalid({"base": ["End the access to the account first: it reaches every domain as a viewer."]})
    if whole not in LEVELS.values():
        return Rights(Role(member.role), (), member.sees_content)
    return Rights(Role.ADMIN if whole == ADMIN else Role.VIEWER, (), member.sees_content)


def _find(request: ApiRequest, account_id: int, number: int) -> Holder:
    """A member or an invitation. Raises Http404, and the contract's 403 for an owner."""
    account = account_of(request, account_id)
    require_level(request, ADMIN)
    if number >= 2**63:
        raise Http404
    kind, row_id = read_access_id(number)
    found: Holder | None
    if kind is Kind.INVITE:
        found = account.invitations.select_related("account").filter(pk=row_id).first()
    else:
        found = account.memberships.select_related("account", "user").filter(pk=row_id).first()
    if found is None:
        raise Http404
    if found.role == Role.OWNER:
        raise AuthorizationError(message=FORBIDDEN)
    return found


def _member(one: Membership, is_secured: bool) -> dict[str, Any]:
    is_owner = one.role == Role.OWNER
    return {
        "id": access_id(Kind.USER, one.pk),
        "specifier_type": "User",
        "specifier": {
            "id": one.user_id,
            "email": one.user.email,
            "name": one.user.get_full_name(),
            "two_factor_authentication_enabled": is_secured,
        },
        "resources": resources_of(one.account_id, one.role, one.scopes, sees_content=one.sees_content),
        "permissions": _permissions(may_change=not is_owner),
    }


def _invited(one: Invitation) -> dict[str, Any]:
    """With all four facts about a person, since clients insist on them."""
    return {
        "id": access_id(Kind.INVITE, one.pk),
        "specifier_type": "Invite",
        "specifier": {"id": one.pk, "email": one.email, "name": "", "two_factor_authentication_enabled": False},
        "resources": resources_of(one.account_id, one.role, one.scopes, sees_content=one.sees_content),
        "permissions": _permissions(may_change=True),
    }


def _permissions(*, may_change: bool) -> dict[str, bool]:
    """Of the asking token, which itself belongs nowhere and so cannot leave."""
    return {"can_read": True, "can_update": may_change, "can_destroy": may_change, "can_leave": False}


def _filters(request: ApiRequest) -> set[tuple[str, str]]:
    """(type, id) of what is asked for, however the client writes a list."""
    return {
        (kind, value)
        for name, kind in FILTERS.items()
        for key in (name, f"{name}[]")
        for text in request.GET.getlist(key)
        for value in text.split(",")
        if value
    }


def _reaches(resources: Iterable[Mapping[str, Any]], wanted: set[tuple[str, str]]) -> bool:
    """Whoever has a level on the whole account reaches all of it; the billing role reaches no mail."""
    return any(
        (one["resource_type"] == "account" and one["access_level"] >= READ)
        or (one["resource_type"], str(one["resource_id"])) in wanted
        for one in resources
    )


def _by(request: ApiRequest) -> By:
    return By(request, f"token “{request.auth.name}”")
