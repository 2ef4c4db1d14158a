"""Adding and deleting a sending domain, and publishing its records in the demo zone of the embedded default."""

import secrets
from collections.abc import Sequence

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Account, User
from billing.terms import terms_of
from domains.dkim.keys import KeyPair, generate
from domains.models import DkimKey, DnsRecord, SendingDomain, ZoneRecord
from domains.names import DomainName, NameRefusal, parse_domain_name
from domains.records import expected_records

SELECTORS = ("mt1", "mt2")
"""Two stand from the start, so that a key can be replaced while the other signs."""

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


def add_domain(
    account: Account,
    text: str,
    *,
    user: User | None = None,
    request: HttpRequest | None = None,
    actor_name: str = audit.SYSTEM,
) -> tuple[SendingDomain, DomainName]:
    """Add what a person typed, with two new DKIM keys and the records to publish; takes up to a second.

    Raises NameRefusal for a name that cannot be added, one that the account already has included, and for any name
    where the plan has no room for another.
    """
    name = parse_domain_name(text, "" if account.is_platform else settings.PLATFORM_DOMAIN)
    if _has(account, name):
        raise NameRefusal("already_added", name=name.display)
    _refuse_without_room(account)
    pairs = [generate() for _selector in SELECTORS]
    try:
        with transaction.atomic():
            # One adds after the other, so that two who take the last place do not both get it.
            Account.objects.select_for_update(no_key=True).get(pk=account.pk)
            _refuse_without_room(account)
            domain = save_domain(account, name.ascii, pairs, user=user)
            audit.record(
                "domain.added", account=account, actor=user, target=domain, request=request, actor_name=actor_name
            )
    except IntegrityError:
        # A colleague added it in the same second.
        if _has(account, name):
            raise NameRefusal("already_added", name=name.display) from None
        raise
    return domain, name


def save_domain(account: Account, name: str, pairs: Sequence[KeyPair], *, user: User | None = None) -> SendingDomain:
    """The rows of an unverified domain: itself (`name` in A-labels), one DKIM key a pair, the records to publish."""
    domain = SendingDomain.objects.create(
        account=account, name=name, verification_label=f"mt{random_label(8)}", created_by=user
    )
    now = timezone.now()
    keys = DkimKey.objects.bulk_create(
        DkimKey(
            domain=domain,
            selector=selector,
            key_id=random_label(12),
            private_key=pair.private_pem.decode("ascii"),
            public_key=pair.public_base64,
            created_at=now,
            signs_since=now if selector == SELECTORS[0] else None,
        )
        for selector, pair in zip(SELECTORS, pairs, strict=True)
    )
    expected = expected_records(
        name, domain.verification_label, [(key.selector, key.key_id) for key in keys], settings.PLATFORM_DOMAIN
    )
    DnsRecord.objects.bulk_create(
        DnsRecord(
            domain=domain,
            key=record.key,
            type=record.type,
            name=record.name,
            value=record.value,
            required=record.required,
        )
        for record in expected
    )
    return domain


def delete_domain(
    domain: SendingDomain,
    *,
    user: User | None = None,
    request: HttpRequest | None = None,
    actor_name: str = audit.SYSTEM,
) -> bool:
    """Stop sending from the domain for good; its log stays readable. False when somebody else was first."""
    with transaction.atomic():
        deleted = SendingDomain.objects.filter(pk=domain.pk, deleted_at=None).update(deleted_at=timezone.now())
        if deleted:
            audit.record(
                "domain.deleted",
                account=domain.account,
                actor=user,
                target=domain,
                request=request,
                actor_name=actor_name,
            )
    return bool(deleted)


def has_demo_zone() -> bool:
    """Only the one-command default on the development route serves a zone that people may write into."""
    return bool(settings.ENVIRONMENT.embedded) and settings.ROUTE == "development"


def publish_in_demo_zone(domain: SendingDomain) -> None:
    """Write the domain's records into the demo zone as a registrar would; whether they stand is for DNS to say."""
    with transaction.atomic():
        for record in domain.dns_records.all():
            # Whatever stood there: a CNAME stands beside nothing else (RFC 2181 section 10.1).
            ZoneRecord.objects.filter(name=record.fqdn).delete()
            ZoneRecord.objects.create(name=record.fqdn, type=record.type, value=record.value)


def random_label(length: int) -> str:
    """Letters and digits that nobody guesses and everybody can read out."""
    return "".join(secrets.choice(_LETTERS) for _position in range(length))


def _refuse_without_room(account: Account) -> None:
    limit = None if account.is_platform else terms_of(account).domains
    if (
        limit is not None
        and SendingDomain.objects.filter(account=account, deleted_at=None, is_demo=False).count() >= limit
    ):
        raise NameRefusal("plan_full", limit=str(limit))


def _has(account: Account, name: DomainName) -> bool:
    return SendingDomain.objects.filter(account=account, name=name.ascii, deleted_at=None).exists()
