"""What is cancelled before its first attempt leaves its meter, and the balance still finds each thing that differs."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import closing
from accounts.models import Account
from billing.metering import usage
from billing.models import UsagePeriod
from sending.events.record import Evidence, Result, record_results
from sending.log import meters
from sending.log.balance import hour_of
from sending.log.balance_check import count
from sending.models import Attempt, Event, HourBalance, HourCheck, Message, MeterDifference, QueueEntry, Submission
from sending.models.identifiers import time_of
from sending.models.statements import raw_cursor
from sending.privacy import deletion
from sending.queue import control, orders, parked
from sending.queue.claim import claim
from sending.queue.control import Scope
from sending.queue.scheduled import By, cancel, reschedule, send_now
from sending.submission.submit import Accepted, submit
from sending.tests.drafts import draft

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
ALICE = By("Alice")


def schedule(world, recipients):
    to = tuple(("to", f"r{number}@far.test") for number in range(recipients))
    [answer] = submit([draft(world, send_at=datetime.now(UTC) + HOUR, recipients=to)])
    assert isinstance(answer, Accepted)
    return answer.submission_id


def counted():
    """All hours counted anew, then the meters that differ."""
    now = datetime.now(UTC)
    for hour in {hour_of(time_of(one)) for one in Message.objects.values_list("pk", flat=True)}:
        count(hour, now)
    return meters.compare(now)


def test_an_hour_tells_what_was_returned_and_the_meter_agrees(world):
    schedule(world, 2)
    assert cancel(world.account, schedule(world, 3), ALICE)
    assert counted() == []
    row = HourBalance.objects.get()
    assert (row.accepted, row.returned, row.states) == (5, 3, {"scheduled": 2, "cancelled": 3})
    assert usage(world.account).used == 2


def test_an_organisations_meter_agrees_with_what_its_sub_accounts_sent(world):
    Account.objects.filter(pk=world.account.pk).update(organization=world.stranger_account, monthly_cap=10)
    schedule(world, 2)
    assert cancel(world.account, schedule(world, 3), ALICE)
    assert counted() == []
    pool = UsagePeriod.objects.get(account=world.stranger_account)
    assert (pool.used, pool.given_back) == (2, 3)
    UsagePeriod.objects.filter(pk=pool.pk).update(used=3)
    [differs] = counted()
    assert (differs.account_id, differs.used, differs.accepted, differs.days) == (world.stranger_account.pk, 3, 2, 2)
    UsagePeriod.objects.filter(pk=pool.pk).update(used=2)
    closing.ask(world.account, world.alice)
    Account.objects.filter(pk=world.account.pk).update(closes_at=timezone.now())
    assert not deletion.work_off(timezone.now(), time.monotonic() + 30)
    assert not Account.objects.filter(pk=world.account.pk).exists()
    assert meters.compare(datetime.now(UTC)) == []


def test_a_cancellation_since_an_hour_was_counted_last_is_no_difference(world):
    """An hour that has passed is counted again only from time to time."""
    submission_id = schedule(world, 3)
    assert counted() == []
    assert cancel(world.account, submission_id, ALICE)
    assert HourBalance.objects.get().returned == 0
    assert meters.compare(datetime.now(UTC)) == []


@pytest.mark.parametrize(
    ("used", "given_back"),
    [(+3, -3), (-3, +3), (+1, 0), (-1, 0)],
    ids=["not given back", "given back twice", "metered too much", "metered too little"],
)
def test_a_meter_that_gave_back_something_else_is_found(used, given_back, world):
    schedule(world, 4)
    assert cancel(world.account, schedule(world, 3), ALICE)
    Message.objects.filter(status="scheduled").update(status="delivered")
    QueueEntry.objects.all().delete()
    assert counted() == []
    UsagePeriod.objects.update(used=F("used") + used, given_back=F("given_back") + given_back)
    [found] = counted()
    assert (found.used, found.accepted) == (4 + used, 4)
    assert MeterDifference.objects.get().accepted == 4


DECISIONS = ("cancel", "send_now", "reschedule")
ORDERS = {"cancel_all": control.cancel, "hold": control.hold, "release": control.release}
ATTEMPTS = {"deliver": Attempt.Outcome.DELIVERED, "defer": Attempt.Outcome.DEFERRED}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("schedule", "accept", "free", "count", *DECISIONS, *ORDERS, *ATTEMPTS)), st.integers(0, 2)
    ),
    min_size=3,
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_decided_in_whatever_order_everybody_is_in_one_state_and_the_meter_is_exact(steps, world):
    for model in (Submission, Message, QueueEntry, Event, Attempt, UsagePeriod, HourBalance, HourCheck):
        model.objects.all().delete()
    for step, number in steps:
        take(step, number, world)
    now = datetime.now(UTC)
    assert counted() == []
    assert not HourBalance.objects.filter(difference__gt=0).exists()
    returned = Message.objects.filter(status="cancelled", attempts=0).count()
    meter = UsagePeriod.objects.first()
    if meter is not None:
        assert (meter.used, meter.given_back) == (Message.objects.count() - returned, returned)
    assert QueueEntry.objects.exclude(send_at=None).exclude(attempts=0).count() == 0
    for entry in QueueEntry.objects.filter(hold=None, send_at__gt=now):
        message = Message.objects.get(pk=entry.pk)
        assert (message.status, entry.due_at, message.next_attempt_at) == ("scheduled", entry.send_at, entry.send_at)


def take(step, number, world):
    """One step of what may happen to mail."""
    now = datetime.now(UTC)
    ids = list(Submission.objects.order_by("pk").values_list("pk", flat=True))
    if step == "schedule":
        schedule(world, number + 1)
    elif step == "accept":
        submit([draft(world)])
    elif step == "count":
        counted()
    elif step == "free":
        parked.set_free(now, time.monotonic() + 5)
    elif step in ATTEMPTS:
        attempt(ATTEMPTS[step], now + number * HOUR)
    elif step in ORDERS:
        ORDERS[step](Scope(account_id=world.account.pk))
        orders.work_off(now, time.monotonic() + 5)
    elif ids:
        decide(step, world.account, ids[number % len(ids)], now + (number + 1) * HOUR)


def decide(step, account, submission_id, send_at):
    if step == "cancel":
        cancel(account, submission_id, ALICE)
    elif step == "send_now":
        send_now(account, submission_id, ALICE)
    else:
        reschedule(account, submission_id, send_at, ALICE)


def attempt(outcome, now):
    """What a drain does, with one message."""
    retry_at = now + HOUR if outcome is Attempt.Outcome.DEFERRED else None
    evidence = Evidence(outcome, "RCPT", now, now)
    for one in claim(raw_cursor(), now=now, limit=1):
        number = one.attempts + 1
        record_results([Result(one.message_id, one.account_id, one.lease_owner, number, evidence, retry_at, {})])
