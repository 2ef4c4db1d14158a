"""The people of the tests: Alice owns, Bob sends (admin), Vera views; Charlie is a stranger with his own account."""

import secrets
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import Account, ApiToken, Membership, User
from accounts.models.membership import Role
from domains.compliance import status
from domains.dkim import KeyPair, generate
from domains.models import DnsRecord, SendingDomain
from domains.setup import SELECTORS, save_domain

DOMAIN = "example.test"
STRANGER_DOMAIN = "stranger.test"
PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class World:
    """Alice's account with its verified `example.test`, Charlie's with `stranger.test`; `secret` is a token's text."""

    account: Account
    alice: User
    bob: User
    vera: User
    domain: SendingDomain
    token: ApiToken
    secret: str
    stranger_account: Account
    charlie: User
    stranger_domain: SendingDomain
    stranger_token: ApiToken
    stranger_secret: str


def make_world() -> World:
    """Saves everybody; needs the database."""
    account, stranger_account = Account.objects.bulk_create([Account(name="Acme"), Account(name="Strangers")])
    alice, bob, vera, charlie = make_users(
        ("alice@acme.test", account, Role.OWNER),
        ("bob@acme.test", account, Role.ADMIN),
        ("vera@acme.test", account, Role.VIEWER),
        ("charlie@strangers.test", stranger_account, Role.OWNER),
    )
    token, secret = make_token(account)
    stranger_token, stranger_secret = make_token(stranger_account)
    return World(
        account=account,
        alice=alice,
        bob=bob,
        vera=vera,
        domain=make_domain(account, DOMAIN),
        token=token,
        secret=secret,
        stranger_account=stranger_account,
        charlie=charlie,
        stranger_domain=make_domain(stranger_account, STRANGER_DOMAIN),
        stranger_token=stranger_token,
        stranger_secret=stranger_secret,
    )


def make_user(email: str, account: Account | None = None, role: Role = Role.OWNER) -> User:
    """A confirmed user whose password is `PASSWORD`."""
    [user] = make_users((email, account, role))
    return user


def make_users(*people: tuple[str, Account | None, Role]) -> list[User]:
    """Each by address, account and role, as `make_user` does, in three statements for all of them."""
    hashed = make_password(PASSWORD)
    users = User.objects.bulk_create(
        User(email=email.lower(), password=hashed, name=email.partition("@")[0].capitalize()) for email, _, _ in people
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
    )
    Membership.objects.bulk_create(
        Membership(account=account, user=user, role=role)
        for user, (_, account, role) in zip(users, people, strict=True)
        if account is not None
    )
    return users


def make_token(
    account: Account, name: str = "Test", scopes: list[dict[str, object]] | None = None
) -> tuple[ApiToken, str]:
    """A token with its secret; by default it may do everything in the account."""
    secret = secrets.token_hex(16)
    if scopes is None:
        scopes = [{"resource_type": "account", "resource_id": account.pk, "access_level": 100}]
    token = ApiToken.objects.create(
        account=account,
        name=name,
        digest=sha256(secret.encode()).hexdigest(),
        first_digits=secret[:4],
        last_digits=secret[-4:],
        scopes=scopes,
    )
    return token, secret


def make_domain(account: Account, name: str, *, verified: bool = True, approved: bool = True) -> SendingDomain:
    """A domain with its two DKIM keys and its records; `verified` says that all of them were found, `approved` that
    compliance lets it send once they are."""
    domain = save_domain(account, name, [_key_pair(selector) for selector in SELECTORS])
    now = timezone.now()
    if approved:
        domain.approved_at = now
    if verified:
        domain.dns_records.update(status=DnsRecord.Status.PASS, checked_at=now)
        domain.dns_verified_at = now
    if approved and verified:
        domain.compliance_status = SendingDomain.Compliance.COMPLIANT
    domain.save(update_fields=["approved_at", "dns_verified_at", "compliance_status"])
    if verified and not approved:
        status.refresh(domain)
    return domain


def make_platform() -> Account:
    """The platform's own account with its verified domain, which sends our notices."""
    account = Account.objects.create(name=settings.SITE_NAME, is_platform=True)
    make_domain(account, settings.PLATFORM_DOMAIN)
    return account


@cache
def _key_pair(selector: str) -> KeyPair:
    """Making a key takes up to half a second, so all test domains share one for each selector."""
    return generate()
