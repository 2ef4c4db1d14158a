"""The general API's sending domains: the contract's object in both dialects, for the token's own account only."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from domains.models import SendingDomain
from mailtrap_site.testing.world import World, make_domain, make_token

pytestmark = pytest.mark.django_db


def get(path: str, secret: str) -> tuple[int, Any]:
    answer = Client().get(path, headers={"Authorization": f"Bearer {secret}"})
    assert answer.headers["Content-Type"].startswith("application/json")
    return answer.status_code, json.loads(answer.content)


def test_both_dialects_show_the_contracts_object(world: World) -> None:
    account, domain = world.account, world.domain
    answers = [
        get(f"{prefix}/{name}/{domain.pk}", world.secret)
        for prefix in ("/api", f"/api/accounts/{account.pk}")
        for name in ("domains", "sending_domains")
    ]
    assert all(answer == answers[0] for answer in answers)
    status, shown = answers[0]
    assert status == 200
    assert shown["id"] == domain.pk
    assert shown["domain_name"] == "example.test"
    assert (shown["dns_verified"], shown["compliance_status"], shown["demo"]) == (True, "compliant", False)
    assert shown["dns_verified_at"].endswith("Z")
    assert shown["permissions"] == {"can_read": True, "can_update": True, "can_destroy": True}
    assert shown["dns_records"][0] == {
        "key": "verification",
        "domain": f"{domain.verification_label}.example.test",
        "type": "CNAME",
        "value": f"smtp.{settings.PLATFORM_DOMAIN}",
        "status": "pass",
        "name": domain.verification_label,
    }
    assert all(isinstance(value, str) for record in shown["dns_records"] for value in record.values())
    assert set(shown) == {
        *("id", "domain_name", "demo", "compliance_status", "dns_verified", "dns_verified_at", "dns_records"),
        *("open_tracking_enabled", "click_tracking_enabled", "tracking_opt_out_enabled"),
        *("auto_unsubscribe_link_enabled", "custom_domain_tracking_enabled", "health_alerts_enabled"),
        *("critical_alerts_enabled", "alert_recipient_email", "inbound_enabled", "inbound_verified", "permissions"),
    }


def test_the_list_holds_the_accounts_domains_under_data(world: World) -> None:
    waiting = make_domain(world.account, "shop.test", verified=False)
    gone = make_domain(world.account, "gone.test")
    SendingDomain.objects.filter(pk=gone.pk).update(deleted_at=gone.created_at)
    for path in ("/api/domains", f"/api/accounts/{world.account.pk}/sending_domains"):
        status, body = get(path, world.secret)
        assert status == 200
        assert [domain["id"] for domain in body["data"]] == [world.domain.pk, waiting.pk]
    assert body["data"][1]["dns_verified_at"] == ""
    assert {record["status"] for record in body["data"][1]["dns_records"]} == {"unchecked"}


def test_a_foreign_domain_is_404_and_a_foreign_account_403(world: World) -> None:
    assert get(f"/api/domains/{world.stranger_domain.pk}", world.secret) == (404, {"error": "Not Found"})
    assert get(f"/api/domains/{10**12}", world.secret)[0] == 404
    for account_id in (world.stranger_account.pk, 10**12):
        assert get(f"/api/accounts/{account_id}/sending_domains", world.secret)[0] == 403


def test_a_token_of_one_domain_sees_that_one_alone(world: World) -> None:
    other = make_domain(world.account, "shop.test")
    scopes: list[dict[str, object]] = [{"resource_type": "domain", "resource_id": other.pk, "access_level": 10}]
    _token, secret = make_token(world.account, "Reader", scopes)
    body = get("/api/domains", secret)[1]
    assert [domain["id"] for domain in body["data"]] == [other.pk]
    assert body["data"][0]["permissions"] == {"can_read": True, "can_update": False, "can_destroy": False}
    assert get(f"/api/domains/{world.domain.pk}", secret)[0] == 404
