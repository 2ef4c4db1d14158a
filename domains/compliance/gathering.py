"""Gathers what a review looks at: one `Case` from the tables, for the pure rules."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import idna
from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts.models import Account, Membership, Role
from domains.compliance.case import Ban, Case, Listing
from domains.compliance.registered import registered_name
from domains.models import CompanyInfo, ComplianceReview, SendingDomain

MOST_BANS = 20
Compliance = SendingDomain.Compliance
_SUSPENDED = Q(compliance_status=Compliance.SUSPENDED) | Q(
    account__state__in=[Account.State.SUSPENDED, Account.State.BANNED]
)


def case_of(domain: SendingDomain, answers: Mapping[str, str], listings: Sequence[Listing], now: datetime) -> Case:
    """The domain as it stands now, with the blocklists' answers."""
    registered = registered_name(domain.name)
    others = SendingDomain.objects.exclude(pk=domain.pk)
    same_name = others.filter(Q(name=registered) | Q(name__endswith=f".{registered}"))
    of_account = others.filter(account=domain.account_id)
    of_owners = others.filter(account__in=_accounts_of_owners(domain))
    company = CompanyInfo.objects.filter(account=domain.account_id).first()
    return Case(
        domain=domain.name,
        owner_domains=tuple(_owner_domains(domain)),
        website_host=_host(company.website_url) if company else "",
        account_age=now - domain.account.created_at,
        account_domains=1 + of_account.filter(deleted_at=None).exclude(dns_verified_at=None).count(),
        listings=tuple(listings),
        bans_of_name=_bans(same_name),
        bans_of_account=_bans(of_owners.exclude(pk__in=same_name.values("pk"))),
        has_approved_sibling=_has_approved(same_name.filter(account=domain.account_id)),
        answers=answers,
    )


def _bans(domains: QuerySet[SendingDomain]) -> tuple[Ban, ...]:
    """Deleted ones too, so that deleting a stopped domain and adding it again changes nothing. One that was suspended
    without ever having been approved proves nothing about who owns the name."""
    last = ComplianceReview.objects.filter(domain=OuterRef("pk")).order_by("-pk")
    stopped = domains.annotate(
        last_state=Subquery(last.values("state")[:1]), last_reason=Subquery(last.values("reason")[:1])
    ).filter(_SUSPENDED & Q(approved_at__isnull=False) | Q(last_state=ComplianceReview.State.REJECTED))
    return tuple(_ban(domain) for domain in stopped.select_related("account").order_by("-pk")[:MOST_BANS])


def _ban(domain: SendingDomain) -> Ban:
    if domain.compliance_status == Compliance.SUSPENDED:
        return Ban(domain.pk, domain.name, "suspended", domain.suspension_reason)
    if domain.account.is_suspended or domain.account.is_banned:
        return Ban(domain.pk, domain.name, "suspended", domain.account.suspension_reason)
    return Ban(domain.pk, domain.name, "rejected", getattr(domain, "last_reason", "") or "")


def _accounts_of_owners(domain: SendingDomain) -> QuerySet[Membership, int]:
    """The account, and others that one of its owners owns: a stopped sender who opens a new account is the same one."""
    owners = Membership.objects.filter(account=domain.account_id, role=Role.OWNER).values("user")
    return Membership.objects.filter(Q(role=Role.OWNER, user__in=owners) | Q(account=domain.account_id)).values_list(
        "account", flat=True
    )


def _has_approved(domains: QuerySet[SendingDomain]) -> bool:
    return (
        domains.filter(deleted_at=None, approved_at__isnull=False)
        .exclude(compliance_status=Compliance.SUSPENDED)
        .exists()
    )


def _owner_domains(domain: SendingDomain) -> Iterable[str]:
    owners = Membership.objects.filter(account=domain.account_id, role=Role.OWNER, user__is_active=True)
    for address in owners.order_by("pk").values_list("user__email", flat=True):
        if name := _to_ascii(address.rpartition("@")[2]):
            yield name


def _host(url: str) -> str:
    return _to_ascii((urlsplit(url).hostname or "").removeprefix("www."))


def _to_ascii(name: str) -> str:
    try:
        return idna.encode(name, uts46=True).decode("ascii") if name else ""
    except (idna.IDNAError, UnicodeError):
        return name.lower() if name.isascii() else ""
