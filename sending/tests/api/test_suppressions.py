"""Suppressions over the general API: the contract's shapes in both dialects, used by the official Python SDK."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from mailtrap.api.resources.suppressions import SuppressionsApi
from mailtrap.exceptions import APIError
from mailtrap.http import HttpClient
from mailtrap.models.suppressions import CreateSuppressionParams
from pytest_django.live_server_helper import LiveServer

from accounts import rate_limits
from accounts.authentication import forget_tokens
from accounts.models import AuditEntry
from accounts.shared_windows import SharedWindows
from mailtrap_site.testing.world import World, make_domain, make_token, make_world
from sending.api import suppressions
from sending.models import Suppression

DAY = datetime(2025, 6, 27, 7, 56, 17, tzinfo=UTC)
EMPTY = [
    "message_bounce_category",
    "message_category",
    "message_client_ip",
    "message_esp_response",
    "message_esp_server_type",
    "message_outgoing_ip",
    "message_recipient_mx_name",
    "message_sender_email",
    "message_subject",
]


@pytest.fixture(autouse=True)
def fresh_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_tokens()
    monkeypatch.setattr(rate_limits, "_windows", SharedWindows(None))


@pytest.fixture(params=["/api/accounts/{}", "/api"])
def call(request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A request in either dialect of paths, with a token that may do everything unless another is given."""
    prefix = request.param.format(world.account.pk)

    def call(method: str, path: str, body: Any = None, *, status: int = 200, secret: str = world.secret) -> Any:
        monkeypatch.setattr(rate_limits, "_windows", SharedWindows(None))
        send = getattr(Client(), method)
        more = {} if body is None else {"data": body, "content_type": "application/json"}
        answer = send(f"{prefix}/suppressions{path}", headers={"Authorization": f"Bearer {secret}"}, **more)
        assert answer.status_code == status, answer.content
        assert answer["Content-Type"].startswith("application/json")
        return answer.json()

    return call


def entry_of(world: World, email: str = "rita@far.test", **options: Any) -> Suppression:
    values = {"stream": "transactional", "type": "hard bounce", "domain": world.domain, "created_at": DAY} | options
    return Suppression.objects.create(account=world.account, email=email, **values)


def only_domain(world: World, level: int = 100) -> str:
    scope = {"resource_type": "domain", "resource_id": world.domain.pk, "access_level": level}
    return make_token(world.account, scopes=[scope])[1]


def test_an_entry_has_the_contracts_keys_and_values(world: World, call: Callable[..., Any]) -> None:
    entry = entry_of(world, evidence={"esp_response": "No such user", "response_code": 550, "subject": None})
    (shown,) = call("get", "")
    assert {name: shown[name] for name in EMPTY} == {
        **dict.fromkeys(EMPTY, ""),
        "message_esp_response": "No such user",
    }
    rest = {name: value for name, value in shown.items() if name not in EMPTY}
    assert rest == {
        "id": str(entry.pk),
        "type": "hard bounce",
        "created_at": "2025-06-27T07:56:17.000Z",
        "email": "rita@far.test",
        "sending_stream": "transactional",
        "domain_name": "example.test",
        "message_created_at": None,
        "domain_id": world.domain.pk,
        "sending_domain_id": world.domain.pk,
        "message_id": None,
        "message_response_code": 550,
        "rule": "",
    }


def test_the_list_is_narrowed_and_walked_by_its_last_id(
    world: World, call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        entry_of(world, f"r{number}@far.test", created_at=DAY + timedelta(days=number))
    Suppression.objects.create(account=world.stranger_account, email="r1@far.test", stream="any", type="hard bounce")

    def found(query: str) -> list[str]:
        return [one["email"][:2] for one in call("get", query)]

    assert found("") == ["r4", "r3", "r2", "r1", "r0"]
    assert found("?email=R1@FAR.test") == ["r1"]
    assert found("?email=r1") == []
    assert found("?start_time=2025-06-29T07:56:17Z") == ["r4", "r3", "r2"]
    assert found("?start_time=2025-06-28T07:56:17%2B00:00&end_time=2025-06-29T07:56:17+00:00") == ["r2", "r1"]
    assert found("?end_time=2025-06-28") == ["r0"]
    monkeypatch.setattr(suppressions, "PAGE", 2)
    page, seen = call("get", ""), []
    while page:
        seen += [one["email"][:2] for one in page]
        page = call("get", f"?last_id={page[-1]['id']}")
    assert seen == ["r4", "r3", "r2", "r1", "r0"]
    for query in ("?last_id=x", "?start_time=soon", "?end_time=2025-13-01"):
        assert "must be" in call("get", query, status=400)["error"]


def test_an_entry_is_made_once_and_deleted_with_what_it_was(world: World, call: Callable[..., Any]) -> None:
    body = {"email": "Rita@far.test", "domain_id": world.domain.pk, "sending_stream": "bulk"}
    made = call("post", "", body, status=201)
    assert list(made) == ["data"]
    assert (made["data"]["email"], made["data"]["type"]) == ("rita@far.test", "manual import")
    assert (made["data"]["sending_stream"], made["data"]["domain_name"]) == ("bulk", "example.test")
    assert call("post", "", body, status=201) == made
    other = call("post", "", {**body, "type": "spam complaint"}, status=201)["data"]
    assert other["id"] != made["data"]["id"]
    assert call("delete", f"/{other['id']}") == other
    assert call("delete", f"/{other['id']}", status=404) == {"error": "Not Found"}
    assert [one["id"] for one in call("get", "")] == [made["data"]["id"]]
    acts = AuditEntry.objects.order_by("pk").values_list("action", "actor_name")
    assert [action for action, _ in acts] == ["suppression.added", "suppression.added", "suppression.reactivated"]
    assert {name for _, name in acts} == {"token “Test”"}


def test_what_is_missing_or_wrong_is_said_in_the_contracts_words(world: World, call: Callable[..., Any]) -> None:
    assert call("post", "", {}, status=422) == {
        "errors": {
            "email": ["can't be blank"],
            "domain": ["can't be blank"],
            "sending_stream": ["is invalid. Allowed values: transactional, bulk."],
        }
    }
    body = {"email": "nobody", "domain_id": world.stranger_domain.pk, "sending_stream": "sms", "type": "dislike"}
    assert call("post", "", body, status=422)["errors"] == {
        "email": ["is invalid"],
        "domain": ["can't be blank"],
        "sending_stream": ["is invalid. Allowed values: transactional, bulk."],
        "type": ["is invalid. Allowed values: hard bounce, unsubscription, spam complaint, manual import."],
    }
    rubbish: tuple[Any, ...] = (
        {"email": 1, "domain_id": "x", "sending_stream": []},
        [],
        {"email": "a\u0000b@far.test", "domain_id": -1, "sending_stream": "bulk"},
    )
    for odd in rubbish:
        assert call("post", "", odd, status=422)["errors"]
    assert not Suppression.objects.exists()


def test_a_token_sees_and_changes_what_its_scopes_cover(world: World, call: Callable[..., Any]) -> None:
    shop = make_domain(world.account, "shop.test")
    own, other, every = entry_of(world), entry_of(world, domain=shop), entry_of(world, domain=None)
    of_domain, reader = only_domain(world), only_domain(world, level=10)
    for secret in (of_domain, reader):
        assert [one["id"] for one in call("get", "", secret=secret)] == [str(own.pk)]
        call("delete", f"/{other.pk}", status=404, secret=secret)
        call("delete", f"/{every.pk}", status=404, secret=secret)
    body = {"email": "new@far.test", "domain_id": world.domain.pk, "sending_stream": "bulk"}
    assert call("post", "", body, status=403, secret=reader) == {"errors": "Access forbidden"}
    call("delete", f"/{own.pk}", status=403, secret=reader)
    call("post", "", {**body, "domain_id": shop.pk}, status=403, secret=of_domain)
    call("post", "", body, status=201, secret=of_domain)
    assert call("delete", f"/{own.pk}", secret=of_domain)["id"] == str(own.pk)


def test_all_endpoints_share_ten_requests_a_minute(world: World, settings: Any) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, rate_limit_factor=1)
    other_token = make_token(world.account, "Other")[1]
    where = f"/api/accounts/{world.account.pk}/suppressions"
    statuses = []
    for number in range(12):
        secret = (world.secret, other_token)[number % 2]
        headers = {"Api-Token": secret}
        if number % 3:
            answer = Client().delete(f"{where}/{uuid.uuid4()}", headers=headers)
        else:
            answer = Client().get(where, headers=headers)
        statuses.append(answer.status_code)
    assert statuses[:10] == [200, 404, 404] * 3 + [200]
    assert statuses[10:] == [429, 429]
    assert answer.json() == {"errors": "Rate limit exceeded"}
    assert int(answer["Retry-After"]) > 0
    assert Client().get(where, headers={"Api-Token": world.stranger_secret}).status_code == 403


class PlainHttp(HttpClient):
    """The SDK's own client, whose addresses always begin with https, at a server of the tests, which has no TLS."""

    def _url(self, path: str) -> str:
        return super()._url(path).replace("https://", "http://", 1)


@pytest.mark.django_db(transaction=True)
def test_the_official_sdk_over_a_real_connection(transactional_db: None, live_server: LiveServer) -> None:
    world = make_world()
    client = PlainHttp(live_server.url.partition("//")[2], {"Authorization": f"Bearer {world.secret}"})
    client._session.trust_env = False
    sdk = SuppressionsApi(client, str(world.account.pk))
    made = sdk.create(CreateSuppressionParams(email="Rita@far.test", domain_id=world.domain.pk, sending_stream="bulk"))
    assert (made.email, made.sending_stream, made.type) == ("rita@far.test", "bulk", "manual import")
    assert made.domain_name == world.domain.name
    entry_of(world, "every@far.test", domain=None, evidence={"created_at": "2025-06-27T07:56:17+00:00"})
    every, listed = sdk.get_list()
    assert listed == made
    assert (every.domain_name, every.message_created_at) == (None, "2025-06-27T07:56:17+00:00")
    assert sdk.get_list(email="RITA@far.test") == [made]
    assert sdk.delete(made.id) == made
    assert [one.email for one in sdk.get_list()] == ["every@far.test"]
    with pytest.raises(APIError) as gone:
        sdk.delete(made.id)
    assert (gone.value.status, gone.value.errors) == (404, ["Not Found"])
    with pytest.raises(APIError) as wrong:
        sdk.create(CreateSuppressionParams(email="", domain_id=world.domain.pk, sending_stream="sms"))
    assert wrong.value.errors == [
        "email: can't be blank",
        "sending_stream: is invalid. Allowed values: transactional, bulk.",
    ]
