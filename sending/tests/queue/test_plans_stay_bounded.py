"""With 200,000 messages in queue and log, claim, depth, sweep and orders look at a bounded part, by index."""

import json
import time
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from mailtrap_site.testing.world import make_world
from sending.models import QueueEntry
from sending.models.statements import raw_cursor
from sending.queue import control, depth, orders, parked, scheduled, sweep
from sending.queue.claim import BATCH, LEASE, _settled, claim, mark_uncertain, renew
from sending.queue.control import Scope
from sending.queue.scheduled import By
from sending.tests.long_queue import add_rows
from sending.tests.queued import queue_message

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

MANY = 200_000


class Explaining(psycopg.Cursor[Any]):
    """Executes each statement as EXPLAIN ANALYZE first, and keeps the plan."""

    plans: list[dict[str, Any]]

    def execute(self, query, params=None, **options):
        with psycopg.Cursor(self.connection) as other:
            other.execute("SAVEPOINT explained")
            text = query.encode() if isinstance(query, str) else query
            [[[plan]]] = other.execute(b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + text, params).fetchall()
            other.execute("ROLLBACK TO explained")
        self.plans.append(plan if isinstance(plan, dict) else json.loads(plan)[0])
        return super().execute(query, params, **options)


def explaining(plans):
    cursor = Explaining(connection.connection)
    cursor.plans = plans
    return cursor


def nodes(plan):
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def blocks(plans):
    return sum(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] for plan in plans)


def whole_reads(plans):
    """Sequential scans of the queue or of a part of the log."""
    found = (node for plan in plans for node in nodes(plan["Plan"]) if node["Node Type"] == "Seq Scan")
    return [
        node["Relation Name"]
        for node in found
        if node["Relation Name"].startswith(("sending_queueentry", "sending_message", "sending_submission"))
    ]


def test_a_long_queue_and_log_cost_nothing(monkeypatch):
    """One test, since what a test leaves behind (rows that were rolled back) would be in the way of the next."""
    world = _fill()
    _claims_are_bounded(world)
    _sweeping_is_bounded(monkeypatch)
    _depth_reads_a_part_and_scales_it_up(monkeypatch)
    _tending_is_bounded(monkeypatch)
    _leases_are_bounded()
    _decisions_about_scheduled_mail_are_bounded(world, monkeypatch)


def _fill():
    world = make_world()
    now = timezone.now()
    cursor = raw_cursor()
    add_rows(cursor, MANY, accepted_at=now - timedelta(minutes=10), account=world.account.pk, destinations=3)
    add_rows(cursor, 20_000, accepted_at=now - timedelta(minutes=8), account=10_000, accounts=2_000, stream="bulk")
    add_rows(cursor, 100_000, accepted_at=now - timedelta(minutes=6), is_queued=False)
    for table in ("sending_queueentry", "sending_message", "sending_submission"):
        cursor.execute(f"ANALYZE {table}")
    return world


def _claims_are_bounded(world):
    # What an earlier test on this connection has settled was rolled back with it.
    _settled.discard(connection.connection)
    [reset] = queue_message(world.stranger_domain, "me@x.test")
    plans: list[dict[str, Any]] = []
    found = claim(explaining(plans), now=timezone.now())
    assert len(found) == BATCH
    assert reset in {one.message_id for one in found}
    assert whole_reads(plans) == []
    assert blocks(plans) < 12_000

    plans.clear()
    assert claim(explaining(plans), now=timezone.now(), busy={"d0.test", "d1.test", "d2.test", "x.test"})
    assert whole_reads(plans) == []
    assert blocks(plans) < 40_000


def _sweeping_is_bounded(monkeypatch):
    plans: list[dict[str, Any]] = []
    monkeypatch.setattr(sweep, "raw_cursor", lambda: explaining(plans))
    monkeypatch.setattr(sweep, "MOST_BLOCKS", 500)
    monkeypatch.setattr(sweep, "_block", 0)
    assert sweep.sweep(timezone.now()) == sweep.Swept(uncertain=0, due=True)
    assert whole_reads(plans) == []
    assert blocks(plans) < 1_000


def _tending_is_bounded(monkeypatch):
    plans: list[dict[str, Any]] = []
    for module in (orders, parked):
        monkeypatch.setattr(module, "raw_cursor", lambda: explaining(plans))
    QueueEntry.objects.filter(stream="bulk").update(hold="standing", pause_id=0)
    raw_cursor().execute("ANALYZE sending_queueentry")
    parked._groups(parked._FIRST)
    assert whole_reads(plans) == []
    assert blocks(plans) < 5_000

    plans.clear()
    control.requeue(Scope(destination="d1.test"))
    assert orders._step(timezone.now())
    assert whole_reads(plans) == []
    assert blocks(plans) < 5_000
    assert orders.work_off(timezone.now(), time.monotonic()) is True


def _leases_are_bounded():
    plans: list[dict[str, Any]] = []
    found = claim(raw_cursor(), now=timezone.now())
    assert len(mark_uncertain(explaining(plans), found[:50], now=timezone.now())) == 50
    assert renew(explaining(plans), found, until=timezone.now() + LEASE) == len(found)
    assert whole_reads(plans) == []
    assert blocks(plans) < 6_000


def _decisions_about_scheduled_mail_are_bounded(world, monkeypatch):
    plans: list[dict[str, Any]] = []
    later = timezone.now() + timedelta(days=1)
    mine = QueueEntry.objects.filter(account=world.account).order_by("-pk")
    scheduled_ids = list(mine.values_list("pk", flat=True)[:20_000])
    QueueEntry.objects.filter(pk__in=scheduled_ids).update(
        send_at=later, due_at=later, lease_owner=None, lease_until=None, uncertain_since=None
    )
    raw_cursor().execute("ANALYZE sending_queueentry")
    monkeypatch.setattr(scheduled, "raw_cursor", lambda: explaining(plans))
    assert len(scheduled.list_scheduled([world.account.pk, 1, 2, 3], size=100)) == 100
    assert whole_reads(plans) == []
    assert blocks(plans) < 2_000

    for number, decide in enumerate((scheduled.cancel, scheduled.send_now)):
        plans.clear()
        assert scheduled.find_scheduled(world.account.pk, scheduled_ids[number])
        assert decide(world.account, scheduled_ids[number], By("Alice"))
        assert whole_reads(plans) == []
        assert blocks(plans) < 500
    plans.clear()
    assert scheduled.reschedule(world.account, scheduled_ids[2], later + timedelta(hours=1), By("Alice"))
    assert whole_reads(plans) == []
    assert blocks(plans) < 500


def _depth_reads_a_part_and_scales_it_up(monkeypatch):
    monkeypatch.setattr(depth, "MOST_BLOCKS", 400)
    plans: list[dict[str, Any]] = []
    found = depth.depths(explaining(plans), timezone.now(), limit=3)
    assert blocks(plans) < 1_500
    assert {one.destination for one in found} == {"d0.test", "d1.test", "d2.test"}
    assert all(one.share < 0.5 and 0.5 < one.due / (MANY / 3) < 2 for one in found)
