"""The general API's limits: per token over all endpoints, per account where the contract says so, told in headers."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from structlog.testing import capture_logs

from accounts import rate_limits
from accounts.authentication import forget_tokens
from accounts.rate_limits import EMAIL_LOG, EMAIL_LOGS, TOKEN, Limit, take
from accounts.shared_windows import SharedWindows
from mailtrap_site.testing.world import World, make_token

LOGS = "/api/email_logs"
LOG = "/api/email_logs/0193f8a0-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
def contract_limits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, rate_limit_factor=1)
    monkeypatch.setattr(rate_limits, "_windows", SharedWindows(None))
    forget_tokens()


def use(limit: Limit, holder: int, requests: int) -> None:
    assert not any(take(limit, holder).is_refused for _ in range(requests))


def ask(secret: str, path: str = "/api/accounts") -> Any:
    return Client().get(path, headers={"Api-Token": secret})


def told(answer: Any) -> tuple[int, int]:
    """Limit and remaining; the seconds until the next one is free have to be within the window."""
    assert 1 <= int(answer["X-Ratelimit-Reset"]) <= 60
    assert answer["X-Mailtrap-Version"] == "v2"
    return int(answer["X-Ratelimit-Limit"]), int(answer["X-Ratelimit-Remaining"])


def test_every_answer_to_a_token_says_what_is_left(world: World):
    assert told(ask(world.secret)) == (150, 149)
    assert told(ask(world.secret, "/api/accounts/1/api_tokens")) == (150, 148)
    assert told(ask(world.secret, "/api/domains/0")) == (150, 147)
    assert "X-Ratelimit-Limit" not in ask("f" * 32)


def test_beyond_150_in_ten_seconds_a_token_is_refused_as_the_contract_says_and_others_are_not(world: World):
    use(TOKEN, world.token.pk, 149)
    last, refused = ask(world.secret), ask(world.secret, LOGS)
    assert (last.status_code, told(last)) == (200, (150, 0))
    assert (refused.status_code, refused.json(), told(refused)) == (429, {"errors": "Rate limit exceeded"}, (150, 0))
    assert refused["Retry-After"] == refused["X-Ratelimit-Reset"]
    assert int(refused["Retry-After"]) <= 10
    assert ask(make_token(world.account, "Another")[1]).status_code == 200


@pytest.mark.parametrize(("limit", "path", "status"), [(EMAIL_LOGS, LOGS, 200), (EMAIL_LOG, LOG, 404)])
def test_the_log_is_limited_per_account_by_both_dialects_and_all_tokens(
    world: World, limit: Limit, path: str, status: int
):
    use(limit, world.account.pk, limit.requests - 1)
    last = ask(world.secret, path)
    assert (last.status_code, told(last)) == (status, (limit.requests, 0))
    legacy = path.replace("/api/", f"/api/accounts/{world.account.pk}/")
    refused = ask(make_token(world.account, "Another")[1], legacy)
    assert (refused.status_code, refused.json()) == (429, {"errors": "Rate limit exceeded"})
    assert told(refused) == (limit.requests, 0)
    assert 10 < int(refused["Retry-After"]) <= 60
    assert told(ask(world.secret)) == (150, 148)


def test_the_headers_tell_of_the_limit_that_is_nearer(world: World):
    assert told(ask(world.secret, LOGS)) == (60, 59)
    use(TOKEN, world.token.pk, 100)
    assert told(ask(world.secret, LOGS)) == (150, 48)


def test_an_operator_may_raise_the_limits(world: World, settings: Any):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, rate_limit_factor=10)
    assert told(ask(world.secret)) == (1500, 1499)
    assert told(ask(world.secret, LOGS)) == (600, 599)


def test_overuse_is_logged_once_a_minute_and_not_for_each_request(world: World, caplog: pytest.LogCaptureFixture):
    use(TOKEN, world.token.pk, 150)
    with capture_logs() as logged:
        assert {ask(world.secret).status_code for _ in range(5)} == {429}
    assert logged == [
        {"event": "rate_limited", "log_level": "warning", "limit": "token", "holder": world.token.pk, "refusals": 1}
    ]
    assert not caplog.records


def test_no_two_limits_count_in_the_same_place() -> None:
    found = [one for one in vars(rate_limits).values() if isinstance(one, Limit)]
    assert len({one.number for one in found}) == len(found) >= 7
