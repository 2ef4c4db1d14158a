"""What the scopes of an API token grant: one reading for the API and for the policy of sending. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

READ, ADMIN = 10, 100
"""The contract's access levels. Sending needs ADMIN, on the domain or on the account."""


def level_on(scopes: Iterable[Mapping[str, Any]], account_id: int, resource_type: str, resource_id: int | None) -> int:
    """The highest level that scopes of this account give on the resource, or on the whole account; 0 for none."""
    wanted = {("account", account_id), (resource_type, resource_id)}
    levels = [
        scope.get("access_level")
        for scope in scopes
        if (scope.get("resource_type"), scope.get("resource_id")) in wanted
    ]
    return max((level for level in levels if isinstance(level, int)), default=0)
