"""Sub-accounts by the official Python SDK, and the contract's refusals."""

import json
from functools import partial
from typing import Any

import mailtrap
import pytest
from django.test import Client
from django.utils import timezone
from mailtrap.exceptions import APIError
from mailtrap.models.organizations import CreateSubAccountParams

from accounts.models import Account, AuditEntry, Membership
from billing import subscriptions
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
