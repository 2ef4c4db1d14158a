"""Single sign-on of an account: set up, changed, ended, and joined by members. The only writer of SingleSignOn."""

from collections.abc import Sequence
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.db import transaction
from django.http import HttpRequest

from accounts import audit
from accounts.models import Account, Membership, Role, SingleSignOn, User


@dataclass(frozen=True, slots=True)
class Wanted:
    """The settings; an empty secret leaves the one that is kept."""

    issuer: str
    client_id: str
    client_secret: str
    email_domains: Sequence[str]
    first_role: Role
    is_enforced: bool


def save(account: Account, wanted: Wanted, request: HttpRequest | None = None) -> SingleSignOn:
    """Sets it up or changes it, audited without the secret. Raises ValueError where there is none to keep."""
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        row = SingleSignOn.objects.filter(account=account).first()
        before = _shown(row) if row else {}
        if row is None and not wanted.client_secret:
            raise ValueError("a new provider needs a client secret")
        row = row or SingleSignOn(account=account)
        row.issuer, row.client_id = wanted.issuer, wanted.client_id
        row.client_secret = wanted.client_secret or row.client_secret
        row.email_domains = sorted(wanted.email_domains)
        row.first_role, row.is_enforced = wanted.first_role, wanted.is_enforced
        row.save()
        after = _shown(row)
        changes = {
            name: {"from": before.get(name), "to": after[name]} for name in after if before.get(name) != after[name]
        }
        if before and wanted.client_secret:
            changes["client_secret"] = {"from": None, "to": "replaced"}
        action = "single_sign_on.changed" if before else "single_sign_on.set_up"
        if changes:
            audit.record(action, account=account, target=row, changes=changes, request=request)
    return row


def end(account: Account, request: HttpRequest | None = None) -> bool:
    """Members sign in by password again; whoever never had one chooses it by letter. False where there is none."""
    with transaction.atomic():
        row = SingleSignOn.objects.select_for_update().filter(account=account).first()
        if row is None:
            return False
        changes = {name: {"from": value, "to": None} for name, value in _shown(row).items()}
        audit.record("single_sign_on.ended", account=account, target=row, changes=changes, request=request)
        row.delete()
    return True


def join(row: SingleSignOn, email: str, name: str, request: HttpRequest | None = None) -> User:
    """The person of this address as a member of the account, for their first sign-in through its provider.

    Who has no user gets one without a password; who is no member becomes one with the account's first role. The
    address counts as confirmed: the account has proved that its domain is its own, and its provider vouches for it.
    """
    with transaction.atomic():
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            user = User.objects.create_user(email, None, name=name[:150])
        address, _new = EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True})
        if not address.verified:
            # Whoever signed up with it never proved that it was theirs: what they set up must not open this account.
            user.set_unusable_password()
            user.save(update_fields=["password"])
            EmailAddress.objects.filter(pk=address.pk).update(verified=True, primary=True)
        membership, is_new = Membership.objects.get_or_create(
            account=row.account, user=user, defaults={"role": row.first_role}
        )
        if is_new:
            changes = {"role": {"from": None, "to": membership.role}}
            audit.record(
                "single_sign_on.joined",
                account=row.account,
                actor=user,
                target=membership,
                changes=changes,
                request=request,
            )
    return user


def _shown(row: SingleSignOn) -> dict[str, object]:
    return {
        "issuer": row.issuer,
        "client_id": row.client_id,
        "email_domains": list(row.email_domains),
        "first_role": str(row.first_role),
        "is_enforced": row.is_enforced,
    }
