"""Hold, release, cancel and send now: by scope, in steps, beside running drains."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from mailtrap_site.testing.world import make_world
from sending.events.record import Evidence, Result, record_results
from sending.models import PARKED, Attempt, Event, Message, QueueEntry, QueueOrder
from sending.models.statements import raw_cursor
from sending.queue import control, orders
from sending.queue.claim import claim, mark_uncertain
from sending.queue.control import Scope
from sending.tests.queued import queue_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def work_off():
    return orders.work_off(timezone.now(), time.monotonic() + 5)


def statuses():
    return dict(Message.objects.values_list("recipient", "status"))


def late_result(claimed):
    now = timezone.now()
    evidence = Evidence(Attempt.Outcome.DELIVERED, "final dot", now, now)
    return record_results([Result(claimed.message_id, claimed.account_id, claimed.lease_owner, 1, evidence, None, {})])


def test_a_cancelled_scope_is_over_and_the_rest_stays(world):
    queue_message(world.domain, "a@far.test", "b@near.test")
    queue_message(world.stranger_domain, "c@far.test")
    order = control.cancel(Scope(account_id=world.account.pk, destination="far.test"), reason="Typo", by=world.alice)
    assert work_off() is False
    order.refresh_from_db()
    assert (order.handled, order.finished_at is not None) == (1, True)
    assert statuses() == {"a@far.test": "cancelled", "b@near.test": "queued", "c@far.test": "queued"}
    event = Event.objects.get()
    assert (event.type, event.details["reason"]) == ("cancel", "Typo")
    assert QueueEntry.objects.count() == 2
    assert Message.objects.get(recipient="a@far.test").finished_at is not None


def test_held_mail_waits_until_it_is_released(world):
    queue_message(world.domain, "a@far.test")
    control.hold(Scope(domain_id=world.domain.pk), reason="Wrong price")
    work_off()
    assert statuses() == {"a@far.test": "held"}
    assert Event.objects.get().details["reject_reason"] == "Wrong price"
    assert claim(raw_cursor(), now=timezone.now() + timedelta(days=30)) == []
    control.release(Scope(domain_id=world.domain.pk))
    work_off()
    assert statuses() == {"a@far.test": "queued"}
    assert len(claim(raw_cursor(), now=timezone.now())) == 1


def test_deferred_mail_is_sent_now(world):
    later = timezone.now() + timedelta(hours=6)
    [message_id] = queue_message(world.domain, "a@far.test", due_at=later)
    Message.objects.filter(pk=message_id).update(status="deferred", next_attempt_at=later)
    control.requeue(Scope(destination="far.test"))
    work_off()
    message = Message.objects.get()
    assert (message.status, message.next_attempt_at < later) == ("queued", True)
    assert len(claim(raw_cursor(), now=timezone.now())) == 1


@pytest.mark.parametrize("verb", [control.hold, control.cancel, control.requeue, control.release])
def test_what_is_being_sent_is_left_alone(world, verb):
    queue_message(world.domain, "a@far.test")
    [claimed] = claim(raw_cursor(), now=timezone.now())
    order = verb(Scope(account_id=world.account.pk))
    work_off()
    order.refresh_from_db()
    assert order.handled == 0
    assert late_result(claimed) == {claimed.message_id}
    assert statuses() == {"a@far.test": "delivered"}


@pytest.mark.parametrize(("verb", "status"), [(control.hold, "held"), (control.cancel, "cancelled")])
def test_a_worker_whose_lease_ran_out_leaves_no_trace_after_an_order(world, verb, status):
    queue_message(world.domain, "a@far.test")
    [claimed] = claim(raw_cursor(), now=timezone.now(), lease=timedelta(seconds=-1))
    verb(Scope(account_id=world.account.pk))
    work_off()
    assert late_result(claimed) == set()
    assert statuses() == {"a@far.test": status}
    assert not Attempt.objects.exists()


def test_a_worker_whose_claim_was_reclaimed_leaves_no_trace(world):
    queue_message(world.domain, "a@far.test")
    [late] = claim(raw_cursor(), now=timezone.now(), lease=timedelta(seconds=-1))
    [current] = claim(raw_cursor(), now=timezone.now())
    assert late_result(late) == set()
    assert late_result(current) == {current.message_id}
    assert Attempt.objects.count() == 1


def test_what_was_cut_off_after_its_mark_is_not_cancelled(world):
    queue_message(world.domain, "a@far.test")
    held = claim(raw_cursor(), now=timezone.now(), lease=timedelta(seconds=-1))
    mark_uncertain(raw_cursor(), held, now=timezone.now())
    control.cancel(Scope(account_id=world.account.pk))
    work_off()
    assert statuses() == {"a@far.test": "queued"}
    assert QueueEntry.objects.exists()


def test_a_long_queue_is_worked_off_in_steps_and_goes_on_where_it_stopped(world, monkeypatch):
    monkeypatch.setattr(orders, "LOOK", 4)
    queue_message(world.domain, *(f"r{number}@x.test" for number in range(10)))
    order = control.cancel(Scope(stream="transactional"))
    assert orders.work_off(timezone.now(), time.monotonic()) is True
    assert orders._step(timezone.now()) is True
    order.refresh_from_db()
    assert (order.handled, order.finished_at) == (4, None)
    assert work_off() is False
    assert not QueueEntry.objects.exists()
    assert QueueOrder.objects.get().handled == 10


def test_mail_that_comes_after_the_order_is_not_meant(world):
    queue_message(world.domain, "a@far.test")
    control.cancel(Scope(account_id=world.account.pk))
    queue_message(world.domain, "b@far.test")
    work_off()
    assert statuses() == {"a@far.test": "cancelled", "b@far.test": "queued"}
    assert QueueEntry.objects.exclude(due_at=PARKED).count() == 1


def test_what_an_order_moves_is_not_all_due_at_one_moment(world, monkeypatch):
    """A claim bounds what it looks at by due times: a million of one time would be one too many."""
    monkeypatch.setattr(orders, "LOOK", 4)
    queue_message(
        world.domain, *(f"r{number}@x.test" for number in range(10)), due_at=timezone.now() + timedelta(hours=1)
    )
    control.requeue(Scope(stream="transactional"))
    assert work_off() is False
    times = list(QueueEntry.objects.values_list("due_at", flat=True))
    assert len(set(times)) == 3
    assert max(times) <= timezone.now()


@pytest.mark.django_db(transaction=True)
def test_an_order_does_not_overtake_the_one_before_it(world):
    queue_message(world.domain, "a@far.test")
    first = control.hold(Scope(stream="transactional"))
    control.release(Scope(stream="transactional"))
    other = connection.copy()
    other.connect()
    try:
        with other.connection.transaction():
            other.connection.execute("SELECT FROM sending_queueorder WHERE id = %s FOR UPDATE", [first.pk])
            assert orders._step(timezone.now()) is False
    finally:
        other.close()
    assert work_off() is False
    assert statuses() == {"a@far.test": "queued"}
    assert QueueEntry.objects.get().hold is None
