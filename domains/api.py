"""The general API's view of sending domains (contract 2.4), under both of the names that clients use."""

from typing import Any

from django.http import Http404
from ninja import Router, Schema

from accounts.api_auth import ApiRequest, access_level, account_of
from accounts.scopes import ADMIN, READ
from domains.models import DnsRecord, SendingDomain
from mailtrap_site.web.json_api import instant

router = Router(tags=["Sending domains"])


class RecordOut(Schema):
    key: str
    domain: str
    type: str
    value: str
    status: str
    name: str


class PermissionsOut(Schema):
    can_read: bool
    can_update: bool
    can_destroy: bool


class DomainOut(Schema):
    """The contract's domain object; `dns_verified_at` is empty until the domain is verified."""

    id: int
    domain_name: str
    demo: bool
    compliance_status: str
    dns_verified: bool
    dns_verified_at: str
    dns_records: list[RecordOut]
    open_tracking_enabled: bool
    click_tracking_enabled: bool
    tracking_opt_out_enabled: bool
    auto_unsubscribe_link_enabled: bool
    custom_domain_tracking_enabled: bool
    health_alerts_enabled: bool
    critical_alerts_enabled: bool
    alert_recipient_email: str | None
    inbound_enabled: bool
    inbound_verified: bool
    permissions: PermissionsOut


class DomainListOut(Schema):
    data: list[DomainOut]


@router.get("/sending_domains", response=DomainListOut)
@router.get("/domains", response=DomainListOut)
def list_domains(request: ApiRequest, account_id: int) -> dict[str, Any]:
    """The domains that the token may read, oldest first."""
    account = account_of(request, account_id)
    domains = _standing().filter(account=account).order_by("id")
    levels = {domain.pk: access_level(request.auth, "domain", domain.pk) for domain in domains}
    return {"data": [_shown(domain, levels[domain.pk]) for domain in domains if levels[domain.pk] >= READ]}


@router.get("/sending_domains/{int:domain_id}", response=DomainOut)
@router.get("/domains/{int:domain_id}", response=DomainOut)
def get_domain(request: ApiRequest, account_id: int, domain_id: int) -> dict[str, Any]:
    """One domain with the state of its records."""
    account = account_of(request, account_id)
    domain = _standing().filter(account=account, pk=domain_id).first()
    level = access_level(request.auth, "domain", domain_id)
    if domain is None or level < READ:
        raise Http404
    return _shown(domain, level)


def _standing() -> Any:
    return SendingDomain.objects.filter(deleted_at=None).prefetch_related("dns_records")


def _shown(domain: SendingDomain, level: int) -> dict[str, Any]:
    verified_at = domain.dns_verified_at
    return {
        "id": domain.pk,
        "domain_name": domain.name,
        "demo": False,
        "compliance_status": domain.compliance_status,
        "dns_verified": verified_at is not None,
        "dns_verified_at": instant(verified_at) if verified_at else "",
        "dns_records": [_shown_record(domain, record) for record in domain.dns_records.all()],
        "open_tracking_enabled": domain.open_tracking_enabled,
        "click_tracking_enabled": domain.click_tracking_enabled,
        "tracking_opt_out_enabled": domain.tracking_opt_out_enabled,
        "auto_unsubscribe_link_enabled": domain.auto_unsubscribe_link_enabled,
        "custom_domain_tracking_enabled": False,
        "health_alerts_enabled": True,
        "critical_alerts_enabled": True,
        "alert_recipient_email": None,
        "inbound_enabled": False,
        "inbound_verified": False,
        "permissions": {"can_read": True, "can_update": level >= ADMIN, "can_destroy": level >= ADMIN},
    }


def _shown_record(domain: SendingDomain, record: DnsRecord) -> dict[str, str]:
    return {
        "key": record.key,
        "domain": f"{record.name}.{domain.name}",
        "type": record.type,
        "value": record.value,
        "status": record.status,
        "name": record.name,
    }
