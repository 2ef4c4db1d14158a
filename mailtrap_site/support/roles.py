"""What each kind of staff may see and do at the support desk, in one table. Superusers may do everything.

The roles are groups of Django's; pages ask for permissions, never for a role.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from accounts.models import User


class Role(StrEnum):
    """The names of the groups, and what `manage.py bootstrap --role` takes."""

    SUPPORT = "support"
    DELIVERABILITY = "deliverability"
    BILLING = "billing"
    SUPERUSER = "superuser"


@dataclass(frozen=True, slots=True)
class Rights:
    """`sees` are the apps whose tables they may look at, `acts` the permissions beside that."""

    sees: tuple[str, ...]
    acts: tuple[str, ...]


RIGHTS: dict[Role, Rights] = {
    Role.SUPPORT: Rights(
        ("accounts", "billing", "domains", "sending"),
        (
            "accounts.add_supportvisit",
            "billing.change_supportrequest",
            "domains.change_sendingdomain",
            "sending.change_incomingreport",
        ),
    ),
    Role.DELIVERABILITY: Rights(
        ("accounts", "billing", "domains", "sending"),
        (
            "accounts.add_supportvisit",
            "accounts.change_account",
            "billing.change_quotaoverride",
            "billing.change_supportrequest",
            "domains.change_compliancereview",
            "domains.change_sendingdomain",
            "sending.change_incomingreport",
            "sending.change_queueentry",
            "sending.change_suspiciouslinks",
        ),
    ),
    Role.BILLING: Rights(
        ("accounts", "billing"),
        ("billing.change_quotaoverride", "billing.change_subscription", "billing.change_supportrequest"),
    ),
}


def ensure_roles() -> None:
    """Makes the groups, and gives each exactly what the table says."""
    for role, rights in RIGHTS.items():
        group, _ = Group.objects.get_or_create(name=role.value)
        wanted = Q(content_type__app_label__in=rights.sees, codename__startswith="view_")
        for act in rights.acts:
            app, _dot, codename = act.partition(".")
            wanted |= Q(content_type__app_label=app, codename=codename)
        group.permissions.set(Permission.objects.filter(wanted))


def make_staff(user: User, role: Role) -> None:
    """Lets the user into the desk with this role alone."""
    ensure_roles()
    user.is_staff, user.is_superuser = True, role is Role.SUPERUSER
    user.save(update_fields=["is_staff", "is_superuser"])
    user.groups.set(Group.objects.filter(name=role.value))
