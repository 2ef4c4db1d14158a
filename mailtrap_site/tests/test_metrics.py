"""The metrics can be read by Prometheus, say what stands in the database, and are nobody else's business."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import User
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.log import meters
from sending.log.balance import hour_of
from sending.log.balance_check import count
from sending.models import PARKED, Hold, QueueEntry, SharedCount
from sending.models.shared_counts import FRESH
from sending.models.statements import raw_cursor
from sending.queue import totals

TOKEN = "scraper's own"


@pytest.fixture
def scraped(world: World, settings: Any) -> Any:
    """Reads the metrics as Prometheus does: `{(name, labels…): value}`."""
    settings.METRICS_TOKEN = TOKEN

    def scrape() -> dict[tuple[str, ...], float]:
        answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
        families = text_string_to_metric_families(answer.content.decode())
        return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}

    return scrape


def test_events_of_the_last_minute_are_counted_by_type(world: World, scraped: Any):
    make_message(world.domain)
    make_message(world.stranger_domain, status="queued")
    make_message(world.domain, at=datetime.now(UTC) - timedelta(minutes=10))
    figures = scraped()
    assert figures["mail_events_last_minute", "accepted"] == 2
    assert figures["mail_events_last_minute", "bounce"] == 0


def test_the_queue_is_told_by_stream_and_destination(world: World, scraped: Any):
    now = datetime.now(UTC)
    make_message(world.domain, "a@far.test", status="queued", at=now - timedelta(seconds=90))
    make_message(world.domain, "b@far.test", status="queued", leased=True)
    make_message(world.domain, "c@far.test", status="deferred")
    asked = make_message(world.stranger_domain, "d@near.test", status="uncertain", stream="bulk")
    QueueEntry.objects.filter(pk=asked.pk).update(hold=Hold.UNCERTAIN, due_at=PARKED)
    figures = scraped()
    states = ("due", "waiting", "in_flight", "held", "uncertain")
    assert [figures["mail_queue_depth", state, "transactional"] for state in states] == [1, 1, 1, 0, 0]
    assert [figures["mail_queue_depth", state, "bulk"] for state in states] == [0, 0, 0, 1, 1]
    assert figures["mail_queue_oldest_due_seconds", "transactional"] == pytest.approx(90, abs=20)
    assert figures["mail_queue_oldest_due_seconds", "bulk"] == 0
    assert figures["mail_destination_depth", "far.test", "due"] == 1
    assert figures["mail_destination_depth", "near.test", "held"] == 1
    assert figures["mail_destination_oldest_due_seconds", "far.test"] == pytest.approx(90, abs=20)


def test_a_long_queue_is_sampled(world: World, monkeypatch: Any):
    for number in range(30):
        make_message(world.domain, f"r{number}@far.test", status="queued", at=datetime.now(UTC) - timedelta(minutes=1))
    (all_read, _) = totals.totals(raw_cursor(), datetime.now(UTC))
    assert all_read.due == 30
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sending_queueentry (message_id, submission_id, account_id, domain_id, stream, destination,"
            " due_at, attempts) SELECT gen_random_uuid(), gen_random_uuid(), 1, 1, 'bulk', 'far.test', now(), 0"
            " FROM generate_series(1, 20000)"
        )
    monkeypatch.setattr(totals, "MOST_BLOCKS", 100)
    (_, bulk) = totals.totals(raw_cursor(), datetime.now(UTC) + timedelta(minutes=1))
    assert bulk.due == pytest.approx(20_000, rel=0.4)


def test_the_balance_is_told_by_kind(world: World, scraped: Any):
    assert scraped()["mail_balance_counted_timestamp_seconds",] == 0
    now = datetime.now(UTC)
    make_message(world.domain, status="queued", at=now)
    world.account.usage_periods.create(
        starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1), used=3, message_limit=9
    )
    QueueEntry.objects.all().delete()
    count(hour_of(now), now)
    meters.compare(now)
    figures = scraped()
    assert figures["mail_balance_difference", "lost"] == 1
    assert figures["mail_balance_difference", "zombie"] == 0
    assert figures["mail_balance_difference", "meter"] == 2
    assert figures["mail_balance_counted_timestamp_seconds",] == pytest.approx(now.timestamp())


def test_connections_of_all_processes_are_added_while_they_are_fresh(scraped: Any):
    now = datetime.now(UTC)
    for process, (count_, seen_at) in enumerate([(3, now), (4, now), (9, now - 2 * FRESH)]):
        SharedCount.objects.create(
            kind="smtp-account", key="7", process=f"{process:032x}", count=count_, seen_at=seen_at
        )
    assert scraped()["mail_connections", "smtp-account"] == 7


@pytest.mark.parametrize("sent", [None, "", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer \u00fc"])
def test_who_does_not_bear_the_token_finds_nothing(sent: str | None, db: None, settings: Any):
    headers = {} if sent is None else {"Authorization": sent}
    for token in (TOKEN, ""):
        settings.METRICS_TOKEN = token
        assert Client().get("/metrics", headers=headers).status_code == 404


def test_staff_may_read_it_and_members_may_not(world: World):
    client = Client()
    client.force_login(world.alice)
    assert client.get("/metrics").status_code == 404
    client.force_login(User.objects.create_superuser("staff@platform.test"))
    assert client.get("/metrics").status_code == 200
