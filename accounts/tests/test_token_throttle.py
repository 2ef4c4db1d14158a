"""Who guesses API tokens over HTTP is turned away; whoever has a valid one is never held up by it."""

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts import login_throttle
from accounts.authentication import forget_tokens
from mailtrap_site.testing.world import World

MAIL = {"from": {"email": "a@example.test"}, "to": [{"email": "r@far.test"}], "subject": "x", "text": "x"}


@pytest.fixture(autouse=True)
def _two_failures_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_throttle, "MOST_FAILURES", 2)
    monkeypatch.setattr(login_throttle, "_known_until", {})
    forget_tokens()


def send(secret: str, address: str = "192.0.2.66") -> Any:
    headers = {"Authorization": f"Bearer {secret}"}
    return Client(REMOTE_ADDR=address).post("/api/send", json.dumps(MAIL), "application/json", headers=headers)


def ask(secret: str, address: str = "192.0.2.66") -> Any:
    return Client(REMOTE_ADDR=address).get("/api/accounts", headers={"Api-Token": secret})


def test_an_address_that_fails_too_often_hears_so_at_both_apis(world: World):
    assert [send("f" * 32).status_code, ask("e" * 32).status_code] == [401, 401]
    refused = send("d" * 32)
    assert (refused.status_code, refused["Retry-After"]) == (429, "300")
    assert refused.json()["codes"] == ["too_many_failures"]
    general = ask("c" * 32)
    assert (general.status_code, general["Retry-After"]) == (429, "300")
    assert general.json() == {"errors": "Rate limit exceeded"}


def test_a_valid_token_works_from_a_blocked_address_and_others_are_not_concerned(world: World):
    assert [ask("f" * 32).status_code for _ in range(3)] == [401, 401, 429]
    assert send(world.secret).status_code == 200
    assert ask(world.secret).status_code == 200
    assert ask("f" * 32, address="192.0.2.67").status_code == 401


def test_a_flood_of_failures_asks_the_database_for_nothing_but_the_tokens(world: World, django_assert_num_queries: Any):
    for _ in range(3):
        ask("f" * 32)
    with django_assert_num_queries(0):
        assert ask("f" * 32).status_code == 429


def test_what_cannot_be_a_token_is_simply_wrong(world: World):
    assert {ask("nobody").status_code for _ in range(4)} == {401}


def test_the_addresses_of_one_ipv6_network_are_one_client(world: World):
    assert [ask("f" * 32, address=f"2001:db8:1:2::{number}").status_code for number in range(3)] == [401, 401, 429]
    assert ask("f" * 32, address="2001:db8:1:3::1").status_code == 401


def test_what_is_counted_of_one_client_is_not_washed_away_by_many(world: World):
    assert [ask("f" * 32).status_code for _ in range(2)] == [401, 401]
    for number in range(400):
        cache.set(f"another-{number}", 1, 300)
    assert ask("f" * 32).status_code == 429
