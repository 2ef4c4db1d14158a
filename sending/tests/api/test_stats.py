"""Statistics over the general API: the contract's shapes in both dialects, read by the official Python SDK."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from mailtrap.api.resources.stats import StatsApi
from mailtrap.exceptions import APIError
from mailtrap.http import HttpClient
from mailtrap.models.stats import SendingStats, StatsFilterParams
from pytest_django.live_server_helper import LiveServer

from accounts import rate_limits
from accounts.authentication import forget_tokens
from accounts.shared_windows import SharedWindows
from mailtrap_site.testing.world import World, make_domain, make_token, make_world
from sending.tests.stats.counting import NOON, happen

WEEK = "start_date=2026-11-09&end_date=2026-11-15"
NOTHING = {
    "delivery_count": 0,
    "delivery_rate": 0.0,
    "bounce_count": 0,
    "bounce_rate": 0.0,
    "open_count": 0,
    "open_rate": 0.0,
    "click_count": 0,
    "click_rate": 0.0,
    "spam_count": 0,
    "spam_rate": 0.0,
}


@pytest.fixture(autouse=True)
def fresh_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_tokens()
    monkeypatch.setattr(rate_limits, "_windows", SharedWindows(None))


@pytest.fixture(params=["/api/accounts/{}", "/api"])
def call(request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A request in either dialect of paths."""
    prefix = request.param.format(world.account.pk)

    def call(path: str, *, status: int = 200, secret: str = world.secret) -> Any:
        monkeypatch.setattr(rate_limits, "_windows", SharedWindows(None))
        answer = Client().get(f"{prefix}/stats{path}", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == status, answer.content
        assert answer["Content-Type"].startswith("application/json")
        return answer.json()

    return call


def some(world: World) -> Any:
    """Two domains; the contract's example figures on the first, a day later and in bulk on the second."""
    shop = make_domain(world.account, "shop.test")
    happen(world.domain, category="Welcome", provider="Google", delivered=19, bounced=1, opened=17, clicked=13, spam=1)
    happen(shop, NOON + timedelta(days=1), stream="bulk", provider="Yahoo", delivered=3)
    happen(world.stranger_domain, delivered=7)
    return shop


@pytest.mark.django_db
def test_the_ten_figures_are_the_contracts(world: World, call: Callable[..., Any]) -> None:
    some(world)
    assert call(f"?{WEEK}") == {
        "delivery_count": 22,
        "delivery_rate": 0.957,
        "bounce_count": 1,
        "bounce_rate": 0.043,
        "open_count": 17,
        "open_rate": 0.773,
        "click_count": 13,
        "click_rate": 0.591,
        "spam_count": 1,
        "spam_rate": 0.045,
    }
    assert call("?start_date=2026-10-01&end_date=2026-11-09") == NOTHING


@pytest.mark.django_db
def test_groups_have_their_keys_and_what_nothing_happened_to_is_not_listed(
    world: World, call: Callable[..., Any]
) -> None:
    shop = some(world)
    groups = {
        "domains": [
            {"sending_domain_id": world.domain.pk, "domain_id": world.domain.pk},
            {"sending_domain_id": shop.pk, "domain_id": shop.pk},
        ],
        "categories": [{"category": ""}, {"category": "Welcome"}],
        "email_service_providers": [{"email_service_provider": "Google"}, {"email_service_provider": "Yahoo"}],
        "date": [{"date": "2026-11-10"}, {"date": "2026-11-11"}],
    }
    for name, keys in groups.items():
        found = call(f"/{name}?{WEEK}")
        assert [{key: value for key, value in one.items() if key != "stats"} for one in found] == keys
        assert sorted(one["stats"]["delivery_count"] for one in found) == [3, 19]


@pytest.mark.django_db
def test_filters_narrow_in_each_encoding_that_clients_use(world: World, call: Callable[..., Any]) -> None:
    shop = some(world)
    for query, delivered in {
        f"sending_domain_ids[]={shop.pk}": 3,
        f"domain_ids={world.domain.pk}&domain_ids={shop.pk}": 22,
        f"domain_ids[0]={world.domain.pk}": 19,
        f"domain_ids[]={world.stranger_domain.pk}": 0,
        "sending_streams[]=bulk": 3,
        "sending_streams[]=bulk&sending_streams[]=transactional": 22,
        "categories[]=Welcome&categories[]=None": 19,
        "email_service_providers[]=Yahoo": 3,
        "email_service_providers[]=Yahoo&sending_streams[]=transactional": 0,
    }.items():
        assert call(f"?{WEEK}&{query}")["delivery_count"] == delivered, query


@pytest.mark.django_db
def test_what_is_missing_or_wrong_is_said(world: World, call: Callable[..., Any]) -> None:
    for path in ("", "/domains", "/categories", "/email_service_providers", "/date"):
        assert call(path, status=400) == {"error": "Missing required parameter: start_date"}
        assert call(f"{path}?start_date=2026-11-09", status=400) == {"error": "Missing required parameter: end_date"}
    for query in (
        "start_date=soon&end_date=2026-11-15",
        "start_date=2026-02-30&end_date=2026-11-15",
        "start_date=2026-11-15&end_date=2026-11-09",
        f"{WEEK}&sending_streams[]=sms",
        f"{WEEK}&domain_ids[]=x",
        f"{WEEK}&domain_ids[]={'9' * 30}",
        f"{WEEK}&email_service_providers[]=Post%20office",
    ):
        assert " must " in call(f"?{query}", status=400)["error"], query
    assert call(f"?{WEEK}&categories[]=a%00b") == NOTHING


@pytest.mark.django_db
def test_a_token_sees_the_domains_of_its_scopes(world: World, call: Callable[..., Any]) -> None:
    shop = some(world)
    secret = make_token(
        world.account, scopes=[{"resource_type": "domain", "resource_id": shop.pk, "access_level": 10}]
    )[1]
    assert call(f"?{WEEK}", secret=secret)["delivery_count"] == 3
    assert [one["domain_id"] for one in call(f"/domains?{WEEK}", secret=secret)] == [shop.pk]
    assert call(f"?{WEEK}&domain_ids[]={world.domain.pk}", secret=secret) == NOTHING


@pytest.mark.django_db
def test_all_endpoints_share_ten_requests_a_minute(world: World, settings: Any) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, rate_limit_factor=1)
    where, headers = f"/api/accounts/{world.account.pk}/stats", {"Api-Token": world.secret}
    paths = ["", "/date", "/domains", "/categories"] * 3
    answers = [Client().get(f"{where}{path}?{WEEK}", headers=headers) for path in paths]
    assert [one.status_code for one in answers] == [200] * 10 + [429] * 2
    assert answers[-1].json() == {"errors": "Rate limit exceeded"}


class PlainHttp(HttpClient):
    """The SDK's own client, whose addresses always begin with https, at a server of the tests, which has no TLS."""

    def _url(self, path: str) -> str:
        return super()._url(path).replace("https://", "http://", 1)


@pytest.mark.django_db(transaction=True)
def test_the_official_sdk_over_a_real_connection(transactional_db: None, live_server: LiveServer) -> None:
    world = make_world()
    shop = some(world)
    client = PlainHttp(live_server.url.partition("//")[2], {"Authorization": f"Bearer {world.secret}"})
    client._session.trust_env = False
    sdk, account = StatsApi(client), world.account.pk
    week = StatsFilterParams(start_date="2026-11-09", end_date="2026-11-15")
    assert sdk.get(account, week) == SendingStats(22, 0.957, 1, 0.043, 17, 0.773, 13, 0.591, 1, 0.045)
    narrow = replace(week, sending_domain_ids=[shop.pk], sending_streams=["bulk"], email_service_providers=["Yahoo"])
    assert sdk.get(account, narrow).delivery_count == 3
    assert [one.value for one in sdk.by_domain(account, week)] == [world.domain.pk, shop.pk]
    assert [one.value for one in sdk.by_category(account, week)] == ["", "Welcome"]
    assert [one.value for one in sdk.by_email_service_provider(account, week)] == ["Google", "Yahoo"]
    assert [one.value for one in sdk.by_date(account, week)] == ["2026-11-10", "2026-11-11"]
    with pytest.raises(APIError) as wrong:
        sdk.get(account, StatsFilterParams(start_date="2026-11-09"))
    assert (wrong.value.status, wrong.value.errors) == (400, ["Missing required parameter: end_date"])
