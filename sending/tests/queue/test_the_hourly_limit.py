"""More than an hour takes waits for the hours that follow, says so, and is brought forward once there is room."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from billing import subscriptions
from billing.fitting import hour_of, spread
from billing.models import HourBooking, QuotaOverride
from billing.plans import PLANS
from billing.subscriptions import By
from mailtrap_site import wake
from sending.log import sentences
from sending.log.story import tell
from sending.models import Event, Message, QueueEntry
from sending.models.statements import raw_cursor
from sending.queue.claim import claim
from sending.queue.hourly import make_room
from sending.submission.flush import flush
from sending.submission.payload import prepare
from sending.submission.submit import Accepted, submit
from sending.tests.drafts import draft

NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)


def limit_hours(account, value):
    # From an hour before: a test may set its clock to the half of this hour, which is not over.
    starts_at = account.created_at - timedelta(hours=1)
    QuotaOverride.objects.create(
        account=account, term="emails_per_hour", value=value, reason="A test.", starts_at=starts_at
    )


def to(count):
    return tuple(("to", f"r{number}@far.test") for number in range(count))


def due():
    """Messages by the number of hours that they wait."""
    this = hour_of(timezone.now())
    found = (hour_of(one) - this for one in QueueEntry.objects.values_list("due_at", flat=True))
    return dict(sorted(Counter(one // timedelta(hours=1) for one in found).items()))


@pytest.mark.parametrize(
    ("recipients", "limit", "booked", "expected"),
    [
        (2, 3, {}, [(9, 2)]),
        (7, 3, {9: 2}, [(9, 1), (10, 3), (11, 3)]),
        (1, 3, {9: 3, 10: 3}, [(11, 1)]),
        (2, 3, {9: 5, 10: 2}, [(10, 1), (11, 1)]),
        (2, 0, {}, [(9, 1), (10, 1)]),
    ],
)
def test_recipients_go_into_the_first_hours_with_room(recipients, limit, booked, expected):
    hours = {NINE.replace(hour=hour): count for hour, count in booked.items()}
    assert [(hour.hour, count) for hour, count in spread(recipients, NINE, limit, hours)] == expected


@pytest.mark.django_db
def test_the_excess_of_a_submission_waits_in_the_order_of_its_recipients(world):
    limit_hours(world.account, 4)
    [one] = submit([draft(world, recipients=to(10))])
    assert isinstance(one, Accepted)
    assert due() == {0: 4, 1: 4, 2: 2}
    waiting = list(QueueEntry.objects.order_by("due_at", "message_id").values_list("message_id", flat=True))
    assert waiting == list(one.message_ids)
    submit([draft(world, recipients=to(3))])
    assert due() == {0: 4, 1: 4, 2: 4, 3: 1}
    assert len(claim(raw_cursor(), now=timezone.now())) == 4


@pytest.mark.django_db
def test_a_message_that_waits_says_for_what_and_until_when(world):
    limit_hours(world.account, 1)
    [one] = submit([draft(world, recipients=to(2))])
    first, second = (tell(Message.objects.get(pk=key), timezone.now()) for key in one.message_ids)
    assert sentences.support(first, timezone.now()) == "It leaves within seconds."
    said = sentences.support(second, timezone.now())
    next_hour = timezone.localtime(hour_of(timezone.now()) + timedelta(hours=1))
    assert said.startswith(f"It waits for the hourly limit of the plan, and leaves by itself at {next_hour:%H:%M}")


@pytest.mark.django_db
def test_scheduled_mail_keeps_its_time_and_takes_its_place_in_that_hour(world):
    limit_hours(world.account, 2)
    send_at = hour_of(timezone.now()) + timedelta(hours=1, minutes=30)
    submit([draft(world, recipients=to(2), send_at=send_at)])
    assert set(QueueEntry.objects.values_list("due_at", flat=True)) == {send_at}
    submit([draft(world, recipients=to(3))])
    assert due() == {0: 2, 1: 2, 2: 1}


@pytest.mark.django_db
def test_an_account_without_a_limit_of_the_hour_books_nothing(world):
    submit([draft(world, recipients=to(9))])
    assert not HourBooking.objects.exists()
    assert due() == {0: 9}


@pytest.mark.django_db
def test_a_raised_limit_brings_forward_what_waits_in_its_order(world):
    limit_hours(world.account, 2)
    [one] = submit([draft(world, recipients=to(9))])
    limit_hours(world.account, 4)
    assert not make_room(timezone.now(), time.monotonic() + 10)
    assert due() == {0: 4, 1: 4, 2: 1}
    assert [claimed.message_id for claimed in claim(raw_cursor(), now=timezone.now())] == list(one.message_ids[:4])
    limit_hours(world.account, None)
    make_room(timezone.now(), time.monotonic() + 10)
    assert len(claim(raw_cursor(), now=timezone.now())) == 5
    assert set(Event.objects.filter(type=Event.Type.REQUEUE).values_list("account_id", flat=True)) == {world.account.pk}
    booked = HourBooking.objects.filter(hour__gt=hour_of(timezone.now())).values_list("booked", flat=True)
    assert sum(booked) == 0


@pytest.mark.django_db
def test_an_upgrade_asks_for_room_after_its_commit_and_what_waited_leaves_at_once(
    world, monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    monkeypatch.setattr(wake, "send_now", lambda task, *, queue: sent.append((task, queue)))
    subscriptions.put_on(world.account, PLANS.newest("basic_10k"), By(name="Stripe"), timezone.now())
    HourBooking.objects.create(account=world.account, hour=hour_of(timezone.now()), booked=800)
    submit([draft(world, recipients=to(3))])
    assert due() == {1: 3}
    sent.clear()
    with django_capture_on_commit_callbacks(execute=True):
        subscriptions.put_on(world.account, PLANS.newest("basic_50k"), By(name="Stripe"), timezone.now())
        assert not sent
    assert ("sending.make_room", "upkeep") in sent
    make_room(timezone.now(), time.monotonic() + 10)
    assert len(claim(raw_cursor(), now=timezone.now())) == 3


@pytest.mark.django_db
def test_room_is_made_in_pieces_and_an_account_that_waits_long_keeps_nobody_waiting(world, monkeypatch):
    monkeypatch.setattr("sending.queue.hourly.PIECE", 3)
    for account in (world.account, world.stranger_account):
        limit_hours(account, 1)
    submit([draft(world, recipients=to(12))])
    limit_hours(world.account, None)
    assert make_room(timezone.now(), time.monotonic() - 1)
    assert due() == dict.fromkeys(range(12), 1)
    assert not make_room(timezone.now(), time.monotonic() + 10)
    assert due() == {0: 12}


@pytest.mark.django_db
def test_what_is_held_or_was_tried_already_is_left_alone(world):
    limit_hours(world.account, 1)
    submit([draft(world, recipients=to(3))])
    tried, held = QueueEntry.objects.order_by("due_at")[1:]
    QueueEntry.objects.filter(pk=tried.pk).update(attempts=1)
    QueueEntry.objects.filter(pk=held.pk).update(hold="by_hand")
    limit_hours(world.account, None)
    make_room(timezone.now(), time.monotonic() + 10)
    assert due() == {0: 1, 1: 1, 2: 1}


@pytest.mark.django_db(transaction=True)
def test_fifty_senders_at_once_fill_each_hour_exactly(world):
    limit_hours(world.account, 7)
    now, together = timezone.now(), Barrier(50)
    payloads = [prepare(draft(world, recipients=to(1 + number % 3))) for number in range(50)]
    parameters = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor, "autocommit": True}

    def send(payload):
        with psycopg.connect(**parameters) as other:
            together.wait(30)
            return flush(other, [payload], now)[0]

    with ThreadPoolExecutor(50) as threads:
        assert all(isinstance(one, Accepted) for one in threads.map(send, payloads))
    recipients = sum(len(one.recipients) for one in payloads)
    full, rest = divmod(recipients, 7)
    assert list(due().values()) == [7] * full + [rest] * bool(rest)
    assert sorted(HourBooking.objects.values_list("booked", flat=True)) == sorted(due().values())
