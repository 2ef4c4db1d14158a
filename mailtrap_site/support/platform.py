"""The platform's own account: unmetered, with the platform's domain; it sends our notices."""

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import Account
from domains.models import SendingDomain
from domains.setup import add_domain
from domains.verification import check


def ensure_platform() -> SendingDomain:
    """Makes the platform account and its domain unless they stand, asks DNS about it, and returns the domain."""
    account = _ensure_account()
    domain = SendingDomain.objects.filter(account=account, name=settings.PLATFORM_DOMAIN, deleted_at=None).first()
    if domain is None:
        domain, _name = add_domain(account, settings.PLATFORM_DOMAIN)
    if domain.dns_verified_at is None:
        domain = check(domain.pk) or domain
    return domain


def _ensure_account() -> Account:
    account = Account.objects.filter(is_platform=True).first()
    if account is not None:
        return account
    try:
        with transaction.atomic():
            return Account.objects.create(name=settings.SITE_NAME, is_platform=True)
    except IntegrityError:
        # Two starts at once: the constraint lets one of them make it.
        return Account.objects.get(is_platform=True)
