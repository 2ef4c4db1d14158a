"""What happens to mail is told to whoever asked for it, in the contract's words, in order, signed twice."""

import base64
import hmac
from hashlib import sha256

import pytest
from django.utils import timezone

from mailtrap_site.testing.webhook_sink import Sink, listening
from mailtrap_site.testing.world import World
from sending import followers
from sending.events.record import News, record_news
from sending.models import Event, WebhookAttempt, WebhookDelivery
from sending.tests.webhooks.conftest import Happen, Make
from sending.webhooks import batches
from sending.webhooks.drain import drain
from sending.webhooks.signatures import standard_secret

pytestmark = pytest.mark.django_db

BOUNCE = {
    "email_service_provider_status": "5.1.1",
    "email_service_provider_response": "No such user",
    "response_code": 550,
    "bounce_category": "badrecipient",
}


def test_a_bounce_is_told_with_its_answer(happen: Happen, make_endpoint: Make, sink: Sink) -> None:
    make_endpoint()
    message = happen("bounce", details=BOUNCE, category="Receipt", submission={"custom_variables": {"order": "58213"}})
    assert drain(5) == 1
    [told] = sink.told
    assert told.path == "/hooks/mail?shop=1"
    [event] = told.events
    assert event.pop("number") > 0
    assert event == {
        "event": "bounce",
        "timestamp": 1793534400,
        "sending_stream": "transactional",
        "category": "Receipt",
        "custom_variables": {"order": "58213"},
        "message_id": str(message.pk),
        "email": "reader@far.test",
        "event_id": str(Event.objects.get(message=message, type="bounce").pk),
        "sending_domain_name": "example.test",
        "response": "5.1.1 No such user",
        "response_code": 550,
        "bounce_category": "badrecipient",
    }
    delivery, attempt = WebhookDelivery.objects.get(), WebhookAttempt.objects.get()
    assert (delivery.state, delivery.names, delivery.event_count) == ("delivered", ["bounce"], 1)
    assert (attempt.status, attempt.number, attempt.answer_body) == (200, 1, "thanks")


@pytest.mark.parametrize(
    ("kind", "details", "expected"),
    [
        ("delivery", {}, {"event": "delivery"}),
        ("soft_bounce", BOUNCE, {"event": "soft bounce", "response_code": 550}),
        ("open", {"web_ip_address": "192.0.2.1", "user_agent": "M"}, {"ip": "192.0.2.1", "user_agent": "M"}),
        ("click", {"click_url": "https://a.test/"}, {"event": "click", "url": "https://a.test/"}),
        ("unsubscribe", {}, {"event": "unsubscribe"}),
        ("spam", {"spam_feedback_type": "abuse"}, {"event": "spam"}),
        ("suspension", {"reject_reason": "Too much"}, {"event": "suspension", "reason": "Too much"}),
        ("reject", {"reject_reason": "Suppressed"}, {"event": "reject", "reason": "Suppressed"}),
    ],
)
def test_each_kind_has_its_words_and_nothing_empty(
    happen: Happen, make_endpoint: Make, sink: Sink, kind: str, details: dict[str, object], expected: dict[str, object]
) -> None:
    make_endpoint()
    happen(kind, details=details)
    drain(5)
    [event] = sink.events
    assert expected.items() <= event.items()
    assert "category" not in event
    assert "custom_variables" not in event


def test_filters_choose_by_stream_domain_and_kind(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    bulk, strange = Sink(), Sink()
    with listening([bulk, strange]):
        make_endpoint(event_types=["bounce", "spam_complaint"], domain_id=world.domain.pk)
        make_endpoint(url=bulk.url, sending_stream="bulk")
        make_endpoint(url=strange.url, account=world.stranger_account, domain_id=world.stranger_domain.pk)
        happen("delivery", "spam")
        happen("bounce", stream="bulk")
        happen("delivery", domain=world.stranger_domain)
        drain(5)
    assert [event["event"] for event in sink.events] == ["spam"]
    assert [event["event"] for event in bulk.events] == ["bounce"]
    assert [event["sending_domain_name"] for event in strange.events] == ["stranger.test"]


def test_what_only_we_show_is_told_to_nobody(happen: Happen, make_endpoint: Make) -> None:
    make_endpoint()
    happen("release", "requeue", "cancel")
    assert not WebhookDelivery.objects.exists()


def test_events_travel_together_up_to_the_most_and_in_order(
    happen: Happen, make_endpoint: Make, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MOST_EVENTS", 3)
    make_endpoint()
    for _ in range(4):
        happen("delivery", "open")
    assert drain(5) == 3
    assert [len(told.events) for told in sink.told] == [3, 3, 2]
    numbers = [event["number"] for event in sink.events]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 8
    assert drain(5) == 0


def test_five_hundred_events_fit_into_one_request(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    make_endpoint()
    message = happen()
    news = News(message.pk, world.account.pk, Event.Type.OPEN, timezone.now(), {})
    record_news([news] * 501)
    followers.follow(float("inf"))
    drain(10)
    assert [len(told.events) for told in sink.told] == [500, 1]


def test_json_lines_have_one_event_a_line(happen: Happen, make_endpoint: Make, sink: Sink) -> None:
    make_endpoint(payload_format="jsonlines")
    happen("delivery", "open")
    drain(5)
    [told] = sink.told
    assert told.headers["Content-Type"] == "application/jsonl"
    assert told.body.endswith(b"}\n")
    assert [event["event"] for event in told.events] == ["delivery", "open"]


def test_both_signatures_prove_the_body(happen: Happen, make_endpoint: Make, sink: Sink) -> None:
    from mailtrap.webhooks import verify_signature

    endpoint = make_endpoint()
    happen("delivery")
    drain(5)
    [told] = sink.told
    assert verify_signature(told.body, told.headers["Mailtrap-Signature"], endpoint.secret)
    assert not verify_signature(told.body + b" ", told.headers["Mailtrap-Signature"], endpoint.secret)
    assert told.headers["webhook-signature"] == standard_signature(told, standard_secret(endpoint.secret))
    assert abs(int(told.headers["webhook-timestamp"]) - timezone.now().timestamp()) < 60
    assert told.headers["Mailtrap-Signature-Next"] is None


def standard_signature(told, secret: str) -> str:
    """As https://www.standardwebhooks.com says, without our code."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join([told.headers["webhook-id"].encode(), told.headers["webhook-timestamp"].encode(), told.body])
    return "v1," + base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()


def test_userinfo_becomes_basic_authentication_and_is_shown_nowhere(
    happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    endpoint = make_endpoint(url=sink.url.replace("//", "//shop:s3cr%20et@"))
    happen("delivery")
    drain(5)
    assert base64.b64decode(sink.told[0].headers["Authorization"].removeprefix("Basic ")) == b"shop:s3cr et"
    attempt = WebhookAttempt.objects.get()
    assert endpoint.shown_url == sink.url.replace("//", "//shop:•••@")
    assert "s3cr" not in attempt.request_head + endpoint.shown_url
    assert "Authorization: Basic •••" in attempt.request_head
