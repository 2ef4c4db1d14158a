"""Nothing takes mail before its time, then it leaves by itself, and no hold makes it forget its time."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from sending.events.record import Evidence, Result, record_results
from sending.models import PARKED, Attempt, Event, Message, QueueEntry
from sending.models.statements import raw_cursor
from sending.queue import control, depth, orders, parked, totals
from sending.queue.claim import LEASE, claim
from sending.queue.control import Scope
from sending.queue.gate import claim_free
from sending.queue.sweep import sweep
from sending.submission.submit import submit
from sending.tests.drafts import draft

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def send_at():
    return timezone.now() + HOUR


@pytest.fixture
def scheduled(world, send_at):
    """One message that leaves in an hour."""
    [answer] = submit([draft(world, send_at=send_at)])
    return Message.objects.get(pk=answer.message_ids[0])


def work_off():
    assert orders.work_off(timezone.now(), time.monotonic() + 5) is False


def state():
    message, entry = Message.objects.get(), QueueEntry.objects.get()
    return message.status, message.next_attempt_at, entry.due_at, entry.send_at


def test_it_is_claimed_when_its_time_has_come_and_not_before(scheduled, send_at):
    early = send_at - timedelta(milliseconds=1)
    assert claim(raw_cursor(), now=early) == []
    assert not sweep(early).due
    assert sweep(send_at).due
    assert [one.message_id for one in claim(raw_cursor(), now=send_at)] == [scheduled.pk]


def test_after_its_first_attempt_it_is_mail_like_any_other(scheduled, send_at):
    [held] = claim(raw_cursor(), now=send_at)
    now, retry_at = timezone.now(), send_at + HOUR
    evidence = Evidence(Attempt.Outcome.DEFERRED, "RCPT", now, now)
    record_results([Result(held.message_id, held.account_id, held.lease_owner, 1, evidence, retry_at, {})])
    assert state() == ("deferred", retry_at, retry_at, None)
    assert Message.objects.get().send_at == send_at


def test_it_waits_for_nobody_in_the_figures_until_it_is_due(scheduled, send_at, world, monkeypatch):
    for room in (depth, totals):
        # Another test may have left a long table behind, of which only a part would be read.
        monkeypatch.setattr(room, "MOST_BLOCKS", 10**6)
    submit([draft(world)])
    now = timezone.now()
    [far], stream = depth.depths(raw_cursor(), now), totals.totals(raw_cursor(), now)[0]
    for one in (far, stream):
        assert (one.due, one.waiting, one.scheduled, one.held, one.in_flight) == (1, 0, 1, 0, 0)
        assert one.oldest_due_at <= now
    assert far.total == 2
    [later], stream = depth.depths(raw_cursor(), send_at), totals.totals(raw_cursor(), send_at)[0]
    assert (later.due, later.scheduled, stream.due, stream.scheduled) == (2, 0, 2, 0)


def test_of_a_suspended_account_it_is_held_at_its_time_and_leaves_once_that_is_over(scheduled, send_at, world):
    world.account.state = "suspended"
    world.account.save()
    assert claim_free(raw_cursor(), now=send_at, lease=LEASE, limit=10) == []
    status, next_attempt_at, due_at, _ = state()
    assert (status, next_attempt_at, due_at) == ("held", None, PARKED)
    world.account.state = "active"
    world.account.save()
    parked.set_free(send_at + HOUR, time.monotonic() + 5)
    status, _, due_at, kept = state()
    assert (status, due_at >= send_at + HOUR, kept) == ("queued", True, None)


def test_a_suspension_that_is_over_before_its_time_changes_nothing(scheduled, send_at, world):
    world.account.state = "suspended"
    world.account.save()
    assert claim_free(raw_cursor(), now=send_at - timedelta(minutes=1), lease=LEASE, limit=10) == []
    world.account.state = "active"
    world.account.save()
    assert state() == ("scheduled", send_at, send_at, send_at)
    assert len(claim_free(raw_cursor(), now=send_at, lease=LEASE, limit=10)) == 1


def test_a_pause_holds_it_at_its_time(scheduled, send_at):
    pause = control.pause(Scope(destination="far.test"))
    assert claim_free(raw_cursor(), now=send_at, lease=LEASE, limit=10) == []
    assert state()[0] == "held"
    control.resume(pause.pk)
    parked.set_free(send_at, time.monotonic() + 5)
    assert state()[0] == "queued"
    assert len(claim_free(raw_cursor(), now=send_at + HOUR, lease=LEASE, limit=10)) == 1


def test_released_before_its_time_it_keeps_it(scheduled, send_at):
    control.hold(Scope(stream="transactional"))
    work_off()
    assert state() == ("held", None, PARKED, send_at)
    control.release(Scope(stream="transactional"))
    work_off()
    assert state() == ("scheduled", send_at, send_at, send_at)
    released = Event.objects.get(type=Event.Type.RELEASE)
    assert released.details["send_at"] == send_at.isoformat()


def test_released_after_its_time_it_leaves_at_once(world):
    submit([draft(world, send_at=timezone.now() + timedelta(milliseconds=150))])
    control.hold(Scope(stream="transactional"))
    work_off()
    time.sleep(0.2)
    control.release(Scope(stream="transactional"))
    work_off()
    status, _, due_at, kept = state()
    assert (status, kept) == ("queued", None)
    assert due_at <= timezone.now()


def test_it_is_not_swept_along_when_deferred_mail_is_sent_now(scheduled, send_at):
    order = control.requeue(Scope(stream="transactional"))
    work_off()
    order.refresh_from_db()
    assert order.handled == 0
    assert state() == ("scheduled", send_at, send_at, send_at)
