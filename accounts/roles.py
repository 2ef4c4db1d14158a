"""What each role may do: one table, asked through `require`."""

from enum import StrEnum
from typing import Protocol

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.models import Membership, Role


class Ability(StrEnum):
    """One right inside an account."""

    VIEW = "view"
    """Overview, email log without bodies, domains, how to connect, which tokens there are."""
    VIEW_CONTENT = "view_content"
    """The bodies and sources of messages."""
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
    VIEW_AUDIT = "view_audit"
    """The audit log."""
    MANAGE_SECURITY = "manage_security"
    """How members sign in: a required second factor, single sign-on."""


_VIEWER = frozenset({Ability.VIEW, Ability.VIEW_CONTENT, Ability.VIEW_USAGE})
_ADMIN = _VIEWER | {
    Ability.SEND,
    Ability.MANAGE_SANDBOXES,
    Ability.MANAGE_DOMAINS,
    Ability.MANAGE_SUPPRESSIONS,
    Ability.MANAGE_TOKENS,
    Ability.MANAGE_WEBHOOKS,
    Ability.MANAGE_PEOPLE,
    Ability.VIEW_AUDIT,
}

ABILITIES: dict[Role, frozenset[Ability]] = {
    Role.OWNER: frozenset(Ability),
    Role.ADMIN: _ADMIN,
    Role.VIEWER: _VIEWER,
    Role.BILLING: frozenset({Ability.VIEW, Ability.VIEW_USAGE, Ability.MANAGE_BILLING}),
}


class InAccount(Protocol):
    """What `require` looks at: any request that `accounts.tenancy` has placed in an account."""

    membership: Membership


def can(membership: Membership, ability: Ability) -> bool:
    """Whether this member has the ability."""
    return ability in ABILITIES[Role(membership.role)]


def require(request: InAccount, ability: Ability) -> None:
    """Goes on when the reader's membership has the ability; otherwise raises PermissionDenied (HTTP 403)."""
    if not can(request.membership, ability):
        raise PermissionDenied(_("Your role in this account does not allow this. Ask one of its owners."))
