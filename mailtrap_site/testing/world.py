"""The people of the tests: Alice owns, Bob sends (admin), Vera views; Charlie is a stranger with his own account."""

import secrets
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from allauth.account.models import EmailAddress
from django.conf import settings
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
    account = Account.objects.create(name="Acme")
    stranger_account = Account.objects.create(name="Strangers")
    token, secret = make_token(account)
    stranger_token, stranger_secret = make_token(stranger_account)
    return World(
        account=account,
        alice=make_user("alice@acme.test", account, Role.OWNER),
        bob=make_user("bob@acme.test", account, Role.ADMIN),
        vera=make_user("vera@acme.test", account, Role.VIEWER),
        domain=make_domain(account, DOMAIN),
        token=token,
        secret=secret,
        stranger_account=stranger_account,
        charlie=make_user("charlie@strangers.test", stranger_account, Role.OWNER),
        stranger_domain=make_domain(stranger_account, STRANGER_DOMAIN),
        stranger_token=stranger_token,
        stranger_secret=stranger_secret,
    )


def make_user(email: str, account: Account | None = None, role: Role = Role.OWNER) -> User:
    """A confirmed user whose password is `PASSWORD`."""
    user = User.objects.create_user(email, PASSWORD, name=email.partition("@")[0].capitalize())
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    if account is not None:
        Membership.objects.create(account=account, user=user, role=role)
    return user


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
    if approved:
        domain.approved_at = timezone.now()
        domain.save(update_fields=["approved_at"])
    if verified:
        now = timezone.now()
        domain.dns_records.update(status=DnsRecord.Status.PASS, checked_at=now)
        domain.dns_verified_at = now
        domain.save(update_fields=["dns_verified_at"])
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
