"""The general API's list of accounts."""

from typing import Any

from ninja import Router, Schema

from accounts.api_auth import ApiRequest, access_level
from accounts.models import Account
from accounts.scopes import level_on_sub_accounts

router = Router(tags=["Accounts"])


class AccountOut(Schema):
    id: int
    name: str
    access_levels: list[int]


@router.get("/accounts", response=list[AccountOut])
def list_accounts(request: ApiRequest) -> list[dict[str, Any]]:
    """The account that the token belongs to; with one for a whole organisation, its sub-accounts as well."""
    account = Account.objects.get(pk=request.auth.account_id)
    found = [(account, access_level(request.auth, "account", account.pk))]
    if level := level_on_sub_accounts(request.auth.scopes, account.pk):
        found += [(one, level) for one in account.sub_accounts.order_by("pk")]
    return [{"id": one.pk, "name": one.name, "access_levels": [level] if level else []} for one, level in found]
