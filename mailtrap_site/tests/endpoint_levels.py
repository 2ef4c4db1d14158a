"""Every endpoint of both APIs with the least that its token must be able to do, and a body that stands for those that
take one.

Paths are those without the account; the older dialect's `sending_domains` are `domains`.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum, auto
from typing import Any

from django.utils import timezone


class Least(Enum):
    """What a token needs; it opens an endpoint of its own account alone."""

    ANY = auto()
    """Any that opens the general API: it is shown what it reaches."""
    READ_DOMAIN = auto()
    ADMIN_DOMAIN = auto()
    """Level 10 or 100 on the domain of the thing, or on the account."""
    READ_ACCOUNT = auto()
    ADMIN_ACCOUNT = auto()
    SEND = auto()
    """Level 100 on the domain that the mail is from; also a token that only sends."""
    SEND_TO_SANDBOX = auto()
    """Level 100 on the account; also a token that only sends."""


LEAST: dict[str, Least] = {
    "GET /accounts": Least.ANY,
    "GET /api_tokens": Least.ADMIN_ACCOUNT,
    "POST /api_tokens": Least.ADMIN_ACCOUNT,
    "GET /api_tokens/{token_id}": Least.ADMIN_ACCOUNT,
    "DELETE /api_tokens/{token_id}": Least.ADMIN_ACCOUNT,
    "POST /api_tokens/{token_id}/reset": Least.ADMIN_ACCOUNT,
    "GET /account_accesses": Least.ADMIN_ACCOUNT,
    "DELETE /account_accesses/{access_id}": Least.ADMIN_ACCOUNT,
    "PUT /account_accesses/{access_id}/permissions/bulk": Least.ADMIN_ACCOUNT,
    "GET /permissions/resources": Least.ANY,
    "GET /billing/usage": Least.READ_ACCOUNT,
    "GET /organizations/{organization_id}/sub_accounts": Least.ADMIN_ACCOUNT,
    "POST /organizations/{organization_id}/sub_accounts": Least.ADMIN_ACCOUNT,
    "GET /domains": Least.ANY,
    "POST /domains": Least.ADMIN_ACCOUNT,
    "GET /domains/{domain_id}": Least.READ_DOMAIN,
    "PATCH /domains/{domain_id}": Least.ADMIN_DOMAIN,
    "DELETE /domains/{domain_id}": Least.ADMIN_DOMAIN,
    "POST /domains/{domain_id}/send_setup_instructions": Least.ADMIN_DOMAIN,
    "POST /domains/{domain_id}/verification": Least.ADMIN_DOMAIN,
    "GET /domains/{domain_id}/company_info": Least.READ_DOMAIN,
    "POST /domains/{domain_id}/company_info": Least.ADMIN_ACCOUNT,
    "PATCH /domains/{domain_id}/company_info": Least.ADMIN_ACCOUNT,
    "GET /email_logs": Least.ANY,
    "GET /email_logs/{message_id}": Least.READ_DOMAIN,
    "POST /email_logs/exports": Least.READ_ACCOUNT,
    "GET /email_logs/exports": Least.READ_ACCOUNT,
    "GET /email_logs/exports/{export_id}": Least.READ_ACCOUNT,
    "GET /email_logs/exports/{export_id}/file": Least.READ_ACCOUNT,
    "GET /scheduled_messages": Least.ANY,
    "GET /scheduled_messages/{message_id}": Least.READ_DOMAIN,
    "PATCH /scheduled_messages/{message_id}": Least.ADMIN_DOMAIN,
    "DELETE /scheduled_messages/{message_id}": Least.ADMIN_DOMAIN,
    "GET /stats": Least.ANY,
    "GET /stats/domains": Least.ANY,
    "GET /stats/categories": Least.ANY,
    "GET /stats/email_service_providers": Least.ANY,
    "GET /stats/date": Least.ANY,
    "GET /suppressions": Least.ANY,
    "POST /suppressions": Least.ADMIN_DOMAIN,
    "DELETE /suppressions/{suppression_id}": Least.ADMIN_DOMAIN,
    "GET /tracking_opt_outs": Least.ANY,
    "POST /tracking_opt_outs": Least.ADMIN_DOMAIN,
    "DELETE /tracking_opt_outs/{opt_out_id}": Least.ADMIN_DOMAIN,
    "GET /webhooks": Least.READ_ACCOUNT,
    "POST /webhooks": Least.ADMIN_ACCOUNT,
    "GET /webhooks/{webhook_id}": Least.READ_ACCOUNT,
    "PATCH /webhooks/{webhook_id}": Least.ADMIN_ACCOUNT,
    "DELETE /webhooks/{webhook_id}": Least.ADMIN_ACCOUNT,
    "POST /webhooks/{webhook_id}/test": Least.ADMIN_ACCOUNT,
    "POST /webhooks/{webhook_id}/signing_secret": Least.ADMIN_ACCOUNT,
    "GET /webhooks/{webhook_id}/deliveries": Least.READ_ACCOUNT,
    "POST /webhooks/{webhook_id}/replays": Least.ADMIN_ACCOUNT,
    "GET /webhooks/{webhook_id}/events": Least.READ_ACCOUNT,
    "POST /send": Least.SEND,
    "POST /batch": Least.SEND,
    "POST /send/{sandbox_id}": Least.SEND_TO_SANDBOX,
    "POST /batch/{sandbox_id}": Least.SEND_TO_SANDBOX,
}


def bodies(things: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By endpoint, about `things` (see `tenants_things`). Without one here an endpoint gets an empty object."""
    grant = {"resource_type": "account", "resource_id": things["account_id"], "access_level": 10}
    address = {"email": "new@far.test", "domain_id": things["domain_id"]}
    mail = {"from": {"email": "alice@example.test"}, "to": [{"email": "rita@far.test"}], "subject": "Hello"}
    hook = {"url": "https://shop.test/", "webhook_type": "email_sending", "event_types": ["delivery"]}
    batch = {"base": {"from": mail["from"], "subject": "Hello", "text": "Hi"}, "requests": [{"to": mail["to"]}]}
    return {
        "POST /api_tokens": {"name": "New", "resources": [grant]},
        "PUT /account_accesses/{access_id}/permissions/bulk": {"permissions": [grant]},
        "POST /organizations/{organization_id}/sub_accounts": {"account": {"name": "Acme shop"}},
        "POST /domains": {"domain": {"domain_name": "new.test"}},
        "PATCH /domains/{domain_id}": {"domain": {"open_tracking_enabled": True}},
        "POST /domains/{domain_id}/send_setup_instructions": {"email": "dns@reader.test"},
        "POST /domains/{domain_id}/company_info": {"company_info": {"name": "Acme"}},
        "PATCH /domains/{domain_id}/company_info": {"company_info": {"name": "Acme"}},
        "PATCH /scheduled_messages/{message_id}": {"send_at": int(timezone.now().timestamp()) + 7200},
        "POST /suppressions": address | {"sending_stream": "any"},
        "POST /tracking_opt_outs": address,
        "POST /webhooks": {"webhook": hook | {"sending_stream": "transactional"}},
        "PATCH /webhooks/{webhook_id}": {"webhook": {"active": False}},
        "POST /webhooks/{webhook_id}/replays": {"delivery_id": things["delivery_id"]},
        "POST /send": mail | {"text": "Hi"},
        "POST /send/{sandbox_id}": mail | {"text": "Hi"},
        "POST /batch": batch,
        "POST /batch/{sandbox_id}": batch,
    }


def questions() -> dict[str, str]:
    """What stands behind the path of those that insist on it."""
    today = timezone.now().date()
    days = f"?start_date={today - timedelta(days=1)}&end_date={today + timedelta(days=1)}"
    return {endpoint: days for endpoint in LEAST if endpoint.startswith("GET /stats")}
