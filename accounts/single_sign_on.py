"""Single sign-on of an account: set up, changed, ended, and joined by members. The only writer of SingleSignOn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from allauth.account.models import EmailAddress
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.invitations import accept
from accounts.models import Account, AuditEntry, Membership, Role, SingleSignOn, User
from accounts.notices import notify
from accounts.seats import take_seat

NO_SEAT = "single_sign_on.no_seat"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The settings; an empty secret leaves the one that is kept. With SAML there are no client and no secret."""

    issuer: str
    client_id: str
    client_secret: str
    email_domains: Sequence[str]
    first_role: Role
    is_enforced: bool
    protocol: SingleSignOn.Protocol = SingleSignOn.Protocol.OPENID
    sso_url: str = ""
    certificates: Sequence[str] = ()
    """PEM."""


def save(account: Account, wanted: Wanted, request: HttpRequest | None = None) -> SingleSignOn:
    """Sets it up or changes it, audited without the secret. Raises ValueError where there is none to keep."""
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        row = SingleSignOn.objects.filter(account=account).first()
        before = _shown(row) if row else {}
        row = row or SingleSignOn(account=account)
        row.client_secret = _secret(row, wanted)
        row.protocol, row.issuer, row.client_id = wanted.protocol, wanted.issuer, wanted.client_id
        row.sso_url, row.certificates = wanted.sso_url, list(wanted.certificates)
        row.email_domains = sorted(wanted.email_domains)
        row.first_role, row.is_enforced = wanted.first_role, wanted.is_enforced
        row.save()
        after = _shown(row)
        changes = {
            name: {"from": before.get(name), "to": after.get(name)}
            for name in before | after
            if before.get(name) != after.get(name)
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

    Who has no user gets one without a password; who is no member becomes one, with the rights of an invitation that
    waits for them, or else with the account's first role. The address counts as confirmed: the account has proved that
    its domain is its own, and its provider vouches for it. Raises NoSeatLeft, with nothing changed.
    """
    with transaction.atomic():
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            user = User.objects.create_user(email, None, name=name[:150])
        address, _is_new = EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True})
        if not address.verified:
            # Whoever signed up with it never proved that it was theirs: what they set up must not open this account.
            user.set_unusable_password()
            user.save(update_fields=["password"])
            EmailAddress.objects.filter(pk=address.pk).update(verified=True, primary=True)
        _become_member(row, user, request)
    return user


def tell_of_no_seat(account: Account, email: str, limit: int, request: HttpRequest | None = None) -> None:
    """The owners read that somebody was turned away; at most once a day of the same address."""
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        today = {"account": account, "action": NO_SEAT, "at__gte": timezone.now() - timedelta(days=1)}
        if AuditEntry.objects.filter(**today, changes__email__to=email).exists():
            return
        changes = {"email": {"from": None, "to": email}, "limit": {"from": None, "to": limit}}
        audit.record(NO_SEAT, account=account, target=account, changes=changes, request=request)
        words = {"email": email, "account": account.name, "limit": limit}
        title = _("%(email)s could not join %(account)s: all seats are taken") % words
        body = _(
            "They came through your single sign-on and would have been a new member, but the plan has %(limit)s seats. "
            "Remove somebody, or change to a plan with more; then they sign in again."
        )
        people = reverse("accounts:people", args=[account.pk])
        notify(account, "membership.no_seat", title[:200], body % words, people, "warning", roles=(Role.OWNER,))


def _become_member(row: SingleSignOn, user: User, request: HttpRequest | None) -> None:
    account = Account.objects.select_for_update(no_key=True).get(pk=row.account_id)
    if account.memberships.filter(user=user).exists():
        return
    invitation = account.invitations.filter(email=user.email, expires_at__gt=timezone.now()).first()
    if invitation is not None:
        accept(invitation, user, request)
        return
    take_seat(account)
    member = Membership.objects.create(account=account, user=user, role=row.first_role)
    changes = {"role": {"from": None, "to": member.role}}
    audit.record("single_sign_on.joined", account=account, actor=user, target=member, changes=changes, request=request)


def _secret(row: SingleSignOn, wanted: Wanted) -> str:
    """The one to keep; a secret of OpenID Connect ends with it."""
    if wanted.protocol == SingleSignOn.Protocol.SAML:
        return ""
    secret = wanted.client_secret or row.client_secret
    if not secret:
        raise ValueError("a new provider needs a client secret")
    return secret


def _shown(row: SingleSignOn) -> dict[str, object]:
    own: dict[str, object] = {"client_id": row.client_id}
    if row.protocol == SingleSignOn.Protocol.SAML:
        own = {"sso_url": row.sso_url, "certificates": [fingerprint(one) for one in row.certificates]}
    return {
        "protocol": str(row.protocol),
        "issuer": row.issuer,
        **own,
        "email_domains": list(row.email_domains),
        "first_role": str(row.first_role),
        "is_enforced": row.is_enforced,
    }


def fingerprint(certificate: str) -> str:
    """SHA-256 of a PEM certificate, by which people tell it from others: `9F:86:…`."""
    return load_pem_x509_certificate(certificate.encode()).fingerprint(SHA256()).hex(":").upper()
