"""What the general API takes and answers about domains; the field names are the contract's."""

from typing import Any

from django.http import Http404
from ninja import Schema

from accounts.api_auth import ApiRequest, access_level, account_of, require_level
from accounts.scopes import ADMIN, READ
from domains.models import DnsRecord, SendingDomain
from mailtrap_site.web.json_api import instant


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


class NewDomain(Schema):
    domain_name: str | None = None


class NewDomainIn(Schema):
    """Under the name of either dialect."""

    sending_domain: NewDomain | None = None
    domain: NewDomain | None = None


class DomainChanges(Schema):
    """What is not named stays. `alert_recipient_email` null: the owners and admins of the account."""

    open_tracking_enabled: bool | None = None
    click_tracking_enabled: bool | None = None
    tracking_opt_out_enabled: bool | None = None
    auto_unsubscribe_link_enabled: bool | None = None
    custom_domain_tracking_enabled: bool | None = None
    health_alerts_enabled: bool | None = None
    critical_alerts_enabled: bool | None = None
    alert_recipient_email: str | None = None
    inbound_enabled: bool | None = None


class DomainChangesIn(Schema):
    """Under the name of either dialect."""

    sending_domain: DomainChanges | None = None
    domain: DomainChanges | None = None


class Colleague(Schema):
    """Who keeps the domain's DNS."""

    email: str


def domain_of(request: ApiRequest, account_id: int, domain_id: int, level: int = READ) -> SendingDomain:
    """A domain on which the token has the level. 404 where it may not even read it, 403 where it may not do this."""
    account = account_of(request, account_id)
    domain = standing_domains().select_related("account").filter(account=account, pk=domain_id).first()
    if domain is None or access_level(request.auth, "domain", domain_id) < READ:
        raise Http404
    require_level(request, level, "domain", domain_id)
    return domain


def standing_domains() -> Any:
    """Those that were not deleted, with their records."""
    return SendingDomain.objects.filter(deleted_at=None).prefetch_related("dns_records")


def actor_of(request: ApiRequest) -> str:
    """As the audit log names a token."""
    return f"token “{request.auth.name}”"


def shown(domain: SendingDomain, level: int) -> dict[str, Any]:
    """The contract's domain object for a token of this level."""
    verified_at = domain.dns_verified_at
    return {
        "id": domain.pk,
        "domain_name": domain.name,
        "demo": domain.is_demo,
        "compliance_status": domain.compliance_status,
        "dns_verified": verified_at is not None,
        "dns_verified_at": instant(verified_at) if verified_at else "",
        "dns_records": [_shown_record(record) for record in domain.dns_records.all()],
        "open_tracking_enabled": domain.open_tracking_enabled,
        "click_tracking_enabled": domain.click_tracking_enabled,
        "tracking_opt_out_enabled": domain.tracking_opt_out_enabled,
        "auto_unsubscribe_link_enabled": domain.auto_unsubscribe_link_enabled,
        "custom_domain_tracking_enabled": domain.custom_domain_tracking_enabled,
        "health_alerts_enabled": domain.health_alerts_enabled,
        "critical_alerts_enabled": domain.critical_alerts_enabled,
        "alert_recipient_email": domain.alert_recipient or None,
        "inbound_enabled": False,
        "inbound_verified": False,
        "permissions": {"can_read": True, "can_update": level >= ADMIN, "can_destroy": level >= ADMIN},
    }


def _shown_record(record: DnsRecord) -> dict[str, str]:
    return {
        "key": record.key,
        "domain": record.fqdn,
        "type": record.type,
        "value": record.value,
        "status": record.status,
        "name": record.name,
    }
