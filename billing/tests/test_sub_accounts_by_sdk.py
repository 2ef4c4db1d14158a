"""Sub-accounts by the official Python SDK, and the contract's refusals."""

import json
from functools import partial
from typing import Any

import mailtrap
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from mailtrap.exceptions import APIError
from mailtrap.models.organizations import CreateSubAccountParams

from accounts.models import Account, ApiToken, AuditEntry, Membership
from accounts.people import By
from billing import organization, subscriptions
from billing.plans import PLANS
from mailtrap_site.testing.sdk_to_client import ToDjango
from mailtrap_site.testing.world import World, make_token

pytestmark = [pytest.mark.outside("mailtrap-python")]


@pytest.fixture
def acme(world: World) -> World:
    plan = PLANS.newest("business_100k")
    subscriptions.put_on(world.account, plan, subscriptions.By(), timezone.now(), stripe_id="")
    return world


def sdk(secret: str, organization_id: int) -> Any:
    api = mailtrap.MailtrapClient(token=secret, organization_id=str(organization_id)).organizations_api.sub_accounts
    api._client._session.mount("https://", ToDjango())
    return api


def post(acme: World, body: object) -> Any:
    path = f"/api/organizations/{acme.account.pk}/sub_accounts"
    text = body if isinstance(body, bytes) else json.dumps(body)
    return Client().post(path, text, "application/json", headers={"Api-Token": acme.secret})


def test_they_are_made_and_listed(acme: World) -> None:
    api = sdk(acme.secret, acme.account.pk)
    made = api.create(CreateSubAccountParams(name="Shop"))
    shop = Account.objects.get(pk=made.id)
    assert (made.name, shop.organization) == ("Shop", acme.account)
    assert [(one.id, one.name) for one in api.get_list()] == [(shop.pk, "Shop")]
    assert Membership.objects.get(account=shop).user == acme.alice
    for account in (shop, acme.account):
        assert AuditEntry.objects.filter(account=account, actor_name="token “Test”").count() == 1


def test_who_may_not_and_whose_it_is_not_is_refused(acme: World) -> None:
    scope = {"resource_type": "account", "resource_id": acme.account.pk, "access_level": 10}
    _token, reader = make_token(acme.account, "Reader", [scope])
    for secret, number in (
        (reader, acme.account.pk),
        (acme.stranger_secret, acme.account.pk),
        (acme.secret, acme.stranger_account.pk),
        (acme.secret, 2**62),
    ):
        api = sdk(secret, number)
        for call in (api.get_list, partial(api.create, CreateSubAccountParams("X"))):
            with pytest.raises(APIError) as refused:
                call()
            assert (refused.value.status, refused.value.errors) == (403, ["Access forbidden"])
    assert Client().get(f"/api/organizations/{acme.account.pk}/sub_accounts").status_code == 401


def test_without_a_name_the_answer_has_no_body(acme: World) -> None:
    bodies: tuple[object, ...] = (
        {},
        {"account": {}},
        {"account": {"name": " "}},
        {"account": 1},
        [],
        b"{",
        b"\xff",
        b"",
    )
    for body in bodies:
        answer = post(acme, body)
        assert (answer.status_code, answer.content) == (400, b"")
    for name in ("x" * 151, "a\x00b"):
        answer = post(acme, {"account": {"name": name}})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["name"])
    assert not Account.objects.exclude(organization=None).exists()


def test_more_than_the_plan_includes_are_refused(world: World) -> None:
    answer = post(world, {"account": {"name": "Shop"}})
    assert (answer.status_code, answer.json()) == (
        422,
        {"errors": {"base": ["The plan Free includes no sub-accounts."]}},
    )


def test_a_token_for_the_organisation_reaches_its_sub_accounts_and_no_others(acme: World) -> None:
    shop = organization.create(acme.account, "Shop", None, acme.alice, By())
    page = reverse("accounts:token_add", args=[acme.account.pk])
    client = Client()
    client.force_login(acme.bob)
    client.post(page, {"name": "Bob’s", "reaches_all": "on"})
    assert ApiToken.objects.get(name="Bob’s").scopes[0]["resource_type"] == "account"
    client.force_login(acme.alice)
    assert client.post(page, {"name": "All", "reaches_all": "on", "access": "sends"}).status_code == 422
    secret = client.post(page, {"name": "All", "reaches_all": "on"}).context["secret"]
    token = ApiToken.objects.get(name="All")

    def ask(path: str, secret: str = secret, method: str = "get", body: object = None) -> Any:
        headers = {"Api-Token": secret}
        return getattr(Client(), method)(f"/api/{path}", body, content_type="application/json", headers=headers)

    assert [(one["id"], one["access_levels"]) for one in ask("accounts").json()] == [
        (acme.account.pk, [100]),
        (shop.pk, [100]),
    ]
    assert [one["id"] for one in ask("accounts", acme.secret).json()] == [acme.account.pk]
    assert ask(f"accounts/{shop.pk}/sending_domains").json() == {"data": []}
    made = ask(f"accounts/{shop.pk}/sending_domains", method="post", body={"domain": {"domain_name": "shop.test"}})
    assert (made.status_code, shop.domains.get().name) == (200, "shop.test")
    assert AuditEntry.objects.get(account=shop, action="domain.added").means_id == str(token.pk)
    assert [one["domain_name"] for one in ask("sending_domains").json()["data"]] == ["example.test"]
    for account_id, asker in (
        (acme.stranger_account.pk, secret),
        (shop.pk, acme.secret),
        (acme.account.pk, make_token(shop)[1]),
    ):
        assert ask(f"accounts/{account_id}/sending_domains", asker).status_code == 403
    assert ask(f"api_tokens/{token.pk}/reset", acme.secret, "post").status_code == 403
    assert ask(f"api_tokens/{token.pk}/reset", secret, "post").status_code == 200
    resources = [{"resource_type": "organization", "resource_id": acme.account.pk, "access_level": 100}]
    assert ask("api_tokens", acme.secret, "post", {"name": "X", "resources": resources}).status_code == 422
    client.force_login(acme.bob)
    assert client.get(reverse("accounts:token_reset", args=[acme.account.pk, token.pk])).status_code == 403
    organization.let_go(shop, By(), timezone.now())
    assert ask(f"accounts/{shop.pk}/sending_domains").status_code == 403
