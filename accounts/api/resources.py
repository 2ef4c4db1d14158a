"""What clients name when they grant something: an account, domains and sandboxes, each with a level."""

from collections.abc import Iterable
from typing import Any

from ninja import Schema

from accounts.models import Account
from accounts.scopes import ADMIN, READ
from mailtrap_site.web.json_api import Invalid

NOTHING_CHOSEN = "No permissions selected. Please choose at least one."
LEVELS: dict[str, int] = {"admin": ADMIN, "viewer": READ, str(ADMIN): ADMIN, str(READ): READ}
"""As numbers and as words, each as text."""
TYPES = {"inbox": "sandbox"}
"""Names of older clients."""


class ResourceIn(Schema):
    """One of them; ids may be text, levels a number or a word."""

    resource_type: str
    resource_id: int | str
    access_level: int | str | None = None


class Resource(Schema):
    resource_type: str
    resource_id: int
    access_level: int


def read_resources(account: Account, given: Iterable[ResourceIn]) -> list[dict[str, Any]]:
    """As `ApiToken.scopes` keeps them. Raises Invalid for what the account does not have, and for none."""
    found = [{**key_of(account, one), "access_level": level_of(one)} for one in given]
    if not found:
        raise Invalid({"base": [NOTHING_CHOSEN]})
    return found


def key_of(account: Account, given: ResourceIn) -> dict[str, Any]:
    """Its type and id. Raises Invalid where the account does not have it."""
    kind, number = TYPES.get(given.resource_type, given.resource_type), str(given.resource_id)
    resource_id = int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else 0
    if not _has(account, kind, resource_id):
        raise Invalid({"resource_id": [f"{kind} {number[:20]} is not a resource of this account"]})
    return {"resource_type": kind, "resource_id": resource_id}


def level_of(given: ResourceIn) -> int:
    """100 or 10. Raises Invalid."""
    level = LEVELS.get(str(given.access_level).lower())
    if level is None:
        raise Invalid({"access_level": ["is invalid. Allowed values: 100 (admin), 10 (viewer)."]})
    return level


def _has(account: Account, kind: str, resource_id: int) -> bool:
    """The rows of domains and sandboxes are those of apps above this one, reached by the account."""
    if kind == "account":
        return resource_id == account.pk
    owned: Any = account
    if kind == "domain":
        return bool(owned.domains.filter(pk=resource_id, deleted_at=None).exists())
    return kind == "sandbox" and bool(owned.sandboxes.filter(pk=resource_id).exists())
