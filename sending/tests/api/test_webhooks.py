"""Webhooks by the general API, in both dialects; Mailtrap's own SDK over HTTP; what goes beyond the contract."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import mailtrap as mt
import pytest
import requests
from django.test import Client
from mailtrap.models.webhooks import CreateWebhookParams, UpdateWebhookParams
from pytest_django.live_server_helper import LiveServer

from accounts.authentication import forget_tokens
from accounts.models import AuditEntry
from mailtrap_site.testing.webhook_sink import Sink
from mailtrap_site.testing.world import World, make_token
from sending.models import WebhookEndpoint
from sending.tests.webhooks.conftest import *  # noqa: F403 the fixtures
from sending.tests.webhooks.conftest import Happen
from sending.webhooks.drain import drain

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["/api/accounts/{account}/webhooks", "/api/webhooks"])
def path(request: pytest.FixtureRequest, world: World) -> str:
    forget_tokens()
    return str(request.param).format(account=world.account.pk)


def call(method: str, path: str, token: str, body: Any = None) -> Any:
    return Client().generic(
        method,
        path,
        data=b"" if body is None else msgspec_json(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


def msgspec_json(body: Any) -> bytes:
    import msgspec

    return msgspec.json.encode(body)


def wanted(sink: Sink, **changes: Any) -> dict[str, Any]:
    fields = {"url": sink.url, "webhook_type": "email_sending", "sending_stream": "transactional"}
    return {"webhook": fields | {"event_types": ["delivery", "bounce"]} | changes}


def test_one_is_added_read_changed_and_deleted_in_the_contracts_shape(path: str, world: World, sink: Sink) -> None:
    answer = call("POST", path, world.secret, wanted(sink, domain_id=world.domain.pk))
    assert answer.status_code == 200
    made = answer.json()["data"]
    assert len(made.pop("signing_secret")) == 32
    assert made.pop("standard_secret").startswith("whsec_")
    assert {
        "id": WebhookEndpoint.objects.get().pk,
        "url": sink.url,
        "active": True,
        "webhook_type": "email_sending",
        "payload_format": "json",
        "sending_stream": "transactional",
        "domain_id": world.domain.pk,
        "inbound_inbox_id": None,
        "event_types": ["delivery", "bounce"],
    }.items() <= made.items()
    one = f"{path}/{made['id']}"
    assert call("GET", one, world.secret).json()["data"] == made
    assert call("GET", path, world.secret).json() == {"data": [made]}
    changed = call("PATCH", one, world.secret, {"webhook": {"event_types": ["open"], "active": False}}).json()["data"]
    assert (changed["event_types"], changed["active"], changed["state"]) == (["open"], False, "paused")
    assert changed["url"] == sink.url
    gone = call("DELETE", one, world.secret)
    assert (gone.status_code, gone.json()["data"]["id"]) == (200, made["id"])
    assert call("GET", one, world.secret).status_code == 404
    acts = list(AuditEntry.objects.order_by("id").values_list("action", "actor_name"))
    assert acts == [(f"webhook.{act}", "Test") for act in ("created", "changed", "paused", "deleted")]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (
            {},
            {
                "url": ["can't be blank", "is invalid"],
                "webhook_type": ["can't be blank"],
            },
        ),
        (
            {"webhook_type": "email_sending"},
            {
                "url": ["can't be blank", "is invalid"],
                "event_types": ["can't be blank"],
                "sending_stream": ["can't be blank"],
            },
        ),
    ],
)
def test_what_is_missing_is_said_in_the_contracts_words(
    path: str, world: World, fields: dict[str, Any], errors: dict[str, Any]
) -> None:
    answer = call("POST", path, world.secret, {"webhook": fields})
    assert answer.status_code == 422
    assert errors.items() <= answer.json()["errors"].items()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "http://10.0.0.1:9/x y"}, "url"),
        ({"webhook_type": "campaigns"}, "webhook_type"),
        ({"webhook_type": "inbound_receiving"}, "webhook_type"),
        ({"webhook_type": "audit_log"}, "webhook_type"),
        ({"webhook_type": "what"}, "webhook_type"),
        ({"payload_format": "xml"}, "payload_format"),
        ({"sending_stream": "any"}, "sending_stream"),
        ({"event_types": ["delivery", "spam"]}, "event_types"),
        ({"domain_id": 0}, "domain_id"),
        ({"domain_id": 10**30}, "domain_id"),
    ],
)
def test_what_is_wrong_is_said_by_field(
    path: str, world: World, sink: Sink, changes: dict[str, Any], field: str
) -> None:
    answer = call("POST", path, world.secret, wanted(sink, **changes))
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    assert not WebhookEndpoint.objects.exists()


def test_a_foreign_domain_and_a_strangers_token_are_refused(path: str, world: World, sink: Sink) -> None:
    assert call("POST", path, world.secret, wanted(sink, domain_id=world.stranger_domain.pk)).status_code == 422
    made = call("POST", path, world.secret, wanted(sink)).json()["data"]
    for method, below in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/events")):
        for prefix in (path, "/api/webhooks"):
            answer = call(method, f"{prefix}/{made['id']}{below}", world.stranger_secret, {"webhook": {}})
            assert answer.status_code in (403, 404), (method, below)
    assert WebhookEndpoint.objects.get().pk == made["id"]
    assert sink.told == []


def test_a_token_that_only_reads_sees_no_password_and_changes_nothing(path: str, world: World, sink: Sink) -> None:
    url = sink.url.replace("//", "//shop:secret@")
    made = call("POST", path, world.secret, wanted(sink, url=url)).json()["data"]
    scopes = [{"resource_type": "account", "resource_id": world.account.pk, "access_level": 10}]
    _token, reader = make_token(world.account, "Reader", scopes)
    assert made["url"] == url
    assert call("GET", f"{path}/{made['id']}", reader).json()["data"]["url"] == sink.url.replace("//", "//shop:•••@")
    assert call("PATCH", f"{path}/{made['id']}", reader, {"webhook": {"active": False}}).status_code == 403
    _token, nobody = make_token(world.account, "Nobody", [])
    assert call("GET", path, nobody).status_code == 403


def test_a_test_the_log_and_a_replay(path: str, world: World, sink: Sink, happen: Happen) -> None:
    one = f"{path}/{call('POST', path, world.secret, wanted(sink)).json()['data']['id']}"
    assert call("POST", f"{one}/test", world.secret).json()["data"]["success"] is True
    assert [(event["event"], event["test"]) for event in sink.events] == [("delivery", True), ("bounce", True)]
    happen("delivery")
    happen("bounce")
    drain(5)
    log = call("GET", f"{one}/deliveries", world.secret).json()
    assert [(row["kind"], row["state"], row["last_status"]) for row in log["data"]] == [
        ("live", "delivered", 200),
        ("test", "delivered", 200),
    ]
    event_id = sink.events[-1]["event_id"]
    sink.told.clear()
    assert call("POST", f"{one}/replays", world.secret, {"since_event_id": event_id}).json()["data"] == {"events": 1}
    assert call("POST", f"{one}/replays", world.secret, {"since_event_id": event_id}).status_code == 422
    drain(5)
    assert [event["event_id"] for event in sink.events] == [event_id]
    assert call("POST", f"{one}/replays", world.secret, {}).status_code == 422
    assert call("POST", f"{one}/replays", world.secret, {"delivery_id": 0}).status_code == 422
    begin = {"from": "2020-01-01T00:00:00", "until": "2120-01-01T00:00:00Z"}
    assert call("POST", f"{one}/replays", world.secret, begin).status_code == 422
    begin["from"] += "Z"
    assert call("POST", f"{one}/replays", world.secret, begin).json()["data"] == {"events": 2}


def test_who_missed_events_catches_up_by_number(path: str, world: World, sink: Sink, happen: Happen) -> None:
    one = f"{path}/{call('POST', path, world.secret, wanted(sink)).json()['data']['id']}"
    for _ in range(3):
        happen("delivery", "open")
    happen("delivery", domain=world.stranger_domain)
    drain(5)
    seen: list[dict[str, Any]] = []
    after = -1
    answer = {"last_number": 0}
    while answer["last_number"] != after:
        after = answer["last_number"]
        answer = call("GET", f"{one}/events?after={after}&limit=2", world.secret).json()
        seen += answer["data"]
    assert seen == sink.events
    assert len(seen) == 3
    assert call("GET", f"{one}/events?after={2**70}", world.secret).status_code == 422


def test_a_new_secret_signs_beside_the_old_one_and_then_alone(
    path: str, world: World, sink: Sink, happen: Happen
) -> None:
    from mailtrap.webhooks import verify_signature

    made = call("POST", path, world.secret, wanted(sink)).json()["data"]
    one = f"{path}/{made['id']}"
    new = call("POST", f"{one}/signing_secret", world.secret, {"overlap_hours": 24}).json()["data"]["signing_secret"]
    happen("delivery")
    drain(5)
    [told] = sink.told
    assert verify_signature(told.body, told.headers["Mailtrap-Signature"], made["signing_secret"])
    assert verify_signature(told.body, told.headers["Mailtrap-Signature-Next"], new)
    assert len(told.headers["webhook-signature"].split(" v1,")) == 2
    WebhookEndpoint.objects.update(switches_at="2026-01-01T00:00:00Z")
    happen("delivery")
    drain(5)
    assert verify_signature(sink.told[1].body, sink.told[1].headers["Mailtrap-Signature"], new)
    assert sink.told[1].headers["Mailtrap-Signature-Next"] is None
    newest = call("POST", f"{one}/signing_secret", world.secret, {"overlap_hours": 0}).json()["data"]["signing_secret"]
    happen("delivery")
    drain(5)
    assert verify_signature(sink.told[2].body, sink.told[2].headers["Mailtrap-Signature"], newest)


class LeadsHere(requests.adapters.HTTPAdapter):
    """The network between the SDK, which asks https://mailtrap.io, and the server of the test."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._parts = urlsplit(url)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        asked = urlsplit(str(request.url))
        request.url = urlunsplit((self._parts.scheme, self._parts.netloc, asked.path, asked.query, ""))
        return super().send(request, *args, **options | {"proxies": {}})


@pytest.mark.django_db(transaction=True)
def test_the_official_sdk_works_unchanged(
    live_server: LiveServer, transactional_db: None, world: World, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = requests.Session.__init__

    def led_here(session: requests.Session) -> None:
        opened(session)
        session.trust_env = False
        session.mount("https://mailtrap.io", LeadsHere(live_server.url))

    forget_tokens()
    monkeypatch.setattr(requests.Session, "__init__", led_here)
    webhooks = mt.MailtrapClient(token=world.secret, account_id=str(world.account.pk)).webhooks_api.webhooks
    made = webhooks.create(
        CreateWebhookParams(
            url=sink.url,
            webhook_type="email_sending",
            sending_stream="transactional",
            event_types=["delivery", "bounce"],
            payload_format="jsonlines",
        )
    )
    assert len(made.signing_secret) == 32
    assert [one.id for one in webhooks.get_list()] == [made.id]
    assert webhooks.update(made.id, UpdateWebhookParams(active=False, payload_format="json")).payload_format == "json"
    assert webhooks.get_by_id(made.id).active is False
    with pytest.raises(mt.APIError, match="url: can't be blank"):
        webhooks.create(CreateWebhookParams(url="", webhook_type="email_sending"))
    assert webhooks.delete(made.id).id == made.id
    assert webhooks.get_list() == []
