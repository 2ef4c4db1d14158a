"""The frame of the general API: who is asked, both dialects, and the contract's error bodies."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiToken
from mailtrap_site.testing.world import World


def get(client: Client, path: str, secret: str = "", **headers: str) -> tuple[int, Any]:
    if secret:
        headers["Authorization"] = f"Bearer {secret}"
    answer = client.get(path, headers=headers)
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["X-Mailtrap-Version"] == "v2"
    return answer.status_code, json.loads(answer.content)


def test_a_token_sees_its_account(world: World, client: Client):
    account = {"id": world.account.pk, "name": "Acme", "access_levels": [100]}
    assert get(client, "/api/accounts", world.secret) == (200, [account])


def test_both_headers_carry_a_token(world: World, client: Client):
    for headers in ({"Authorization": f"bearer {world.secret}"}, {"Api-Token": world.secret}):
        assert get(client, "/api/accounts", **headers)[0] == 200


@pytest.mark.parametrize("headers", [{}, {"Api-Token": "0" * 32}, {"Authorization": "Basic abc"}])
def test_without_a_good_token_the_answer_is_401(client: Client, db: None, headers: dict[str, str]):
    assert get(client, "/api/accounts", **headers) == (401, {"error": "Incorrect API token"})


def test_both_dialects_answer_the_same(world: World, client: Client):
    ours = get(client, f"/api/accounts/{world.account.pk}/api_tokens", world.secret)
    assert ours == get(client, "/api/api_tokens", world.secret)
    [shown] = ours[1]
    assert shown == {
        "id": world.token.pk,
        "name": "Test",
        "last_4_digits": world.secret[-4:],
        "created_by": "System",
        "expires_at": None,
        "resources": [{"resource_type": "account", "resource_id": world.account.pk, "access_level": 100}],
    }


@pytest.mark.parametrize("path", ["api_tokens", "billing/usage"])
def test_another_accounts_id_is_403_whether_it_exists_or_not(world: World, client: Client, path: str):
    for account_id in (world.stranger_account.pk, 10**12):
        answer = get(client, f"/api/accounts/{account_id}/{path}", world.secret)
        assert answer == (403, {"errors": "Account access forbidden"})


def test_a_token_with_less_than_the_whole_account_does_not_list_tokens(world: World, client: Client):
    ApiToken.objects.filter(pk=world.token.pk).update(
        scopes=[{"resource_type": "domain", "resource_id": 1, "access_level": 100}]
    )
    assert get(client, "/api/api_tokens", world.secret) == (403, {"errors": "Access forbidden"})
    assert get(client, "/api/accounts", world.secret)[1][0]["access_levels"] == []


def test_usage_has_the_shape_that_clients_insist_on(world: World, client: Client):
    status, body = get(client, f"/api/accounts/{world.account.pk}/billing/usage", world.secret)
    assert status == 200
    assert body["sending"] == {
        "plan": {"name": "Free"},
        "usage": {"sent_messages_count": {"current": 0, "limit": 4000}},
    }
    assert set(body["testing"]["usage"]) == {"sent_messages_count", "forwarded_messages_count"}
    assert body["billing"]["cycle_start"].endswith("Z")
    assert body["billing"]["cycle_start"] < body["billing"]["cycle_end"]


def test_the_official_python_client_understands_usage(world: World, client: Client):
    from mailtrap.models import billing

    body = get(client, "/api/billing/usage", world.secret)[1]
    usage = billing.BillingCycleUsage(**body)
    assert usage.sending.usage.sent_messages_count.limit == 4000


@pytest.mark.parametrize("path", ["/api/nothing", "/api/accounts/not-a-number/api_tokens", "/api/accounts/1/nothing"])
def test_an_unknown_path_is_404_in_json(client: Client, db: None, path: str, settings: Any):
    for debug in (False, True):
        settings.DEBUG = debug
        assert get(client, path) == (404, {"error": "Not Found"})


def test_a_wrong_method_is_405_in_json(world: World, client: Client):
    answer = client.delete("/api/accounts", headers={"Api-Token": world.secret})
    assert (answer.status_code, json.loads(answer.content)) == (405, {"error": "Method not allowed"})
    assert answer.headers["Allow"] == "GET"
