"""Tracking opt-outs over the general API: the contract's envelopes, and the official Python SDK's reading of them."""

import uuid
from typing import Any

import pytest
from django.test import Client
from mailtrap.models.tracking_opt_outs import (
    CreateTrackingOptOutParams,
    TrackingOptOut,
    TrackingOptOutResponse,
    TrackingOptOutsListResponse,
)

from accounts import rate_limits
from accounts.authentication import forget_tokens
from accounts.shared_windows import SharedWindows
from mailtrap_site.testing.world import World, make_token
from sending.api import tracking_opt_outs
from sending.models import TrackingOptOut as Entry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_tokens()
    monkeypatch.setattr(rate_limits, "_windows", SharedWindows(None))


def call(method: str, world: World, path: str = "", body: Any = None, *, status: int = 200, secret: str = "") -> Any:
    headers = {"Authorization": f"Bearer {secret or world.secret}"}
    more = {} if body is None else {"data": body, "content_type": "application/json"}
    answer = getattr(Client(), method)(f"/api/tracking_opt_outs{path}", headers=headers, **more)
    assert answer.status_code == status, answer.content
    return answer.json()


def test_the_sdk_makes_lists_and_removes(world: World) -> None:
    params = CreateTrackingOptOutParams(email="Rita@far.test", domain_id=world.domain.pk)
    made = TrackingOptOutResponse(**call("post", world, body=params.api_data)).data
    assert (made.email, made.domain_name) == ("rita@far.test", "example.test")
    again = TrackingOptOutResponse(**call("post", world, body=params.api_data)).data
    assert again == made
    listed = TrackingOptOutsListResponse(**call("get", world))
    assert (listed.data, listed.last_id) == ([made], None)
    assert TrackingOptOut(**call("delete", world, f"/{made.id}")) == made
    assert not Entry.objects.exists()
    assert call("delete", world, f"/{made.id}", status=404) == {"error": "Not Found"}
    actions = list(world.account.audit_entries.order_by("pk").values_list("action", "actor_name"))
    assert actions == [("tracking_opt_out.added", "token “Test”"), ("tracking_opt_out.removed", "token “Test”")]


def test_pages_follow_each_other_and_filters_narrow(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking_opt_outs, "PAGE", 2)
    for name in ("a", "b", "c"):
        Entry.objects.create(account=world.account, domain=world.domain, email=f"{name}@far.test")
    Entry.objects.create(account=world.stranger_account, domain=world.stranger_domain, email="z@far.test")
    first = call("get", world)
    assert [one["email"] for one in first["data"]] == ["c@far.test", "b@far.test"]
    second = call("get", world, f"?last_id={first['last_id']}")
    assert [one["email"] for one in second["data"]] == ["a@far.test"]
    assert second["last_id"] is None
    assert [one["email"] for one in call("get", world, "?email=B@far.test")["data"]] == ["b@far.test"]
    assert call("get", world, "?start_time=2999-01-01")["data"] == []
    assert call("get", world, "?end_time=2001-01-01T00:00:00Z")["data"] == []
    assert "last_id must be" in call("get", world, "?last_id=x", status=400)["error"]


def test_what_is_wrong_is_named_by_field(world: World) -> None:
    blank = {"email": ["can't be blank"], "domain": ["can't be blank"]}
    assert call("post", world, body={}, status=422) == {"errors": blank}
    foreign = {"email": "nobody", "domain_id": world.stranger_domain.pk}
    wrong = {"email": ["is invalid"], "domain": ["can't be blank"]}
    assert call("post", world, body=foreign, status=422) == {"errors": wrong}


def test_a_token_of_one_domain_sees_and_changes_that_one_alone(world: World) -> None:
    entry = Entry.objects.create(account=world.account, domain=world.domain, email="a@far.test")
    scope = {"resource_type": "domain", "resource_id": world.domain.pk, "access_level": 10}
    reader = make_token(world.account, scopes=[scope])[1]
    other = make_token(world.account, scopes=[scope | {"resource_id": 10**9}])[1]
    assert len(call("get", world, secret=reader)["data"]) == 1
    assert call("get", world, secret=other)["data"] == []
    call("delete", world, f"/{entry.pk}", status=403, secret=reader)
    call("delete", world, f"/{entry.pk}", status=404, secret=other)
    call("delete", world, f"/{entry.pk}", status=404, secret=world.stranger_secret)
    call("delete", world, f"/{uuid.uuid4()}", status=404)
    body = {"email": "b@far.test", "domain_id": world.domain.pk}
    call("post", world, body=body, status=403, secret=reader)
