"""The general API's list of accounts."""

from typing import Any

from ninja import Router, Schema

from accounts.api_auth import ApiRequest, access_level
from accounts.models import Account

router = Router(tags=["Accounts"])


class AccountOut(Schema):
    id: int
    name: str
    access_levels: list[int]


@router.get("/accounts", response=list[AccountOut])
def list_accounts(request: ApiRequest) -> list[dict[str, Any]]:
    """The account that the token belongs to."""
    account = Account.objects.get(pk=request.auth.account_id)
    level = access_level(request.auth, "account", account.pk)
    return [{"id": account.pk, "name": account.name, "access_levels": [level] if level else []}]
