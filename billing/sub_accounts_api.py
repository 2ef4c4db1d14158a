"""The general API's view of an organisation's sub-accounts (contract 2.11)."""

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from ninja.errors import AuthorizationError

from accounts.api_auth import ApiRequest, require_level
from accounts.models import Account, ApiToken, Role, User
from accounts.people import By
from accounts.scopes import ADMIN
from billing import organization as organizations
from billing.forms import SubAccountForm
from billing.organization import NotPossible
from mailtrap_site.web.json_api import FORBIDDEN, Invalid

router = Router(tags=["Organizations"])
PATH = "/organizations/{int:organization_id}/sub_accounts"


class SubAccountOut(Schema):
    id: int
    name: str


_NEW = {
    "type": "object",
    "required": ["account"],
    "properties": {
        "account": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string", "maxLength": 150}},
        }
    },
}
"""For the document alone: the contract's answer to a missing name is not ninja's."""


@router.get(PATH, response=list[SubAccountOut])
def list_sub_accounts(request: ApiRequest, organization_id: int) -> list[dict[str, Any]]:
    """Its sub-accounts, oldest first."""
    organization = _organization(request, organization_id)
    return [{"id": one.pk, "name": one.name} for one in organization.sub_accounts.order_by("pk")]


@router.post(
    PATH,
    response=SubAccountOut,
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _NEW}}}},
)
def create_sub_account(request: ApiRequest, organization_id: int) -> Any:
    """One more, owned by whoever made the token. Without a name the answer is 400 and has no body."""
    organization = _organization(request, organization_id)
    name = _name(request)
    if not name:
        return HttpResponse(status=400, content_type="application/json")
    form = SubAccountForm({"name": name})
    if not form.is_valid() or not name.isprintable():
        raise Invalid({"name": ["is invalid"]})
    by = By(request, f"token “{request.auth.name}”")
    try:
        account = organizations.create(organization, name, None, _owner(organization, request.auth.token_id), by)
    except NotPossible as problem:
        raise Invalid({"base": [str(problem)]}) from problem
    return {"id": account.pk, "name": account.name}


def _organization(request: ApiRequest, organization_id: int) -> Account:
    """The token's own account. Raises the contract's 403 for any other, and for a token that may not all."""
    if organization_id != request.auth.account_id:
        raise AuthorizationError(message=FORBIDDEN)
    require_level(request, ADMIN)
    return Account.objects.get(pk=organization_id)


def _name(request: HttpRequest) -> str:
    """Empty where the body names none."""
    try:
        return msgspec.json.decode(request.body)["account"]["name"].strip()
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError, UnicodeDecodeError):
        return ""


def _owner(organization: Account, token_id: int) -> User:
    """Who made the token, if they own the organisation; else who owns it for longest."""
    owners = organization.memberships.filter(role=Role.OWNER, user__is_active=True).select_related("user")
    author = ApiToken.objects.filter(pk=token_id).values_list("created_by", flat=True).first()
    found = owners.filter(user=author).first() or owners.order_by("pk").first()
    if found is None:
        raise Invalid({"base": ["The organization has no owner."]})
    return found.user
