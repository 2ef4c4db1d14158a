"""The general API's view of accounts and tokens. Secrets are never listed."""

from datetime import datetime
from typing import Any

from ninja import Router, Schema

from accounts.api_auth import ApiRequest, access_level, account_of, require_level
from accounts.models import Account, ApiToken
from accounts.scopes import ADMIN

accounts_router = Router(tags=["Accounts"])
"""Stands once, at the root: its path has no account."""
router = Router(tags=["API tokens"])


class AccountOut(Schema):
    id: int
    name: str
    access_levels: list[int]


class Resource(Schema):
    resource_type: str
    resource_id: int
    access_level: int


class ApiTokenOut(Schema):
    id: int
    name: str
    last_4_digits: str
    created_by: str | None
    expires_at: datetime | None
    resources: list[Resource]


@accounts_router.get("/accounts", response=list[AccountOut])
def list_accounts(request: ApiRequest) -> list[dict[str, Any]]:
    """The account that the token belongs to."""
    account = Account.objects.get(pk=request.auth.account_id)
    level = access_level(request.auth, "account", account.pk)
    return [{"id": account.pk, "name": account.name, "access_levels": [level] if level else []}]


@router.get("/api_tokens", response=list[ApiTokenOut])
def list_api_tokens(request: ApiRequest, account_id: int) -> list[dict[str, Any]]:
    """The account's tokens, oldest first."""
    account = account_of(request, account_id)
    require_level(request, ADMIN)
    return [_shown(token) for token in account.tokens.select_related("created_by").order_by("id")]


def _shown(token: ApiToken) -> dict[str, Any]:
    return {
        "id": token.pk,
        "name": token.name,
        "last_4_digits": token.last_digits,
        "created_by": token.created_by.get_full_name() if token.created_by else None,
        "expires_at": token.expires_at,
        "resources": token.scopes,
    }
