"""Scheduled mail is listed, moved, sent now and cancelled as a whole, and only while no attempt has begun."""

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEntry
from billing.metering import usage
from billing.models import UsagePeriod
from billing.plans import FREE
from mailtrap_site.testing.live_instance import wait_for
from mailtrap_site.testing.world import make_platform, make_world
from sending.events.record import Evidence, Result, record_results
from sending.models import Attempt, Content, Door, Event, Message, QueueEntry, Submission
from sending.models.statements import raw_cursor
from sending.queue import control, orders
from sending.queue.claim import claim, contents, mark_uncertain
from sending.queue.control import Scope
from sending.queue.scheduled import By, cancel, find_scheduled, list_scheduled, reschedule, send_now
from sending.submission.submit import submit
from sending.tests.drafts import draft, message

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
ALICE = By("Alice")
DECISIONS = {
    "reschedule": lambda account, one: reschedule(account, one, timezone.now() + 5 * HOUR, ALICE),
    "send_now": lambda account, one: send_now(account, one, ALICE),
    "cancel": lambda account, one: cancel(account, one, ALICE),
}
every_decision = pytest.mark.parametrize("decide", DECISIONS.values(), ids=DECISIONS.keys())


def schedule(world, after=HOUR, recipients=2, **changes):
    """The submission's id."""
    to = tuple(("to", f"r{number}@far.test") for number in range(recipients))
    [answer] = submit([draft(world, send_at=timezone.now() + after, recipients=to, **changes)])
    return answer.submission_id


def statuses():
    return sorted(Message.objects.values_list("status", flat=True))


def work_off():
    assert orders.work_off(timezone.now(), time.monotonic() + 5) is False


def test_it_is_listed_soonest_first_and_by_pages(world):
    third, first, second = (schedule(world, hours * HOUR, recipients=3) for hours in (3, 1, 2))
    submit([draft(world)])
    found = list_scheduled([world.domain.pk, world.stranger_domain.pk], size=2)
    assert [(one.submission_id, one.recipients) for one in found] == [(first, 3), (second, 3)]
    [last] = list_scheduled([world.domain.pk], after=found[-1].position, size=2)
    assert last.submission_id == third
    assert list_scheduled([world.domain.pk], after=last.position, size=2) == []
    assert list_scheduled([world.stranger_domain.pk], size=2) == []


def test_two_of_one_moment_are_both_listed(world):
    send_at = timezone.now() + HOUR
    ids = {submit([draft(world, send_at=send_at)])[0].submission_id for _ in range(3)}
    found, after = [], list_scheduled([world.domain.pk], size=1)
    while after:
        found += after
        after = list_scheduled([world.domain.pk], after=found[-1].position, size=1)
    assert {one.submission_id for one in found} == ids
    assert len(found) == 3


def test_any_of_its_message_ids_names_it_and_nobody_elses_account(world):
    submission_id = schedule(world)
    for named in (submission_id, *Message.objects.values_list("pk", flat=True)):
        found = find_scheduled(world.account.pk, named)
        assert (found.submission_id, found.recipients) == (submission_id, 2)
        assert find_scheduled(world.stranger_account.pk, named) is None
    assert find_scheduled(world.account.pk, uuid.uuid4()) is None


def test_it_is_moved_to_another_time(world):
    submission_id, send_at = schedule(world), timezone.now() + 9 * HOUR
    before = Submission.objects.get().content_id
    assert reschedule(world.account, submission_id, send_at, ALICE)
    assert set(Message.objects.values_list("status", "send_at", "next_attempt_at")) == {("scheduled", send_at, send_at)}
    assert set(QueueEntry.objects.values_list("due_at", "send_at")) == {(send_at, send_at)}
    [details] = Event.objects.filter(type=Event.Type.RESCHEDULE).values_list("details", flat=True).distinct()
    assert details == {"decided_by": "Alice", "send_at": send_at.isoformat()}
    assert list_scheduled([world.domain.pk], size=9)[0].send_at == send_at
    assert usage(world.account).used == 2
    assert Content.objects.filter(pk=before).exists()


def test_moved_far_ahead_its_content_lasts_with_it(world):
    submission_id, send_at = schedule(world), timezone.now() + timedelta(days=25)
    original = Content.objects.get()
    assert reschedule(world.account, submission_id, send_at, ALICE)
    [claimed, _] = claim(raw_cursor(), now=send_at)
    kept = Content.objects.get(pk=claimed.content_id)
    assert kept.expires_at >= send_at + timedelta(days=FREE.log_days) - timedelta(seconds=1)
    assert kept.message == original.message
    assert contents(raw_cursor(), [original.pk]), "a claim that has read the old id still finds it"
    assert not reschedule(world.account, submission_id, send_at, ALICE)


def test_moved_within_the_day_or_nearer_its_content_is_not_copied(world):
    submission_id = schedule(world, timedelta(days=9))
    for days in (3, 1):
        assert reschedule(world.account, submission_id, timezone.now() + timedelta(days=days), ALICE)
    assert Content.objects.count() == 1


def test_sent_now_it_is_due(world):
    submission_id = schedule(world)
    assert send_now(world.account, submission_id, ALICE)
    assert statuses() == ["queued", "queued"]
    now = timezone.now()
    assert len(claim(raw_cursor(), now=now)) == 2
    assert all(moment <= now for moment in Message.objects.values_list("send_at", flat=True))
    event = Event.objects.filter(type=Event.Type.REQUEUE).first()
    assert event.details["decided_by"] == "Alice"


def test_cancelled_it_is_over_and_given_back(world):
    schedule(world, recipients=1)
    submission_id = schedule(world, recipients=3)
    assert usage(world.account).used == 4
    assert cancel(world.account, submission_id, ALICE)
    assert statuses() == ["cancelled"] * 3 + ["scheduled"]
    assert QueueEntry.objects.count() == 1
    assert usage(world.account).used == 1
    assert UsagePeriod.objects.get().given_back == 3
    message = Message.objects.filter(status="cancelled").first()
    assert (message.finished_at is not None, message.next_attempt_at) == (True, None)
    assert Event.objects.filter(type=Event.Type.CANCEL, details={"decided_by": "Alice"}).count() == 3


@pytest.mark.parametrize(
    ("decision", "action", "has_target_time"),
    [
        ("reschedule", "submission.rescheduled", True),
        ("send_now", "submission.sent_now", True),
        ("cancel", "submission.cancelled", False),
    ],
)
def test_a_decision_is_audited_once(decision, action, has_target_time, world):
    submission_id = schedule(world)
    send_at = QueueEntry.objects.first().send_at.isoformat()
    assert DECISIONS[decision](world.account, submission_id)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.account, entry.target_id) == (action, world.account, str(submission_id))
    assert entry.actor_name == "Alice"
    assert entry.changes["send_at"]["from"] == send_at
    assert (entry.changes["send_at"]["to"] is not None) is has_target_time


@every_decision
def test_what_is_not_scheduled_is_left_alone(decide, world):
    [queued] = submit([draft(world)])
    [held] = submit([draft(world, send_at=timezone.now() + HOUR)])
    QueueEntry.objects.filter(submission_id=held.submission_id).update(hold="by_hand", pause_id=0)
    others = QueueEntry.objects.filter(submission_id__in=[queued.submission_id, held.submission_id]).order_by("pk")
    before = list(others.values())
    for named in (queued.submission_id, held.submission_id, uuid.uuid4()):
        assert not decide(world.account, named)
    assert not decide(world.stranger_account, schedule(world))
    assert list(others.all().values()) == before
    assert not AuditEntry.objects.exists()


@every_decision
def test_once_a_worker_holds_one_recipient_nobody_decides_about_any(decide, world):
    submission_id = schedule(world, recipients=3)
    now = timezone.now() + 2 * HOUR
    [claimed] = claim(raw_cursor(), now=now, limit=1)
    assert not decide(world.account, submission_id)
    evidence = Evidence(Attempt.Outcome.DELIVERED, "final dot", now, now)
    record_results([Result(claimed.message_id, claimed.account_id, claimed.lease_owner, 1, evidence, None, {})])
    QueueEntry.objects.update(send_at=timezone.now(), due_at=timezone.now())
    assert find_scheduled(world.account.pk, submission_id) is None
    assert list_scheduled([world.domain.pk], size=9) == []
    assert not decide(world.account, submission_id), "its time has come, and a recipient is missing"
    assert statuses() == ["delivered", "scheduled", "scheduled"]


def test_what_a_dead_worker_held_untried_can_be_decided_about_and_its_result_leaves_no_trace(world):
    submission_id = schedule(world, recipients=1)
    [late] = claim(raw_cursor(), now=timezone.now() + 2 * HOUR, lease=-3 * HOUR)
    assert cancel(world.account, submission_id, ALICE)
    now = timezone.now()
    evidence = Evidence(Attempt.Outcome.DELIVERED, "final dot", now, now)
    assert record_results([Result(late.message_id, late.account_id, late.lease_owner, 1, evidence, None, {})]) == set()
    assert statuses() == ["cancelled"]


@every_decision
def test_what_was_cut_off_after_its_mark_cannot_be_called_back(decide, world):
    submission_id = schedule(world, recipients=1)
    now = timezone.now()
    mark_uncertain(raw_cursor(), claim(raw_cursor(), now=now + 2 * HOUR, lease=-3 * HOUR), now=now, lease=-HOUR)
    assert not decide(world.account, submission_id)


def test_overdue_mail_that_nobody_has_begun_can_still_be_called_back(world):
    submission_id = schedule(world, timedelta(milliseconds=100))
    time.sleep(0.15)
    assert [one.submission_id for one in list_scheduled([world.domain.pk], size=9)] == [submission_id]
    assert cancel(world.account, submission_id, ALICE)
    assert usage(world.account).used == 0


def test_the_rest_of_what_an_order_cancelled_in_part_can_be_decided_about(world):
    to = (("to", "a@far.test"), ("to", "b@near.test"))
    [answer] = submit([draft(world, send_at=timezone.now() + HOUR, recipients=to)])
    control.cancel(Scope(destination="far.test"))
    work_off()
    assert statuses() == ["cancelled", "scheduled"]
    assert find_scheduled(world.account.pk, answer.submission_id).recipients == 1
    assert usage(world.account).used == 1
    assert cancel(world.account, answer.submission_id, ALICE)
    assert usage(world.account).used == 0


def test_an_order_gives_back_what_was_never_tried_and_nothing_else(world):
    [tried], [untried] = submit([draft(world)]), submit([draft(world)])
    now = timezone.now()
    held = {one.message_id: one for one in claim(raw_cursor(), now=now)}
    evidence = Evidence(Attempt.Outcome.DEFERRED, "RCPT", now, now)
    one = held[tried.message_ids[0]]
    record_results([Result(one.message_id, one.account_id, one.lease_owner, 1, evidence, now + HOUR, {})])
    QueueEntry.objects.filter(pk=untried.message_ids[0]).update(lease_owner=None, lease_until=None)
    schedule(world, recipients=2)
    control.cancel(Scope(account_id=world.account.pk))
    work_off()
    assert statuses() == ["cancelled"] * 4
    assert (usage(world.account).used, UsagePeriod.objects.get().given_back) == (1, 3)


def test_it_is_given_back_to_the_period_in_which_it_was_accepted(world):
    submission_id = schedule(world, recipients=3)
    old = UsagePeriod.objects.get()
    border = timezone.now()
    UsagePeriod.objects.filter(pk=old.pk).update(ends_at=border)
    new = UsagePeriod.objects.create(
        account=world.account, starts_at=border, ends_at=border + timedelta(days=30), used=5, message_limit=10
    )
    assert cancel(world.account, submission_id, ALICE)
    assert dict(UsagePeriod.objects.values_list("pk", "used")) == {old.pk: 0, new.pk: 5}


def test_no_meter_goes_below_zero(world):
    submission_id = schedule(world, recipients=3)
    UsagePeriod.objects.update(used=1)
    assert cancel(world.account, submission_id, ALICE)
    assert UsagePeriod.objects.get().used == 0


def test_the_platforms_own_mail_has_no_meter_to_give_back_to(world, settings):
    platform, address = make_platform(), f"notices@{settings.PLATFORM_DOMAIN}"
    who = {"account_id": platform.pk, "token_id": None, "door": Door.INTERNAL, "mail_from": address}
    own = who | {"message": message(from_=address)}
    submission_id = schedule(world, **own)
    schedule(world, recipients=1)
    assert cancel(platform, submission_id, ALICE)
    assert [(one.account_id, one.used) for one in UsagePeriod.objects.all()] == [(world.account.pk, 1)]


@pytest.mark.django_db(transaction=True)
def test_of_a_claim_and_a_decision_at_one_moment_exactly_one_takes_place():
    world = make_world()
    counted = {"claimed": 0, "cancelled": 0}
    for number in range(30):
        submission_id = schedule(world, recipients=3)
        start = threading.Barrier(2)

        def take(start=start):
            try:
                cursor = raw_cursor()
                start.wait(5)
                return len(claim(cursor, now=timezone.now() + 2 * HOUR))
            finally:
                connection.close()

        def decide(start=start, submission_id=submission_id, later=number % 10 / 1000):
            try:
                connection.ensure_connection()
                start.wait(5)
                time.sleep(later)
                return cancel(world.account, submission_id, ALICE)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            claimed, cancelled = pool.submit(take), pool.submit(decide)
            assert (claimed.result(), cancelled.result()) in ((3, False), (0, True))
            counted["cancelled" if cancelled.result() else "claimed"] += 1
        assert QueueEntry.objects.count() == claimed.result()
        QueueEntry.objects.all().delete()
    assert usage(world.account).used == 3 * counted["claimed"]


@pytest.mark.django_db(transaction=True)
def test_a_claim_passes_over_what_is_being_decided_about_and_a_decision_waits_for_a_claim():
    world = make_world()
    submission_id = schedule(world)
    other = connection.copy()
    other.connect()
    try:
        with other.connection.transaction(), psycopg.Cursor(other.connection) as cursor:
            cursor.execute("SELECT FROM sending_queueentry FOR UPDATE")
            assert claim(raw_cursor(), now=timezone.now() + 2 * HOUR) == []
        with ThreadPoolExecutor(1) as pool:
            with other.connection.transaction(), psycopg.Cursor(other.connection) as cursor:
                assert len(claim(cursor, now=timezone.now() + 2 * HOUR)) == 2
                decided = pool.submit(cancel_and_close, world.account, submission_id)
                wait_for(is_anybody_waiting, "the decision waits", 10)
            assert decided.result(10) is False
    finally:
        other.close()
    assert statuses() == ["scheduled", "scheduled"]
    assert QueueEntry.objects.count() == 2


def cancel_and_close(account, submission_id):
    try:
        return cancel(account, submission_id, ALICE)
    finally:
        connection.close()


def is_anybody_waiting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_giving_back_beside_acceptances_loses_nothing(settings):
    world = make_world()
    ids = [schedule(world, recipients=2) for _ in range(20)]

    def accept(_):
        try:
            return submit([draft(world)])
        finally:
            connection.close()

    def give_back(one):
        return cancel_and_close(world.account, one)

    with ThreadPoolExecutor(4) as pool:
        accepted = [pool.submit(accept, number) for number in range(20)]
        cancelled = [pool.submit(give_back, one) for one in ids]
        assert all(one.result() for one in cancelled)
        assert len([one.result() for one in accepted]) == 20
    meter = UsagePeriod.objects.get()
    assert (meter.used, meter.given_back) == (20, 40)
