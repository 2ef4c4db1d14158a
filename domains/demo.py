"""The demo domain: the one domain of an account that needs no set-up. It reaches the account's owners alone, has a
small allowance, and is made once: a deleted one stays deleted."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

import structlog
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import slugify

from accounts import audit
from accounts.models import Account, Membership, Role, User
from domains.dkim.keys import generate
from domains.models import DnsRecord, SendingDomain
from domains.setup import SELECTORS, save_domain

log = structlog.get_logger(__name__)

MAKE = "domains.make_demo"
NEW_FOR = timedelta(days=7)
"""So long a new account's demo domain is made unasked; later its owner finds a button."""
MOST_AT_ONCE = 20
_LONGEST_SLUG = 24


def may_have(account: Account) -> bool:
    """Whether the account never had a demo domain, and this instance makes some."""
    if account.is_platform or not settings.ENVIRONMENT.domains.demo_emails:
        return False
    return not SendingDomain.objects.filter(account=account, is_demo=True).exists()


def make(account: Account, *, user: User | None = None, request: HttpRequest | None = None) -> SendingDomain | None:
    """The account's demo domain, verified from the start; None for an account that cannot have one. Takes up to a
    second, and may be called twice at once."""
    if not may_have(account):
        return None
    pairs = [generate() for _selector in SELECTORS]
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if not may_have(account):
            return None
        domain = save_domain(account, _new_name(account), pairs, user=user)
        now = timezone.now()
        domain.is_demo, domain.demo_emails_left = True, settings.ENVIRONMENT.domains.demo_emails
        domain.compliance_status, domain.dns_verified_at = SendingDomain.Compliance.DEMO, now
        domain.save(update_fields=["is_demo", "demo_emails_left", "compliance_status", "dns_verified_at"])
        # Our own zone answers them, from these rows.
        domain.dns_records.update(status=DnsRecord.Status.PASS, checked_at=now)
        audit.record("domain.demo_made", account=account, actor=user, target=domain, request=request)
    log.info("demo_domain_made", domain_id=domain.pk, account_id=account.pk)
    return domain


def make_missing() -> int:
    """Makes those of new accounts that lack one and whose owner's address is confirmed; returns how many."""
    made = 0
    for account in _lacking()[:MOST_AT_ONCE]:
        made += make(account) is not None
    return made


def owner_addresses(account: Account) -> Sequence[str]:
    """Where the demo domain may send: the confirmed addresses of the account's owners."""
    owners = Membership.objects.filter(account=account, role=Role.OWNER).values("user")
    confirmed = EmailAddress.objects.filter(user__in=owners, verified=True)
    return list(confirmed.order_by("-primary", "email").values_list("email", flat=True))


def _lacking() -> QuerySet[Account]:
    if not settings.ENVIRONMENT.domains.demo_emails:
        return Account.objects.none()
    owner = Membership.objects.filter(account=OuterRef("pk"), role=Role.OWNER, user__emailaddress__verified=True)
    had = SendingDomain.objects.filter(account=OuterRef("pk"), is_demo=True)
    young = Account.objects.filter(is_platform=False, created_at__gt=timezone.now() - NEW_FOR)
    return young.filter(Exists(owner), ~Exists(had)).order_by("pk")


def _new_name(account: Account) -> str:
    words = slugify(account.name)[:_LONGEST_SLUG].strip("-") or "account"
    return f"{words}-{secrets.token_hex(4)}.{place(settings.PLATFORM_DOMAIN)}"


def place(platform_domain: str) -> str:
    """The name under which all demo domains lie."""
    return f"demo.{platform_domain}"
