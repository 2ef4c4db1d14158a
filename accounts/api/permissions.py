"""The general API's tree of what can be granted: the account, its domains and its sandboxes."""

from typing import Any

from ninja import Router

from accounts.api_auth import ApiRequest, access_level, account_of
from accounts.models import Account
from accounts.scopes import ADMIN

router = Router(tags=["Permissions"])


@router.get("/permissions/resources", response=list[dict[str, Any]])
def list_resources(request: ApiRequest, account_id: int) -> list[dict[str, Any]]:
    """What the token may grant: all that it has admin access to, things within what holds them."""
    account = account_of(request, account_id)
    level = access_level(request.auth, "account", account.pk)
    below = [one for one in _below(request, account) if one["access_level"] >= ADMIN]
    if level < ADMIN:
        return below
    return [{"id": account.pk, "name": account.name, "type": "account", "access_level": level, "resources": below}]


def _below(request: ApiRequest, account: Account) -> list[dict[str, Any]]:
    """The rows are those of apps above this one, reached by the account."""
    owned: Any = account
    rows = [
        *(("domain", pk, name) for pk, name in owned.domains.filter(deleted_at=None).values_list("pk", "name")),
        *(("sandbox", pk, name) for pk, name in owned.sandboxes.values_list("pk", "name")),
    ]
    return [
        {
            "id": pk,
            "name": name,
            "type": kind,
            "access_level": access_level(request.auth, kind, pk),
            "resources": [],
        }
        for kind, pk, name in sorted(rows)
    ]
