"""Nothing passes the hourly limit, whatever makes it due; what does not leave gives its place back."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Barrier

import psycopg
import pytest
from django.db import connection, connections
from django.utils import timezone

from billing.fitting import hour_of
from billing.hours import Wish, rebook
from billing.models import HourBooking
from sending.log import sentences
from sending.log.story import tell
from sending.log.timeline import timeline
from sending.models import PARKED, Event, Message, QueueEntry
from sending.models.statements import raw_cursor
from sending.queue import control, orders, parked, scheduled
from sending.queue.claim import LEASE, claim
from sending.queue.control import Scope
from sending.queue.gate import claim_free
from sending.queue.hourly import make_room
from sending.submission.flush import flush
from sending.submission.payload import prepare
from sending.submission.submit import submit
from sending.tests.drafts import draft
from sending.tests.queue.test_the_hourly_limit import due, limit_hours, to

HOUR = timedelta(hours=1)
NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)
BY = scheduled.By("Priya")


@pytest.fixture
def now(monkeypatch):
    """Half past the next hour: no hour ends while a test runs, and no account began just now."""
    moment = hour_of(timezone.now()) + 3 * HOUR / 2
    monkeypatch.setattr(timezone, "now", lambda: moment)
    return moment


def booked(account):
    """Places by the number of hours from now, without hours that have none."""
    rows = HourBooking.objects.filter(account=account, booked__gt=0).values_list("hour", "booked")
    this = hour_of(timezone.now())
    return {(hour - this) // HOUR: count for hour, count in sorted(rows)}


def work_off():
    assert orders.work_off(timezone.now(), time.monotonic() + 5) is False


@pytest.mark.parametrize(
    ("leaves", "due_at", "limit", "booked", "expected", "left"),
    [
        # Held: it has no place, and takes the first there is.
        (9.5, None, 2, {9: 2, 10: 1}, 10, {9: 2, 10: 2}),
        (9.5, None, 2, {9: 1}, 9.5, {9: 2}),
        # Sooner: its own place goes with it.
        (9.5, 12, 2, {9: 1, 12: 2}, 9.5, {9: 2, 12: 1}),
        (9.5, 12, 2, {9: 2, 10: 2, 11: 2, 12: 2}, 12, {9: 2, 10: 2, 11: 2, 12: 2}),
        # Never later, although the limit has become smaller.
        (9.5, 11.25, 1, {9: 2, 10: 2, 11: 2}, 11.25, {9: 2, 10: 2, 11: 2}),
        # Later, since that is wished.
        (12.25, 10, 2, {10: 2, 12: 2}, 13, {10: 1, 12: 2, 13: 1}),
        # Without a limit nothing is booked.
        (9.5, 12, None, {12: 2}, 9.5, {12: 1}),
        # Its hour is over: it has no place to give back.
        (9.5, 8.5, 2, {9: 1}, 9.5, {9: 2}),
    ],
)
def test_a_recipient_whose_time_changes_takes_the_first_place_there_is(leaves, due_at, limit, booked, expected, left):
    def at(hour):
        return NINE + (hour - 9) * HOUR

    hours = {at(hour): count for hour, count in booked.items()}
    wish = Wish(1, at(leaves), None if due_at is None else at(due_at))
    assert rebook(wish, limit, hours, at(9.5)) == at(expected)
    assert {hour: count for hour, count in hours.items() if count} == {at(hour): count for hour, count in left.items()}


@pytest.mark.django_db
def test_more_scheduled_mail_than_its_hour_takes_follows_in_the_hours_after_it(world, now):
    limit_hours(world.account, 4)
    send_at = now + 2 * HOUR
    [one] = submit([draft(world, recipients=to(10), send_at=send_at)])
    assert due() == booked(world.account) == {2: 4, 3: 4, 4: 2}
    assert list(QueueEntry.objects.order_by("message_id").values_list("due_at", flat=True))[:5] == [
        *[send_at] * 4,
        hour_of(send_at) + HOUR,
    ]
    assert set(Message.objects.values_list("status", "send_at")) == {("scheduled", send_at)}
    submit([draft(world, recipients=to(3), send_at=send_at)])
    assert due() == booked(world.account) == {2: 4, 3: 4, 4: 4, 5: 1}

    timely, late = (tell(Message.objects.get(pk=key), send_at) for key in (one.message_ids[0], one.message_ids[4]))
    assert sentences.support(timely, now).startswith("It leaves by itself in 2")
    clock = timezone.localtime(hour_of(send_at) + HOUR)
    assert sentences.headline(late, now).startswith("Scheduled for")
    waits = f"It waits for the hourly limit of the plan, and leaves by itself at {clock:%H:%M}"
    assert sentences.support(late, now).startswith(waits)
    assert sentences.support(late, send_at).startswith(waits)
    assert len(claim(raw_cursor(), now=send_at)) == 4


@pytest.mark.django_db
def test_what_was_scheduled_and_waits_is_brought_forward_but_never_before_its_time(world, now):
    limit_hours(world.account, 2)
    send_at = now + 2 * HOUR
    submit([draft(world, recipients=to(6), send_at=send_at)])
    limit_hours(world.account, 5)
    assert not make_room(now, time.monotonic() + 10)
    assert due() == booked(world.account) == {2: 5, 3: 1}
    assert Counter(QueueEntry.objects.values_list("due_at", "send_at"))[send_at, send_at] == 5
    assert set(Message.objects.values_list("status", flat=True)) == {"scheduled"}
    limit_hours(world.account, None)
    make_room(now, time.monotonic() + 10)
    assert set(QueueEntry.objects.values_list("due_at", flat=True)) == {send_at}
    assert set(Message.objects.values_list("next_attempt_at", flat=True)) == {send_at}


@pytest.mark.django_db
def test_moved_to_another_time_it_takes_its_places_along(world, now):
    limit_hours(world.account, 4)
    [one] = submit([draft(world, recipients=to(6), send_at=now + HOUR)])
    submit([draft(world, recipients=to(1), send_at=now + 3 * HOUR)])
    assert booked(world.account) == {1: 4, 2: 2, 3: 1}
    assert scheduled.reschedule(world.account, one.submission_id, now + 3 * HOUR, BY)
    assert due() == booked(world.account) == {3: 4, 4: 3}
    moved = Message.objects.filter(submission=one.submission_id)
    assert set(moved.values_list("send_at", flat=True)) == {now + 3 * HOUR}
    fourth = hour_of(now) + 4 * HOUR
    assert Counter(moved.values_list("next_attempt_at", flat=True)) == {now + 3 * HOUR: 3, fourth: 3}
    [found] = [one for one in scheduled.list_scheduled([world.domain.pk], size=9) if one.recipients == 6]
    assert found.send_at == now + 3 * HOUR


@pytest.mark.django_db
def test_sent_now_as_much_leaves_as_the_hour_takes(world, now):
    limit_hours(world.account, 4)
    submit([draft(world, recipients=to(2))])
    [one] = submit([draft(world, recipients=to(5), send_at=now + 5 * HOUR)])
    assert scheduled.send_now(world.account, one.submission_id, BY)
    assert due() == booked(world.account) == {0: 4, 1: 3}
    assert not QueueEntry.objects.exclude(send_at=None).exists()
    last = tell(Message.objects.get(pk=one.message_ids[4]), now)
    assert sentences.support(last, now).startswith("It waits for the hourly limit of the plan")
    assert [line.rest for line in timeline(last, "") if line.participle == "Moved up"] == [
        "to an earlier hour, as Priya decided"
    ]


@pytest.mark.django_db
def test_cancelled_mail_gives_its_hour_back(world, now):
    limit_hours(world.account, 4)
    [one] = submit([draft(world, recipients=to(6), send_at=now + HOUR)])
    assert scheduled.cancel(world.account, one.submission_id, BY)
    assert booked(world.account) == {}
    submit([draft(world, recipients=to(10))])
    control.cancel(Scope(stream="transactional"))
    work_off()
    assert (booked(world.account), QueueEntry.objects.count()) == ({}, 0)
    submit([draft(world, recipients=to(3))])
    assert due() == booked(world.account) == {0: 3}


@pytest.mark.django_db
def test_what_was_tried_keeps_the_place_of_its_hour(world, now):
    limit_hours(world.account, 4)
    submit([draft(world, recipients=to(4))])
    QueueEntry.objects.update(attempts=1, due_at=now + HOUR)
    control.requeue(Scope(account_id=world.account.pk))
    work_off()
    assert (due(), booked(world.account)) == ({0: 4}, {0: 4})
    control.cancel(Scope(account_id=world.account.pk))
    work_off()
    assert booked(world.account) == {0: 4}


@pytest.mark.django_db
def test_the_order_to_send_now_passes_nobody_through_a_full_hour(world, now):
    limit_hours(world.account, 4)
    submit([draft(world, recipients=to(9))])
    order = control.requeue(Scope(account_id=world.account.pk))
    work_off()
    order.refresh_from_db()
    assert due() == booked(world.account) == {0: 4, 1: 4, 2: 1}
    assert order.handled == 0
    assert not Event.objects.filter(type=Event.Type.REQUEUE).exists()
    limit_hours(world.account, 6)
    control.requeue(Scope(account_id=world.account.pk))
    work_off()
    assert due() == booked(world.account) == {0: 6, 1: 3}


@pytest.mark.django_db
def test_held_by_hand_it_gives_its_place_back_and_released_it_takes_the_first_there_is(world, now):
    limit_hours(world.account, 4)
    submit([draft(world, recipients=to(6))])
    control.hold(Scope(account_id=world.account.pk))
    work_off()
    assert booked(world.account) == {}
    submit([draft(world, recipients=to(3))])
    control.release(Scope(account_id=world.account.pk))
    work_off()
    assert due() == booked(world.account) == {0: 4, 1: 4, 2: 1}
    waiting = Message.objects.filter(next_attempt_at__gt=now)
    assert set(waiting.values_list("status", flat=True)) == {"queued"}
    assert waiting.count() == 5


@pytest.mark.django_db
def test_what_a_pause_held_leaves_hour_by_hour_once_it_is_lifted(world, now):
    limit_hours(world.account, 4)
    submit([draft(world, recipients=to(10))])
    pause = control.pause(Scope(account_id=world.account.pk))
    assert claim_free(raw_cursor(), now=now, lease=LEASE, limit=99) == []
    assert booked(world.account) == {1: 4, 2: 2}
    control.resume(pause.pk)
    assert parked.set_free(now, time.monotonic() + 5).released == 4
    assert due() == booked(world.account) == {0: 4, 1: 4, 2: 2}
    assert not QueueEntry.objects.filter(due_at=PARKED).exists()


@pytest.mark.django_db
def test_what_is_rejected_when_its_domain_is_deleted_gives_its_place_back(world, now):
    limit_hours(world.account, 4)
    submit([draft(world, recipients=to(4))])
    world.domain.deleted_at = now
    world.domain.save()
    assert claim_free(raw_cursor(), now=now, lease=LEASE, limit=99) == []
    assert (booked(world.account), QueueEntry.objects.count()) == ({}, 0)


@pytest.mark.django_db(transaction=True)
def test_mail_that_is_sent_now_and_new_mail_share_the_hours_exactly(world):
    limit_hours(world.account, 7)
    now, together = hour_of(timezone.now()) + HOUR / 2, Barrier(20)
    later = [submit([draft(world, recipients=to(2), send_at=now + 20 * HOUR)])[0] for _ in range(30)]
    payloads = [prepare(draft(world, recipients=to(2))) for _ in range(30)]
    parameters = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor, "autocommit": True}

    def send(number):
        with psycopg.connect(**parameters) as other:
            together.wait(30)
            for payload in payloads[number::10]:
                flush(other, [payload], now)

    def send_now(number):
        together.wait(30)
        try:
            for one in later[number::10]:
                assert scheduled.send_now(world.account, one.submission_id, BY)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as threads:
        jobs = [threads.submit(act, number) for number in range(10) for act in (send, send_now)]
        for job in jobs:
            job.result(60)
    full, rest = divmod(120, 7)
    assert list(due().values()) == [7] * full + [rest] * bool(rest)


@pytest.mark.django_db(transaction=True)
def test_whoever_sends_cancels_holds_and_releases_at_once_no_hour_gets_too_many(world):
    """Afterwards each hour has exactly the places of what is due in it."""
    limit_hours(world.account, 7)
    now = hour_of(timezone.now()) + HOUR / 2
    together = Barrier(8)
    parameters = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor, "autocommit": True}

    def send(seed):
        rng = Random(seed)
        with psycopg.connect(**parameters) as other:
            together.wait(30)
            for _ in range(12):
                send_at = now + rng.randrange(4) * HOUR if rng.random() < 0.5 else None
                payload = prepare(draft(world, recipients=to(1 + rng.randrange(4)), send_at=send_at))
                flush(other, [payload], now)

    def decide(seed):
        rng, scope = Random(seed), Scope(account_id=world.account.pk)
        together.wait(30)
        try:
            for _ in range(8):
                rng.choice([control.cancel, control.hold, control.release, control.requeue])(scope)
                orders.work_off(now, time.monotonic() + 5)
                for one in rng.sample(
                    found := scheduled.list_scheduled([world.domain.pk], size=50), min(3, len(found))
                ):
                    act = rng.randrange(3)
                    if act == 0:
                        scheduled.cancel(world.account, one.submission_id, BY)
                    elif act == 1:
                        scheduled.send_now(world.account, one.submission_id, BY)
                    else:
                        scheduled.reschedule(world.account, one.submission_id, now + rng.randrange(1, 5) * HOUR, BY)
                make_room(now, time.monotonic() + 5)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        jobs = [threads.submit(send if number < 4 else decide, number) for number in range(8)]
        for job in jobs:
            job.result(120)
    orders.work_off(now, time.monotonic() + 30)
    free = QueueEntry.objects.filter(hold=None).values_list("due_at", flat=True)
    by_hour = Counter(hour_of(one) for one in free)
    assert max(by_hour.values(), default=0) <= 7
    kept = HourBooking.objects.filter(account=world.account, booked__gt=0)
    assert dict(kept.values_list("hour", "booked")) == dict(by_hour)
