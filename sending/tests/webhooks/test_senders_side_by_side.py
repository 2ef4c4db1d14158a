"""Several senders at once: each event arrives once and in order, one request an endpoint at a time; slow servers keep
nobody else waiting."""

import time
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from mailtrap_site.testing.webhook_sink import Sink, listening
from mailtrap_site.testing.world import World, make_world
from sending import followers
from sending.events.record import News, record_news
from sending.models import Event, WebhookEndpoint
from sending.tests.webhooks.conftest import Happen, Make
from sending.webhooks import batches, drain
from sending.webhooks.claim import OF_ONE_ACCOUNT, claim, record
from sending.webhooks.posting import post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def sending_until_empty(most: int = 400) -> Thread:
    """A sender of its own, as in another process."""

    def run() -> None:
        idle = 0
        for _ in range(most):
            claims = claim(timezone.now(), most=2)
            for one in claims:
                record(one, post(one.request), timezone.now())
            idle = 0 if claims else idle + 1
            if idle > 40:
                break
            if not claims:
                time.sleep(0.02)
        connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


def test_four_senders_deliver_each_event_once_and_in_order(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MOST_EVENTS", 3)
    other = Sink()
    with listening([other]):
        make_endpoint()
        make_endpoint(url=other.url)
        message = happen()
        senders = [sending_until_empty() for _ in range(4)]
        for _ in range(10):
            news = News(message.pk, world.account.pk, Event.Type.OPEN, timezone.now(), {})
            record_news([news] * 7)
            followers.follow(float("inf"))
        for sender in senders:
            sender.join(60)
    for one in (sink, other):
        numbers = [event["number"] for event in one.events]
        assert len(numbers) == 70
        assert numbers == sorted(set(numbers))
        assert one.most_at_once == 1


def test_a_slow_server_keeps_no_other_waiting(world: World, happen: Happen, make_endpoint: Make, sink: Sink) -> None:
    slow = Sink(before=lambda: time.sleep(3))
    with listening([slow]):
        for _ in range(OF_ONE_ACCOUNT + 2):
            make_endpoint(url=slow.url)
        make_endpoint(account=world.stranger_account, domain_id=world.stranger_domain.pk)
        happen("delivery")
        happen("delivery", domain=world.stranger_domain)
        arrived: list[float] = []
        sink.before = lambda: arrived.append(time.monotonic())
        begin = time.monotonic()
        assert drain.drain(4) == OF_ONE_ACCOUNT + 3
        assert arrived[0] - begin < 2
        assert slow.most_at_once == OF_ONE_ACCOUNT
    assert not WebhookEndpoint.objects.exclude(due_at=None).exists()


def test_while_one_drain_claims_another_of_this_process_leaves_at_once(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    done: list[int] = []

    def second() -> None:
        done.append(drain.drain(5))
        connection.close()

    sink.before = lambda: second() if not done else None
    make_endpoint()
    happen("delivery")
    assert drain.drain(5) == 1
    assert done == [0]


def test_a_fault_of_ours_is_tried_again_when_the_lease_has_passed(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    make_endpoint()
    happen("delivery")

    def broken(_one: Any) -> Any:
        raise RuntimeError("a mistake of ours")

    drain.drain(5, broken)
    assert drain.drain(5) == 0
    WebhookEndpoint.objects.update(lease_until=timezone.now())
    assert drain.drain(5) == 1
    assert len(sink.events) == 1
