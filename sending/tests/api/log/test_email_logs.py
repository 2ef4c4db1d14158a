"""The email log over the general API: the contract's shapes, in both dialects, read by the official Python SDK."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.http import QueryDict
from django.test import Client
from mailtrap.api.resources.email_logs import EmailLogsApi
from mailtrap.models import email_logs as sdk

from mailtrap_site.testing.mail import make_event, make_message
from mailtrap_site.testing.world import World, make_domain, make_token
from sending.api.log import email_logs, raw_messages
from sending.api.log.filters import read_filters
from sending.log import paging
from sending.log.conditions import Condition
from sending.models import Content, Event

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


@pytest.fixture
def ask(world: World) -> Callable[..., Any]:
    """GET below /api/accounts/<Alice's account>, with Alice's token unless another is given."""

    def ask(path: str, *, secret: str = world.secret, status: int = 200, prefix: str = "") -> Any:
        prefix = prefix or f"/api/accounts/{world.account.pk}"
        response = Client().get(f"{prefix}{path}", HTTP_AUTHORIZATION=f"Bearer {secret}")
        assert response.status_code == status, response.content
        assert response["Content-Type"].startswith("application/json")
        return response.json()

    return ask


class DjangoClient:
    """What the SDK's resources need of an HTTP client, over Django's own."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def get(self, path: str, params: dict[str, Any] | None = None) -> Any:
        query = urlencode(params or {}, doseq=True)
        return Client().get(f"{path}?{query}", HTTP_AUTHORIZATION=f"Bearer {self.secret}").json()


def test_a_row_has_the_contracts_keys_and_values(world: World, ask: Callable[..., Any]):
    message = make_message(
        world.domain,
        "ada@far.test",
        category="Order",
        opens_count=2,
        submission={"custom_variables": {"order": "58213"}, "rfc_message_id": "<1@example.test>"},
    )
    answer = ask("/email_logs")
    assert answer == {
        "messages": [
            {
                "message_id": str(message.pk),
                "status": "delivered",
                "subject": "Your order is on its way",
                "from": "shop@example.test",
                "to": "ada@far.test",
                "sent_at": message.sent_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "client_ip": "203.0.113.40",
                "category": "Order",
                "custom_variables": {"order": "58213"},
                "sending_stream": "transactional",
                "sending_domain_id": world.domain.pk,
                "domain_id": world.domain.pk,
                "template_id": None,
                "template_variables": {},
                "opens_count": 2,
                "clicks_count": 0,
                "rfc_message_id": "<1@example.test>",
                "in_reply_to": None,
                "references": [],
                "thread_id": None,
            }
        ],
        "total_count": 1,
        "total_count_capped": False,
        "next_page_cursor": None,
        "searched_back_to": None,
    }


def test_both_dialects_answer_the_same(world: World, ask: Callable[..., Any]):
    message = make_message(world.domain)
    assert ask("/email_logs") == ask("/email_logs", prefix="/api")
    old, new = ask(f"/email_logs/{message.pk}"), ask(f"/email_logs/{message.pk}", prefix="/api")
    assert old.keys() == new.keys()
    assert old["events"] == new["events"]


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("queued", "enqueued"),
        ("deferred", "enqueued"),
        ("uncertain", "enqueued"),
        ("held", "enqueued"),
        ("scheduled", "enqueued"),
        ("delivered", "delivered"),
        ("captured", "delivered"),
        ("bounced", "not_delivered"),
        ("rejected", "not_delivered"),
        ("cancelled", "not_delivered"),
    ],
)
def test_statuses_are_the_contracts_four(stored: str, shown: str, world: World, ask: Callable[..., Any]):
    make_message(world.domain, status=stored)
    assert ask("/email_logs")["messages"][0]["status"] == shown


def test_an_unsubscribed_reader_shows_as_opted_out_and_the_delivery_stays(world: World, ask: Callable[..., Any]):
    message = make_message(world.domain)
    make_event(message, Event.Type.UNSUBSCRIBE, {"web_ip_address": "192.0.2.9", "user_agent": "ours"})
    shown = ask(f"/email_logs/{message.pk}")
    assert shown["status"] == "opted_out"
    assert [event["event_type"] for event in shown["events"]] == ["delivery", "unsubscribe"]
    assert shown["events"][1]["details"] == {"web_ip_address": "192.0.2.9"}


def test_events_have_the_contracts_details_and_nothing_of_ours(world: World, ask: Callable[..., Any]):
    message = make_message(world.domain, status="bounced")
    (event,) = ask(f"/email_logs/{message.pk}")["events"]
    assert event["event_type"] == "bounce"
    assert event["details"] == {
        "sending_ip": "198.51.100.24",
        "recipient_mx": "mx.far.test",
        "email_service_provider": None,
        "email_service_provider_status": "5.1.1",
        "email_service_provider_response": "The email account that you tried to reach does not exist.",
        "bounce_category": "badrecipient",
    }


def test_pages_hold_a_hundred_and_follow_the_cursor(
    world: World, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    assert email_logs.PAGE == 100
    monkeypatch.setattr(email_logs, "PAGE", 2)
    messages = [make_message(world.domain, at=NOW - timedelta(minutes=n)) for n in range(5)]
    seen, cursor = [], ""
    while True:
        answer = ask(f"/email_logs?search_after={cursor}" if cursor else "/email_logs")
        assert answer["total_count"] == 5
        seen += [one["message_id"] for one in answer["messages"]]
        if (cursor := answer["next_page_cursor"]) is None:
            break
    assert seen == [str(message.pk) for message in messages]


def test_a_bad_cursor_is_refused_with_a_sentence(ask: Callable[..., Any]):
    answer = ask("/email_logs?search_after=nonsense", status=400)
    assert answer == {"error": "search_after must be the next_page_cursor of an earlier answer"}


def test_a_search_that_was_cut_says_how_far_it_looked(
    world: World, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(paging, "SCAN_ROWS", 2)
    messages = [make_message(world.domain, f"r{n}@far.test", at=NOW - timedelta(minutes=n)) for n in range(4)]
    answer = ask("/email_logs?filters[to][operator]=ci_contain&filters[to][value]=r3")
    assert answer["messages"] == []
    assert answer["next_page_cursor"] == str(messages[1].pk)
    assert answer["searched_back_to"] is not None
    assert answer["total_count_capped"] is True


ENCODINGS = [
    "filters[to][operator]=ci_equal&filters[to][value][]=a@x&filters[to][value][]=b@x",
    "filters[to][operator]=ci_equal&filters[to][value][0]=a@x&filters[to][value][1]=b@x",
    "filters[to][operator]=ci_equal&filters[to][value]=a@x&filters[to][value]=b@x",
    "filters%5Bto%5D%5Boperator%5D=ci_equal&filters%5Bto%5D%5Bvalue%5D%5B%5D=a%40x&filters[to][value][]=b%40x",
]


@pytest.mark.parametrize("encoded", ENCODINGS)
def test_each_encoding_of_a_list_is_read(encoded: str):
    assert read_filters(QueryDict(encoded), None).conditions == (Condition("to", "ci_equal", ("a@x", "b@x")),)


def test_unknown_filters_and_broken_ones_are_ignored(world: World, ask: Callable[..., Any]):
    make_message(world.domain)
    for query in (
        "filters[nonsense][operator]=equal&filters[nonsense][value]=1",
        "filters[to][operator]=nonsense&filters[to][value]=1",
        "filters[to][value]=1",
        "filters[to]=1",
        "filters=1&filters[]=2&filters[to][operator][x][y]=3",
        "filters[sent_after]=yesterday&filters[sent_before]=2026-99-99",
        "filters[sent_after]=0001-01-01T00:00:00%2B14:00&filters[sent_before]=9999-12-31T23:59:59-14:00",
    ):
        assert ask(f"/email_logs?{query}")["total_count"] == 1, query


@pytest.mark.parametrize("value", ["%00", "x" * 10_240, "%ff%fe", "%25", "²", "9" * 40, "'"])
def test_hostile_values_are_never_an_error(value: str, world: World, ask: Callable[..., Any]):
    make_message(world.domain)
    for name, operator in (("to", "ci_contain"), ("opens_count", "equal"), ("client_ip", "equal"), ("status", "equal")):
        ask(f"/email_logs?filters[{name}][operator]={operator}&filters[{name}][value]={value}")


def test_dates_are_read_with_their_zone(world: World, ask: Callable[..., Any]):
    make_message(world.domain, at=NOW - timedelta(hours=2))
    hour_ago = (NOW - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    tomorrow = (NOW + timedelta(days=1)).strftime("%Y-%m-%d")
    assert ask(f"/email_logs?filters[sent_after]={hour_ago}Z")["total_count"] == 0
    assert ask(f"/email_logs?filters[sent_after]={hour_ago}%2B03:00")["total_count"] == 1
    assert ask(f"/email_logs?filters[sent_after]={hour_ago}+03:00")["total_count"] == 1
    assert ask(f"/email_logs?filters[sent_before]={hour_ago}")["total_count"] == 1
    assert ask(f"/email_logs?filters[sent_before]={tomorrow}")["total_count"] == 1


def test_the_official_sdk_lists_filters_pages_and_gets(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(email_logs, "PAGE", 2)
    for n in range(3):
        make_message(world.domain, f"r{n}@far.test", at=NOW - timedelta(minutes=n))
    bounced = make_message(world.domain, "gone@far.test", status="bounced", at=NOW - timedelta(hours=1))
    make_event(make_message(world.domain, at=NOW - timedelta(hours=2)), Event.Type.SPAM)
    api = EmailLogsApi(DjangoClient(world.secret), str(world.account.pk))

    first = api.get_list()
    second = api.get_list(search_after=first.next_page_cursor)
    assert [one.to for one in first.messages + second.messages] == [
        "r0@far.test",
        "r1@far.test",
        "r2@far.test",
        "gone@far.test",
    ]
    assert first.total_count == 5

    filters = sdk.EmailLogsListFilters(
        to=sdk.filter_ci_equal(["GONE@far.test", "nobody@far.test"]),
        status=sdk.filter_status_equal("not_delivered"),
        events=sdk.filter_events_include(["bounce", "open"]),
        opens_count=sdk.filter_numeric("less_than", 1),
        sending_domain_id=sdk.filter_sending_domain_id_equal([world.domain.pk]),
        subject=sdk.filter_string_not_empty(),
        sent_after=(NOW - timedelta(days=1)).isoformat(),
    )
    (found,) = api.get_list(filters).messages
    assert found.message_id == str(bounced.pk)

    shown = api.get_by_id(found.message_id)
    assert shown.status == "not_delivered"
    assert shown.events[0].details == sdk.EventDetailsBounce(
        sending_ip="198.51.100.24",
        recipient_mx="mx.far.test",
        email_service_provider_status="5.1.1",
        email_service_provider_response="The email account that you tried to reach does not exist.",
        bounce_category="badrecipient",
    )


def test_the_source_is_read_by_a_signed_address_without_a_token(world: World, ask: Callable[..., Any]):
    message = make_message(world.domain, "ada@far.test")
    url = ask(f"/email_logs/{message.pk}")["raw_message_url"]
    response = Client().get(urlsplit(url).path)
    assert response.status_code == 200
    assert response["Content-Type"] == "message/rfc822"
    assert response.content.startswith(b"DKIM-Signature:")
    assert b"To: ada@far.test\r\n" in response.content


def test_the_signed_address_ends_and_cannot_be_forged(
    world: World, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    message = make_message(world.domain)
    path = urlsplit(ask(f"/email_logs/{message.pk}")["raw_message_url"]).path
    assert Client().get(path.replace("/raw_messages/", "/raw_messages/x")).status_code == 404
    monkeypatch.setattr(raw_messages, "VALID", timedelta(seconds=-1))
    assert Client().get(path).status_code == 404


def test_a_source_that_expired_is_not_found(world: World, ask: Callable[..., Any]):
    message = make_message(world.domain)
    path = urlsplit(ask(f"/email_logs/{message.pk}")["raw_message_url"]).path
    Content.objects.all().delete()
    assert Client().get(path).status_code == 404


def test_tenants_never_meet(world: World, ask: Callable[..., Any]):
    message = make_message(world.domain)
    assert ask("/email_logs", secret=world.stranger_secret, status=403) == {"errors": "Account access forbidden"}
    assert ask("/email_logs", secret=world.stranger_secret, prefix="/api")["messages"] == []
    assert ask(f"/email_logs/{message.pk}", secret=world.stranger_secret, prefix="/api", status=404) == {
        "error": "Not Found"
    }
    assert ask("/email_logs", secret="0" * 32, status=401) == {"error": "Incorrect API token"}


def test_a_token_of_one_domain_sees_that_domain_alone(world: World, ask: Callable[..., Any]):
    other = make_domain(world.account, "other.test")
    own, foreign = make_message(world.domain), make_message(other)
    scopes = [{"resource_type": "domain", "resource_id": world.domain.pk, "access_level": 10}]
    _token, secret = make_token(world.account, scopes=scopes)
    assert [one["message_id"] for one in ask("/email_logs", secret=secret)["messages"]] == [str(own.pk)]
    ask(f"/email_logs/{own.pk}", secret=secret)
    ask(f"/email_logs/{foreign.pk}", secret=secret, status=404)
    _token, nothing = make_token(world.account, scopes=[])
    assert ask("/email_logs", secret=nothing)["messages"] == []


def test_an_id_that_is_none_or_unknown_is_not_found(ask: Callable[..., Any]):
    ask("/email_logs/nonsense", status=404)
    ask("/email_logs/019aa1c4-7b1e-7d02-9f3c-5e2b8d40a6f1", status=404)
