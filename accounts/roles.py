"""What each role may do: one table, asked through `require`. What clients of the API see is derived from it.

Somebody of `Role.LIMITED` has on each of their domains what an admin or viewer may do within one domain, and nothing in
the account as a whole.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.models import Membership, Role
from accounts.scopes import ADMIN, READ


class Ability(StrEnum):
    """One right inside an account."""

    VIEW = "view"
    """Overview, email log without bodies, domains, how to connect, which tokens there are."""
    VIEW_CONTENT = "view_content"
    """The bodies and sources of messages; a viewer has it where `Membership.sees_content` says so."""
    VIEW_LINKS = "view_links"
    """The secrets of links in content, where a stream hides them from those who only look."""
    SEND = "send"
    """Send a test email, and say what becomes of mail that waits or is uncertain."""
    MANAGE_SANDBOXES = "manage_sandboxes"
    """Make, rename, empty and delete them, and delete mail in them."""
    MANAGE_DOMAINS = "manage_domains"
    MANAGE_SUPPRESSIONS = "manage_suppressions"
    """Say who gets no mail, and who gets it again."""
    MANAGE_TOKENS = "manage_tokens"
    MANAGE_WEBHOOKS = "manage_webhooks"
    VIEW_USAGE = "view_usage"
    MANAGE_BILLING = "manage_billing"
    MANAGE_PEOPLE = "manage_people"
    """Invite, change and remove those who are no owners."""
    MANAGE_OWNERS = "manage_owners"
    """Say who owns the account."""
    VIEW_AUDIT = "view_audit"
    """The audit log."""
    MANAGE_PRIVACY = "manage_privacy"
    """Take an account's data along, say what is stored about a recipient, and erase it."""
    MANAGE_SECURITY = "manage_security"
    """How members sign in: a required second factor, single sign-on."""
    MANAGE_SUB_ACCOUNTS = "manage_sub_accounts"
    """Make accounts that share the plan, cap them, let them go."""


_VIEWER = frozenset({Ability.VIEW, Ability.VIEW_USAGE})
_ADMIN = _VIEWER | {
    Ability.VIEW_CONTENT,
    Ability.VIEW_LINKS,
    Ability.SEND,
    Ability.MANAGE_SANDBOXES,
    Ability.MANAGE_DOMAINS,
    Ability.MANAGE_SUPPRESSIONS,
    Ability.MANAGE_TOKENS,
    Ability.MANAGE_WEBHOOKS,
    Ability.MANAGE_PEOPLE,
    Ability.MANAGE_PRIVACY,
    Ability.VIEW_AUDIT,
}

ABILITIES: dict[Role, frozenset[Ability]] = {
    Role.OWNER: frozenset(Ability),
    Role.ADMIN: _ADMIN,
    Role.VIEWER: _VIEWER,
    Role.BILLING: frozenset({Ability.VIEW, Ability.VIEW_USAGE, Ability.MANAGE_BILLING}),
    Role.LIMITED: frozenset(),
}
OF_A_DOMAIN = frozenset(
    {
        Ability.VIEW,
        Ability.VIEW_CONTENT,
        Ability.VIEW_LINKS,
        Ability.SEND,
        Ability.MANAGE_DOMAINS,
        Ability.MANAGE_SUPPRESSIONS,
        Ability.MANAGE_WEBHOOKS,
    }
)
"""The rights that mean something within one domain."""
ROLE_ON_A_DOMAIN: dict[int, Role] = {ADMIN: Role.ADMIN, READ: Role.VIEWER}
"""What an access level of the contract on a domain amounts to there."""
ACCESS_LEVELS: dict[Role, int] = {Role.OWNER: 1000, Role.ADMIN: ADMIN, Role.VIEWER: READ, Role.BILLING: 1}
"""The contract's level of each role on the account: owner, admin, viewer, and what has no name there."""
VIEWER_WITH_CONTENT = 50
"""The contract's level of a viewer who reads content."""


class InAccount(Protocol):
    """What `require` looks at: any request that `accounts.tenancy` has placed in an account."""

    membership: Membership


def can(membership: Membership, ability: Ability, domain_id: int | None = None) -> bool:
    """Whether this member has the ability: on this domain, or on the one of the page, or else in the account. Where no
    domain is meant, somebody limited to some has it if they have it on any."""
    if not membership.is_limited:
        return ability in _with_content(ABILITIES[Role(membership.role)], membership)
    reached = domains_with(membership, ability) or ()
    domain_id = membership.here if domain_id is None else domain_id
    return bool(reached) if domain_id is None else domain_id in reached


def domains_with(membership: Membership, ability: Ability) -> tuple[int, ...] | None:
    """The ids of the domains on which the member has the ability; None where the role is for the whole account."""
    if not membership.is_limited:
        return None
    return tuple(
        int(scope["resource_id"])
        for scope in membership.scopes
        if scope.get("resource_type") == "domain"
        and ability in _with_content(_on_a_domain(scope.get("access_level", 0)), membership)
    )


def require(request: InAccount, ability: Ability) -> None:
    """Goes on when the reader's membership has the ability; otherwise raises PermissionDenied (HTTP 403)."""
    if not can(request.membership, ability):
        raise PermissionDenied(_("Your role in this account does not allow this. Ask one of its owners."))


def resources_of(
    account_id: int, role: str, scopes: Sequence[Mapping[str, Any]], *, sees_content: bool
) -> list[dict[str, Any]]:
    """What the contract's API says of a member or invitation: `[{resource_type, resource_id, access_level}]`."""
    if role == Role.LIMITED:
        return [{**scope, "access_level": _shown_level(scope["access_level"], sees_content)} for scope in scopes]
    level = _shown_level(ACCESS_LEVELS[Role(role)], sees_content)
    return [{"resource_type": "account", "resource_id": account_id, "access_level": level}]


def _shown_level(level: int, sees_content: bool) -> int:
    return VIEWER_WITH_CONTENT if level == READ and sees_content else level


def _on_a_domain(level: int) -> frozenset[Ability]:
    role = ROLE_ON_A_DOMAIN.get(level)
    return ABILITIES[role] & OF_A_DOMAIN if role else frozenset()


def _with_content(abilities: frozenset[Ability], membership: Membership) -> frozenset[Ability]:
    """Whoever only looks reads content where that was granted; the billing role never does."""
    if not membership.sees_content or membership.role == Role.BILLING or Ability.VIEW not in abilities:
        return abilities
    return abilities | {Ability.VIEW_CONTENT}
