"""The general API changes sending domains as the contract says, in both dialects, and never those of others."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts import rate_limits
from accounts.models import AuditEntry
from accounts.shared_windows import SharedWindows
from domains.models import CompanyInfo, SendingDomain
from domains.nameserver import Record
from mailtrap_site.testing.fake_dns import StoredZones, resolving
from mailtrap_site.testing.roomy import Term, make_roomy
from mailtrap_site.testing.world import World, make_domain, make_token

pytestmark = pytest.mark.django_db


def call(method: str, path: str, secret: str, body: Any = None) -> tuple[int, Any]:
    answer = Client().generic(
        method,
        path,
        b"" if body is None else json.dumps(body).encode(),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    if answer.status_code == 204:
        assert answer.content == b""
        return 204, None
    assert answer.headers["Content-Type"].startswith("application/json")
    return answer.status_code, json.loads(answer.content)


@pytest.fixture(params=["sending_domain", "domain"])
def dialect(request: pytest.FixtureRequest, world: World) -> tuple[str, str]:
    """The address of the domains, and the name of the body."""
    make_roomy(world.account, Term.DOMAINS)
    if request.param == "domain":
        return "/api/domains", "domain"
    return f"/api/accounts/{world.account.pk}/sending_domains", "sending_domain"


def test_a_domain_is_added_with_its_records(world: World, dialect: tuple[str, str]) -> None:
    path, key = dialect
    status, shown = call("POST", path, world.secret, {key: {"domain_name": "Shop.TEST"}})
    assert status == 200
    domain = SendingDomain.objects.get(account=world.account, name="shop.test")
    assert (shown["id"], shown["domain_name"]) == (domain.pk, "shop.test")
    assert (shown["compliance_status"], shown["dns_verified"], shown["dns_verified_at"]) == (
        "unverified_dns",
        False,
        "",
    )
    assert {record["status"] for record in shown["dns_records"]} == {"unchecked"}
    assert all(isinstance(value, str) for record in shown["dns_records"] for value in record.values())
    assert AuditEntry.objects.get(action="domain.added").actor_name == f"token “{world.token.name}”"
    assert call("GET", f"{path}/{domain.pk}", world.secret) == (200, shown)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "Domain name can't be blank"),
        (None, "Domain name can't be blank"),
        ({"domain_name": None}, "Domain name can't be blank"),
        ({"domain_name": " "}, "Domain name can't be blank"),
        ({"domain_name": "gmail.com"}, "gmail.com belongs to Google"),
        ({"domain_name": "example.test"}, "already among your domains"),
        ({"domain_name": "no_such"}, "underscore"),
    ],
)
def test_a_refused_name_is_answered_as_the_contract_does(
    world: World, dialect: tuple[str, str], body: Any, sentence: str
) -> None:
    path, key = dialect
    status, shown = call("POST", path, world.secret, {key: body})
    assert status == 422
    (told,) = shown["errors"]["base"]
    assert told.startswith("Validation failed: ")
    assert sentence in told
    assert SendingDomain.objects.filter(account=world.account).count() == 1


def test_a_full_plan_is_422_and_a_broken_body_no_error_of_ours(world: World) -> None:
    status, shown = call("POST", "/api/domains", world.secret, {"domain": {"domain_name": "shop.test"}})
    assert (status, list(shown["errors"])) == (422, ["base"])
    assert "All sending domains of your plan are in use (1)" in shown["errors"]["base"][0]
    broken: list[Any] = [[], "x", {"domain": "x"}, {"domain": {"domain_name": 7}}]
    for body in broken:
        assert call("POST", "/api/domains", world.secret, body)[0] == 422


def test_options_are_changed_and_shown(world: World, dialect: tuple[str, str]) -> None:
    path, key = dialect
    changes = {
        "open_tracking_enabled": False,
        "tracking_opt_out_enabled": True,
        "auto_unsubscribe_link_enabled": True,
        "health_alerts_enabled": False,
        "critical_alerts_enabled": False,
        "alert_recipient_email": "ops@acme.test",
        "click_tracking_enabled": None,
        "inbound_enabled": False,
    }
    status, shown = call("PATCH", f"{path}/{world.domain.pk}", world.secret, {key: changes})
    assert status == 200
    kept = {name: value for name, value in changes.items() if value is not None}
    assert {name: shown[name] for name in kept} == kept
    assert shown["click_tracking_enabled"] is False
    status, shown = call("PATCH", f"{path}/{world.domain.pk}", world.secret, {key: {"alert_recipient_email": None}})
    assert (status, shown["alert_recipient_email"], shown["tracking_opt_out_enabled"]) == (200, None, True)
    assert call("GET", f"{path}/{world.domain.pk}", world.secret) == (200, shown)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"inbound_enabled": True}, "inbound_enabled"),
        ({"open_tracking_enabled": "maybe"}, "open_tracking_enabled"),
        ({"alert_recipient_email": "nobody"}, "alert_recipient_email"),
    ],
)
def test_an_option_that_does_not_stand_changes_none(
    world: World, dialect: tuple[str, str], changes: dict[str, Any], field: str
) -> None:
    path, key = dialect
    body = {key: {"auto_unsubscribe_link_enabled": True, **changes}}
    status, shown = call("PATCH", f"{path}/{world.domain.pk}", world.secret, body)
    assert (status, list(shown["errors"])) == (422, [field])
    world.domain.refresh_from_db()
    assert not world.domain.auto_unsubscribe_link_enabled


def test_a_deleted_domain_is_gone_and_its_name_free(world: World, dialect: tuple[str, str]) -> None:
    path, key = dialect
    assert call("DELETE", f"{path}/{world.domain.pk}", world.secret) == (204, None)
    assert call("DELETE", f"{path}/{world.domain.pk}", world.secret)[0] == 404
    assert call("GET", path, world.secret) == (200, {"data": []})
    assert AuditEntry.objects.get(action="domain.deleted").actor_name == f"token “{world.token.name}”"
    assert call("POST", path, world.secret, {key: {"domain_name": "example.test"}})[0] == 200


def test_setup_instructions_leave_by_mail(
    world: World, dialect: tuple[str, str], django_capture_on_commit_callbacks: Any
) -> None:
    where = f"{dialect[0]}/{world.domain.pk}/send_setup_instructions"
    with django_capture_on_commit_callbacks(execute=True):
        assert call("POST", where, world.secret, {"email": "dns@reader.test"}) == (204, None)
    (letter,) = mail.outbox
    assert letter.to == ["dns@reader.test"]
    for email, word in (("", "can't be blank"), ("nobody", "is invalid")):
        assert call("POST", where, world.secret, {"email": email}) == (422, {"errors": {"email": [word]}})
    assert call("POST", where, world.secret, {}) == (422, {"errors": {"email": ["can't be blank"]}})
    assert len(mail.outbox) == 1


COMPANY = {
    "name": "Acme Ltd",
    "address": "1 High Street",
    "city": "Leeds",
    "country": "GB",
    "zip_code": "LS1 1AA",
    "website_url": "https://acme.test",
}


def test_sender_information_is_given_read_and_changed(world: World, dialect: tuple[str, str]) -> None:
    where = f"{dialect[0]}/{world.domain.pk}/company_info"
    assert call("GET", where, world.secret)[0] == 404
    status, shown = call("POST", where, world.secret, {"company_info": COMPANY})
    empty = {"phone": None, "privacy_policy_url": None, "terms_of_service_url": None}
    assert (status, shown) == (200, {"data": {**COMPANY, **empty, "info_level": "business"}})
    assert CompanyInfo.objects.get(account=world.account).city == "Leeds"
    changes = {"city": "York", "phone": "+44 113 496 0000"}
    status, changed = call("PATCH", where, world.secret, {"company_info": changes})
    assert (status, changed["data"]) == (200, shown["data"] | changes)
    assert call("GET", where, world.secret) == (200, changed)


def test_sender_information_that_does_not_stand_is_422_by_field(world: World, dialect: tuple[str, str]) -> None:
    where = f"{dialect[0]}/{world.domain.pk}/company_info"
    status, shown = call("POST", where, world.secret, {"company_info": COMPANY | {"website_url": "", "city": None}})
    assert status == 422
    assert shown["errors"] == {"website_url": ["can't be blank", "is invalid"], "city": ["can't be blank"]}
    assert call("POST", where, world.secret, {})[0] == 422
    assert not CompanyInfo.objects.exists()


@pytest.fixture
def zone(world: World) -> Iterator[StoredZones]:
    waiting = make_domain(world.account, "shop.test", verified=False)
    zone = StoredZones({record.fqdn: [Record(record.type, record.value)] for record in waiting.dns_records.all()})
    with resolving(zone):
        yield zone


def test_verification_asks_dns_now(world: World, dialect: tuple[str, str], zone: StoredZones) -> None:
    waiting = SendingDomain.objects.get(name="shop.test")
    zone.names["_dmarc.shop.test"] = [Record("TXT", "v=DMARC1")]
    status, shown = call("POST", f"{dialect[0]}/{waiting.pk}/verification", world.secret)
    assert status == 200
    assert {record["key"]: record["status"] for record in shown["dns_records"]} == {
        **dict.fromkeys(["verification", "dkim1", "dkim2", "link_verification"], "pass"),
        "dmarc": "fail",
    }
    zone.names["_dmarc.shop.test"] = [Record("TXT", "v=DMARC1; p=none")]
    status, shown = call("POST", f"{dialect[0]}/{waiting.pk}/verification", world.secret)
    assert (status, shown["dns_verified"]) == (200, True)
    assert shown["dns_verified_at"].endswith("Z")


def test_verification_is_asked_six_times_a_minute_at_most(
    world: World, zone: StoredZones, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, rate_limit_factor=1)
    monkeypatch.setattr(rate_limits, "_windows", SharedWindows(None))
    waiting = SendingDomain.objects.get(name="shop.test")
    where = f"/api/domains/{waiting.pk}/verification"
    statuses = [call("POST", where, world.secret)[0] for _time in range(7)]
    assert statuses == [200] * 6 + [429]
    refused = Client().post(where, headers={"Api-Token": world.secret})
    assert 50 <= int(refused["Retry-After"]) <= 60
    assert call("POST", f"/api/domains/{world.domain.pk}/verification", world.secret)[0] == 200


WRITES = [
    ("POST", "", {"domain": {"domain_name": "new.test"}}),
    ("PATCH", "/{id}", {"domain": {"open_tracking_enabled": False}}),
    ("DELETE", "/{id}", None),
    ("POST", "/{id}/send_setup_instructions", {"email": "dns@reader.test"}),
    ("POST", "/{id}/company_info", {"company_info": COMPANY}),
    ("PATCH", "/{id}/company_info", {"company_info": COMPANY}),
    ("POST", "/{id}/verification", None),
]


@pytest.mark.parametrize(("method", "place", "body"), WRITES)
def test_who_may_only_read_changes_nothing(world: World, method: str, place: str, body: Any) -> None:
    scopes: list[dict[str, object]] = [
        {"resource_type": "account", "resource_id": world.account.pk, "access_level": 10}
    ]
    _token, secret = make_token(world.account, "Reader", scopes)
    path = "/api/domains" + place.format(id=world.domain.pk)
    assert call(method, path, secret, body) == (403, {"errors": "Access forbidden"})


@pytest.mark.parametrize(("method", "place", "body"), WRITES[1:])
def test_domains_of_others_are_not_found(world: World, method: str, place: str, body: Any) -> None:
    path = "/api/domains" + place.format(id=world.stranger_domain.pk)
    assert call(method, path, world.secret, body) == (404, {"error": "Not Found"})
    foreign = f"/api/accounts/{world.stranger_account.pk}/sending_domains" + place.format(id=world.stranger_domain.pk)
    assert call(method, foreign, world.secret, body)[0] == 403
    world.stranger_domain.refresh_from_db()
    assert world.stranger_domain.deleted_at is None
    assert world.stranger_domain.open_tracking_enabled


def test_a_token_of_one_domain_changes_that_one_alone(world: World) -> None:
    other = make_domain(world.account, "shop.test")
    scopes: list[dict[str, object]] = [{"resource_type": "domain", "resource_id": other.pk, "access_level": 100}]
    _token, secret = make_token(world.account, "Shop", scopes)
    body = {"domain": {"open_tracking_enabled": False}}
    assert call("PATCH", f"/api/domains/{other.pk}", secret, body)[0] == 200
    assert call("PATCH", f"/api/domains/{world.domain.pk}", secret, body)[0] == 404
    assert call("POST", "/api/domains", secret, {"domain": {"domain_name": "x.test"}})[0] == 403
    # Sender information speaks for all domains.
    assert call("PATCH", f"/api/domains/{other.pk}/company_info", secret, {"company_info": COMPANY})[0] == 403


def test_the_document_describes_each_operation(world: World) -> None:
    document = Client().get("/api/openapi.json").json()["paths"]
    for prefix in ("/api/domains", "/api/accounts/{account_id}/sending_domains"):
        described = {
            path.removeprefix(prefix): set(methods) for path, methods in document.items() if path.startswith(prefix)
        }
        assert described == {
            "": {"get", "post"},
            "/{domain_id}": {"get", "patch", "delete"},
            "/{domain_id}/company_info": {"get", "post", "patch"},
            "/{domain_id}/send_setup_instructions": {"post"},
            "/{domain_id}/verification": {"post"},
        }
        assert all(
            operation["summary"] and operation["description"]
            for path, methods in document.items()
            if path.startswith(prefix)
            for operation in methods.values()
        )


HOSTILE = [
    *(
        '"\\u0000"',
        '"a\\u0000b.test"',
        '"\\ud800"',
        '"\\u202e.test"',
        f'"{"x" * 9_000}"',
        f'"{"x" * 9_000}@reader.test"',
    ),
    *(
        "[]",
        "{}",
        "0",
        "-1",
        "1e400",
        "true",
        "null",
        "NaN",
        '"%s"',
        '"a@b@c.test"',
        '"a@[127.0.0.1]"',
        '"\\r\\nBcc: a@b.test"',
    ),
]
BODIES = {
    ("POST", ""): '{"domain": {"domain_name": %s}}',
    ("PATCH", "/{id}"): '{"domain": {"alert_recipient_email": %s}}',
    ("POST", "/{id}/send_setup_instructions"): '{"email": %s}',
    ("PATCH", "/{id}/company_info"): '{"company_info": {"name": %s, "website_url": %s, "info_level": %s}}',
    ("POST", "/{id}/verification"): "%s",
}


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: value[:24])
@pytest.mark.parametrize(("method", "place"), BODIES)
def test_no_value_is_a_fault_of_ours(world: World, method: str, place: str, value: str) -> None:
    make_roomy(world.account, Term.DOMAINS)
    with resolving(StoredZones({})):
        answer = Client(raise_request_exception=False).generic(
            method,
            "/api/domains" + place.format(id=world.domain.pk),
            BODIES[method, place].replace("%s", value).encode("utf-8", "surrogatepass"),
            content_type="application/json",
            headers={"Authorization": f"Bearer {world.secret}"},
        )
    assert answer.status_code in (200, 204, 400, 422), answer.content


def test_the_list_asks_the_same_number_of_questions_for_many_domains(
    world: World, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        make_domain(world.account, f"d{number}.test")
    call("GET", "/api/domains", world.secret)
    with django_assert_max_num_queries(4):
        assert len(call("GET", "/api/domains", world.secret)[1]["data"]) == 6
