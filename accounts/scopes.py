"""What the scopes of an API token grant: one reading for the API and for the policy of sending. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

READ, ADMIN = 10, 100
"""The contract's access levels. Sending needs ADMIN, on the domain or on the account."""


ORGANIZATION = "organization"
"""The type of a scope that reaches an account and, in the general API, the sub-accounts that share its plan."""


def level_on(scopes: Iterable[Mapping[str, Any]], account_id: int, resource_type: str, resource_id: int | None) -> int:
    """The highest level that scopes of this account give on the resource, or on the whole account; 0 for none."""
    return _highest(scopes, {("account", account_id), (ORGANIZATION, account_id), (resource_type, resource_id)})


def level_on_sub_accounts(scopes: Iterable[Mapping[str, Any]], organization_id: int) -> int:
    """The highest level that scopes of this organisation give on all its sub-accounts; 0 for none."""
    return _highest(scopes, {(ORGANIZATION, organization_id)})


def _highest(scopes: Iterable[Mapping[str, Any]], wanted: set[tuple[str, int | None]]) -> int:
    levels = [
        scope.get("access_level")
        for scope in scopes
        if (scope.get("resource_type"), scope.get("resource_id")) in wanted
    ]
    return max((level for level in levels if isinstance(level, int)), default=0)
