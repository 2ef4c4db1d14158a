"""What tests of webhooks share: a customer's server on the loopback, and news about mail."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.webhook_sink import Sink, listening
from mailtrap_site.testing.world import World
from sending import followers
from sending.events.record import News, record_news
from sending.models import Event, Message, WebhookEndpoint
from sending.webhooks.endpoints import By, Wanted, create
from sending.webhooks.payloads import EVENT_TYPES

Make = Callable[..., WebhookEndpoint]
Happen = Callable[..., Message]


@pytest.fixture
def loopback() -> Iterator[None]:
    """Loopback addresses and every port may be posted to, as on a playground."""
    environment = replace(settings.ENVIRONMENT, outbound_public_only=False)
    with override_settings(ENVIRONMENT=environment):
        yield


@pytest.fixture
def sink(loopback: None) -> Iterator[Sink]:
    sink = Sink()
    with listening([sink]):
        yield sink


@pytest.fixture
def make_endpoint(world: World, sink: Sink) -> Make:
    """A webhook of Alice's account to the sink, for all events of transactional mail."""

    def make_endpoint(**changes: Any) -> WebhookEndpoint:
        wanted = {"url": sink.url, "sending_stream": "transactional", "event_types": list(EVENT_TYPES)} | changes
        account = wanted.pop("account", world.account)
        return create(account, Wanted(**wanted), By())

    return make_endpoint


@pytest.fixture
def happen(world: World) -> Happen:
    """News about a mail of `example.test`, followed through the feed; returns the mail."""

    def happen(
        *kinds: str, domain: Any = None, details: dict[str, Any] | None = None, follow: bool = True, **fields: Any
    ) -> Message:
        message = make_message(domain or world.domain, status="queued", **fields)
        at = datetime(2026, 11, 1, 12, tzinfo=UTC)
        for kind in kinds:
            record_news([News(message.pk, message.account_id, Event.Type(kind), at, details or {})])
        if follow:
            followers.follow(float("inf"))
        return message

    return happen
