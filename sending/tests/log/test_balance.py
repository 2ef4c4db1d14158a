"""The balance finds every kind of contradiction between acceptance, messages, queue and meter, and nothing else."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F
from structlog.testing import capture_logs

from billing.models import UsageDay, UsagePeriod
from domains.models import SendingDomain
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.roomy import Term, make_roomy
from mailtrap_site.testing.world import World, make_platform
from sending.events.record import News, record_news
from sending.log import balance_facts, meters
from sending.log.balance import Fact, Kind, hour_of, kinds_of, tallies
from sending.log.balance_check import check, count
from sending.log.balance_facts import read_suspects
from sending.models import Event, HourBalance, HourCheck, Message, MeterDifference, QueueEntry
from sending.models.identifiers import new_id, time_of
from sending.models.partitions import make_partitions, week_start
from sending.models.statements import raw_cursor
from sending.submission.submit import Accepted, submit
from sending.tests.drafts import draft
from sending.tests.planted_days import plant_days

HEALTHY: dict[str, Any] = {
    "account_id": 1,
    "accepted": 1,
    "status": "queued",
    "entries": 1,
    "is_leased": False,
    "is_returned": False,
    "period_id": 7,
    "is_metered": True,
    "count": 1,
}


def accept(world: World, recipients: int = 1) -> Message:
    """Mail through the one door; returns the first message."""
    to = tuple(("to", f"rita{number}@far.test") for number in range(recipients))
    (outcome,) = submit([draft(world, recipients=to)])
    assert isinstance(outcome, Accepted), outcome
    return Message.objects.get(pk=outcome.message_ids[0])


def deliver(message: Message) -> None:
    record_news([News(message.pk, message.account_id, Event.Type.DELIVERY, datetime.now(UTC), {})])


def counted(message: Message) -> tuple[HourBalance, list[meters.Meter]]:
    now, hour = datetime.now(UTC), hour_of(time_of(message.pk))
    count(hour, now)
    return HourBalance.objects.get(hour=hour), meters.compare(now)


@pytest.mark.parametrize(
    ("changed", "kinds"),
    [
        ({}, []),
        ({"status": "held"}, []),
        ({"status": "delivered", "entries": 0}, []),
        ({"status": "cancelled", "entries": 0}, []),
        ({"period_id": None, "is_metered": False}, []),
        ({"entries": 0}, [Kind.LOST]),
        ({"status": "uncertain", "entries": 0}, [Kind.LOST]),
        ({"status": "bounced"}, [Kind.ZOMBIE]),
        ({"status": None, "entries": 0}, [Kind.VANISHED]),
        ({"status": None}, [Kind.VANISHED, Kind.ORPHANED]),
        ({"accepted": 0, "period_id": None}, [Kind.UNRECORDED]),
        ({"accepted": 2}, [Kind.DOUBLED]),
        ({"period_id": None}, [Kind.UNMETERED]),
    ],
)
def test_a_fact_is_judged(changed: dict[str, Any], kinds: list[Kind]):
    assert kinds_of(Fact(**HEALTHY | changed)) == kinds


def test_facts_are_added_up_by_account_and_period():
    facts = [
        Fact(**HEALTHY | {"count": 3, "is_leased": True}),
        Fact(**HEALTHY | {"count": 4, "status": "delivered", "entries": 0}),
        Fact(**HEALTHY | {"count": 2, "entries": 0}),
        Fact(**HEALTHY | {"count": 5, "period_id": 8}),
    ]
    first, second = tallies(facts)
    assert first.accepted == sum(first.states.values()) == 9
    assert first.states == {"sending": 3, "delivered": 4, "queued": 2}
    assert (first.unfinished, first.differences) == (5, {Kind.LOST: 2})
    assert (second.period_id, second.accepted, second.difference) == (8, 5, 0)


def test_in_a_healthy_world_nothing_differs(world: World):
    message = accept(world, 3)
    deliver(message)
    make_message(world.stranger_domain, status="bounced")
    Message.objects.filter(account=world.stranger_account).delete()
    Event.objects.filter(account=world.stranger_account).delete()
    row, differing = counted(message)
    assert (row.accepted, row.states, row.differences) == (3, {"queued": 2, "delivered": 1}, {})
    assert differing == []
    assert HourCheck.objects.get().unfinished == 2


def test_the_platforms_own_mail_needs_no_meter(db: None):
    platform = make_platform()
    message = make_message(SendingDomain.objects.get(account=platform))
    row, differing = counted(message)
    assert (row.accepted, row.period_id, row.differences, differing) == (1, None, {}, [])


def lose(message: Message) -> None:
    QueueEntry.objects.filter(pk=message.pk).delete()


def finish_without_the_queue(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(status="delivered")


def vanish(message: Message) -> None:
    lose(message)
    Message.objects.filter(pk=message.pk).delete()


def orphan(message: Message) -> None:
    Message.objects.filter(pk=message.pk).delete()


def unrecord(message: Message) -> None:
    Event.objects.filter(message=message).delete()


def double(message: Message) -> None:
    Event.objects.create(
        id=new_id(),
        message=message,
        account_id=message.account_id,
        type=Event.Type.ACCEPTED,
        occurred_at=datetime.now(UTC),
    )


def unmeter(message: Message) -> None:
    UsagePeriod.objects.all().delete()


@pytest.mark.parametrize(
    ("plant", "differences"),
    [
        (lose, {"lost": 1}),
        (finish_without_the_queue, {"zombie": 1}),
        (vanish, {"vanished": 1}),
        (orphan, {"vanished": 1, "orphaned": 1}),
        (unrecord, {"unrecorded": 1}),
        (double, {"doubled": 1}),
        (unmeter, {"unmetered": 2}),
    ],
)
def test_a_planted_difference_is_found_logged_and_named(
    plant: Callable[[Message], None], differences: dict[str, int], world: World
):
    message = accept(world, 2)
    plant(message)
    with capture_logs() as logged:
        rows = [row for row in counted_rows(message) if row.differences]
    (row,) = rows
    assert row.differences == differences
    alarms = [one for one in logged if one["event"] == "balance_difference" and "meter" not in one]
    assert [(one["log_level"], one["account"]) for one in alarms] == [("error", world.account.pk)]
    suspects = read_suspects(raw_cursor(), row.hour, row.account_id)
    assert message.pk in [one.message_id for one in suspects]
    assert {kind.value for one in suspects for kind in one.kinds} == set(differences)


def counted_rows(message: Message) -> list[HourBalance]:
    hour = hour_of(time_of(message.pk))
    count(hour, datetime.now(UTC))
    return list(HourBalance.objects.filter(hour=hour))


def test_a_standing_difference_alarms_once(world: World):
    message = accept(world)
    lose(message)
    counted_rows(message)
    with capture_logs() as logged:
        counted_rows(message)
    assert logged == []


@pytest.mark.parametrize("by", [-1, 1])
def test_a_meter_that_shows_something_else_is_found_until_it_is_mended(by: int, world: World):
    message = accept(world, 2)
    UsagePeriod.objects.update(used=F("used") + by)
    with capture_logs() as logged:
        _, (meter,) = counted(message)
    assert (meter.account_id, meter.used, meter.accepted) == (world.account.pk, 2 + by, 2)
    assert [one["meter"] for one in logged] == [by]
    assert MeterDifference.objects.count() == 1
    UsagePeriod.objects.update(used=F("used") - by)
    assert counted(message)[1] == []
    assert not MeterDifference.objects.exists()


def test_an_hour_in_which_a_period_begins_has_a_row_for_each(world: World):
    first = accept(world)
    border = Event.objects.get(message=first).occurred_at + timedelta(microseconds=1)
    period = UsagePeriod.objects.get()
    UsagePeriod.objects.create(
        account=world.account, starts_at=border, ends_at=period.ends_at, used=1, message_limit=10
    )
    UsagePeriod.objects.filter(pk=period.pk).update(ends_at=border)
    moved = accept(world)
    Event.objects.filter(message=moved).update(occurred_at=border)
    UsagePeriod.objects.filter(pk=period.pk).update(used=1)
    UsagePeriod.objects.exclude(pk=period.pk).update(used=1)
    plant_days()
    rows = counted_rows(first)
    assert [row.accepted for row in rows] == [1, 1]
    assert meters.compare(datetime.now(UTC)) == []


def test_an_hour_is_read_from_its_own_partition_alone(db: None):
    hour = hour_of(datetime.now(UTC))
    plan = raw_cursor().execute(b"EXPLAIN " + balance_facts._FACTS, balance_facts._bounds(hour)).fetchall()
    named = {word for (line,) in plan for word in line.split() if word.startswith("sending_message_")}
    assert named
    assert all(name.startswith(f"sending_message_{hour:%G_w%V}") for name in named)


@pytest.fixture
def old_weeks(transactional_db: None):
    """The partitions of the past weeks again, after a test that dropped one."""
    yield
    for weeks in range(1, 5):
        make_partitions(datetime.now(UTC) - timedelta(weeks=weeks))


def test_hours_are_counted_until_they_are_settled_and_stand_after_retention(world: World, old_weeks: None):
    now = datetime.now(UTC)
    then = week_start(now) - timedelta(weeks=4, hours=-5)
    UsagePeriod.objects.create(
        account=world.account,
        starts_at=then - timedelta(days=1),
        ends_at=now + timedelta(days=1),
        used=3,
        message_limit=10,
    )
    plant_days()
    waiting = make_message(world.domain, status="queued", at=then)
    make_message(world.domain, status="delivered", at=then)
    late = make_message(world.domain, status="delivered", at=then + timedelta(hours=30))
    assert check(now)
    assert [row.states for row in HourBalance.objects.order_by("hour")] == [
        {"queued": 1, "delivered": 1},
        {"delivered": 1},
    ]
    assert not MeterDifference.objects.exists()
    deliver(waiting)
    Message.objects.filter(pk=late.pk).update(status="bounced")
    assert check(now)
    assert [row.states for row in HourBalance.objects.order_by("hour")] == [{"delivered": 2}, {"delivered": 1}]

    HourCheck.objects.filter(hour=hour_of(then)).update(unfinished=1)
    for table in ("sending_message", "sending_event"):
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {table}_{then:%G_w%V}")
    assert check(now)
    assert HourBalance.objects.get(hour=hour_of(then)).states == {"delivered": 2}
    assert not MeterDifference.objects.exists()


def test_a_long_absence_is_caught_up_in_bounded_runs(world: World, transactional_db: None):
    now = datetime.now(UTC)
    oldest = now - timedelta(days=3)
    for hours in range(30):
        make_message(world.domain, at=oldest + timedelta(hours=hours))
    UsagePeriod.objects.create(
        account=world.account,
        starts_at=oldest - timedelta(days=1),
        ends_at=now + timedelta(days=1),
        used=30,
        message_limit=100,
    )
    plant_days()
    seen = []
    for _ in range(3):
        check(now)
        seen.append(HourBalance.objects.count())
    assert seen == [12, 24, 30]
    assert not MeterDifference.objects.exists()


def test_mail_in_movement_is_no_difference(world: World, transactional_db: None):
    make_roomy(world.account, Term.EMAILS_PER_DAY)
    stop = threading.Event()

    def move() -> None:
        try:
            while not stop.is_set():
                deliver(accept(world, 3))
        finally:
            connection.close()

    mover = threading.Thread(target=move)
    mover.start()
    try:
        with capture_logs() as logged:
            for _ in range(15):
                assert check(datetime.now(UTC))
    finally:
        stop.set()
        mover.join(20)
    assert [one for one in logged if one["log_level"] == "error"] == []
    assert HourCheck.objects.order_by("-accepted")[0].accepted > 3


def test_only_one_run_counts_at_a_time(world: World, transactional_db: None):
    answers = []

    def another() -> None:
        answers.append(check(datetime.now(UTC)))
        connection.close()

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [0x62616C616E636501])
        runner = threading.Thread(target=another)
        runner.start()
        runner.join(20)
        cursor.execute("SELECT pg_advisory_unlock(%s)", [0x62616C616E636501])
    assert answers == [False]


@pytest.mark.parametrize("by", [-1, 1])
def test_days_that_do_not_add_up_to_their_meter_are_found_until_they_are_mended(by: int, world: World):
    message = accept(world, 2)
    UsageDay.objects.update(used=F("used") + by)
    with capture_logs() as logged:
        _, (meter,) = counted(message)
    assert (meter.used, meter.accepted, meter.days) == (2, 2, 2 + by)
    assert [(one["meter"], one["days"]) for one in logged] == [(0, by)]
    assert MeterDifference.objects.get().days == 2 + by
    UsageDay.objects.update(used=F("used") - by)
    assert counted(message)[1] == []
    assert not MeterDifference.objects.exists()


@pytest.mark.parametrize(("counted_by_day", "differs"), [(1, False), (3, True)])
def test_an_upgrade_in_the_middle_of_a_period_is_no_difference_of_days(
    world: World, counted_by_day: int, differs: bool
):
    now = datetime.now(UTC)
    upgraded = now - timedelta(hours=5)
    steps = MigrationRecorder.Migration.objects.filter(app="billing")
    steps.filter(name="0001_initial").update(applied=now - timedelta(days=40))
    steps.filter(name="0003_plans").update(applied=upgraded)
    row = world.account.usage_periods.create(
        starts_at=now - timedelta(days=3), ends_at=now + timedelta(days=3), used=5, message_limit=100
    )
    for hours in (30, 29, 28, 27, 1):
        moment = now - timedelta(hours=hours)
        make_message(world.domain, at=moment)
        count(hour_of(moment), now)
    world.account.usage_days.create(
        period=row, day=now.date(), domain="example.test", stream="transactional", used=counted_by_day
    )
    meters.compare(now)
    assert MeterDifference.objects.exists() is differs
