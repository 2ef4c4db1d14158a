"""What happens when somebody signs up: an account of their own, with them as its owner."""

from django.db import transaction
from django.http import HttpRequest

from accounts import audit
from accounts.models import Account, Membership, Role, User
from accounts.signals import account_opened


def open_account(
    owner: User, name: str = "", *, is_platform: bool = False, request: HttpRequest | None = None
) -> Account:
    """A new account named after its owner unless a name is given, with the membership and the audit entry."""
    with transaction.atomic():
        account = Account.objects.create(name=name or _name_for(owner), is_platform=is_platform)
        Membership.objects.create(account=account, user=owner, role=Role.OWNER)
        audit.record("account.created", account=account, actor=owner, target=account, request=request)
        account_opened.send(sender=Account, account=account)
    return account


def _name_for(owner: User) -> str:
    return owner.name.strip() or owner.email.partition("@")[0]
