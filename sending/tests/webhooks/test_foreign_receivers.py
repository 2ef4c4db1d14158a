"""django-anymail's tracking view takes what we send: each event with its signature, kind, recipient and details."""

import json
from typing import Any

import pytest
from django.test import RequestFactory

from mailtrap_site.testing.webhook_sink import Sink, Told
from sending.tests.webhooks.conftest import Happen, Make
from sending.webhooks.drain import drain
from sending.webhooks.endpoints import By, replace_secret

pytestmark = [pytest.mark.django_db, pytest.mark.outside("anymail-python")]

BOUNCE = {
    "email_service_provider_status": "5.1.1",
    "email_service_provider_response": "No such user",
    "response_code": 550,
    "bounce_category": "badrecipient",
}


def heard_by_anymail(told: Told, secret: str) -> list[Any]:
    """The events that its signal carries."""
    from anymail.signals import tracking
    from anymail.webhooks.mailtrap import MailtrapTrackingWebhookView

    heard: list[Any] = []

    def hear(sender: Any, event: Any, esp_name: str, **_: Any) -> None:
        heard.append(event)

    tracking.connect(hear)
    try:
        request = RequestFactory().post(
            "/anymail/mailtrap/tracking/",
            told.body,
            content_type=told.headers["Content-Type"],
            headers={"Mailtrap-Signature": told.headers["Mailtrap-Signature"]},
        )
        answer = MailtrapTrackingWebhookView.as_view(tracking_secret=secret)(request)
        assert answer.status_code == 200
    finally:
        tracking.disconnect(hear)
    return heard


def test_each_event_arrives_as_anymails_own(happen: Happen, make_endpoint: Make, sink: Sink) -> None:
    endpoint = make_endpoint()
    kinds = {
        "delivery": "delivered", "soft_bounce": "deferred", "bounce": "bounced", "open": "opened", "click": "clicked",
        "unsubscribe": "unsubscribed", "spam": "complained", "suspension": "deferred", "reject": "rejected",
    }  # fmt: skip
    details = BOUNCE | {"click_url": "https://a.test/", "user_agent": "M", "reject_reason": "Suppressed"}
    ids = [
        str(happen(kind, details=details, category="Receipt", submission={"custom_variables": {"order": "1"}}).pk)
        for kind in kinds
    ]
    drain(5)
    [told] = sink.told
    heard = heard_by_anymail(told, endpoint.secret)
    assert [event.event_type for event in heard] == list(kinds.values())
    assert [event.message_id for event in heard] == ids
    assert {event.recipient for event in heard} == {"reader@far.test"}
    assert {(*event.tags, event.metadata["order"]) for event in heard} == {("Receipt", "1")}
    assert heard[2].mta_response == "5.1.1 No such user"
    assert (heard[4].click_url, heard[4].user_agent) == ("https://a.test/", "M")


def test_another_secret_is_refused_and_the_old_one_stands_while_both_are_good(
    happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    from datetime import timedelta

    from anymail.exceptions import AnymailWebhookValidationFailure
    from django.core.exceptions import SuspiciousOperation

    endpoint = make_endpoint()
    replace_secret(endpoint, timedelta(hours=1), By())
    happen("delivery")
    drain(5)
    [told] = sink.told
    assert len(heard_by_anymail(told, endpoint.secret)) == 1
    with pytest.raises((AnymailWebhookValidationFailure, SuspiciousOperation, AssertionError)):
        heard_by_anymail(told, "0" * 32)


def test_the_body_is_plain_json_with_one_key(happen: Happen, make_endpoint: Make, sink: Sink) -> None:
    make_endpoint()
    happen("delivery", recipient="größe@bücher.test")
    drain(5)
    body = json.loads(sink.told[0].body)
    assert list(body) == ["events"]
    assert body["events"][0]["email"] == "größe@bücher.test"
