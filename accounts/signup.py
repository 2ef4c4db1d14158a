"""What happens when somebody signs up: an account of their own, with them as its owner."""

from django.db import transaction
from django.http import HttpRequest

from accounts import audit
from accounts.models import Account, Membership, Role, User
from accounts.signals import account_opened


def open_account(
    owner: User,
    name: str = "",
    *,
    is_platform: bool = False,
    organization: Account | None = None,
    monthly_cap: int | None = None,
    request: HttpRequest | None = None,
    actor_name: str = "",
) -> Account:
    """A new account named after its owner unless a name is given, with the membership and the audit entry.

    For `billing.organization`: a sub-account with its cap; `actor_name` is what opens it where no person does.
    """
    with transaction.atomic():
        account = Account.objects.create(
            name=name or _name_for(owner),
            is_platform=is_platform,
            organization=organization,
            monthly_cap=monthly_cap,
        )
        Membership.objects.create(account=account, user=owner, role=Role.OWNER)
        changes = {"organization": {"from": None, "to": organization.name}} if organization else {}
        audit.record(
            "account.created",
            account=account,
            actor=None if actor_name else owner,
            actor_name=actor_name or audit.SYSTEM,
            target=account,
            changes=changes,
            request=request,
        )
        account_opened.send(sender=Account, account=account)
    return account


def _name_for(owner: User) -> str:
    return owner.name.strip() or owner.email.partition("@")[0]
