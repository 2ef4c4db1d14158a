"""Whom of an account its news reaches."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from accounts.models import Account, Membership, Role, User
from accounts.scopes import ADMIN


def readers_of(account: Account, roles: Sequence[Role], domain_id: int | None = None) -> QuerySet[User]:
    """The active people with one of the roles; of news about a domain also those who administer it among some."""
    told = Q(role__in=roles)
    if domain_id is not None:
        looks_after = {"resource_type": "domain", "resource_id": domain_id, "access_level": ADMIN}
        told |= Q(role=Role.LIMITED, scopes__contains=[looks_after])
    members = Membership.objects.filter(told, account=account)
    return User.objects.filter(memberships__in=members, is_active=True).distinct().order_by("pk")
