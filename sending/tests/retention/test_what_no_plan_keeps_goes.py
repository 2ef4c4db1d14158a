"""Rows behind an account's days of log are out of sight at once and deleted soon; what is unfinished stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.models import QuotaOverride
from mailtrap_site.testing.world import make_world
from sending.events.record import News, record_news
from sending.log import balance_check
from sending.log.balance import hour_of
from sending.log.paging import fetch, find
from sending.log.query import Query
from sending.models import Attempt, Content, Event, HourCheck, Message, QueueEntry, Submission
from sending.models.content import new_content_id
from sending.models.identifiers import id_at, time_of
from sending.models.partitions import make_partitions, partition_names, week_start
from sending.retention.upkeep import tend
from sending.tests.queued import queue_message

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def world():
    return make_world()


def sent(domain, age, recipient="rita@recipient.test", *, finished=True):
    """A message that was accepted `age` ago, and delivered then."""
    now = timezone.now()
    [made] = queue_message(domain, recipient)
    moment = now - age
    message_id, submission_id = id_at(moment), id_at(moment)
    submission = Message.objects.get(pk=made).submission_id
    QueueEntry.objects.filter(message_id=made).update(message_id=message_id, submission_id=submission_id)
    Message.objects.filter(pk=made).update(id=message_id, submission_id=submission_id)
    Submission.objects.filter(pk=submission).update(id=submission_id)
    Event.objects.create(
        id=message_id, message_id=message_id, account_id=domain.account_id, type="accepted", occurred_at=moment
    )
    if finished:
        Attempt.objects.create(
            id=id_at(moment),
            message_id=message_id,
            account_id=domain.account_id,
            number=1,
            outcome="delivered",
            phase="final dot",
            started_at=moment,
            finished_at=moment,
        )
        record_news([News(message_id, domain.account_id, Event.Type.DELIVERY, moment, {})])
    return message_id


def count_hours():
    """As the balance does, which goes before every deletion."""
    for message_id in Message.objects.values_list("pk", flat=True):
        balance_check.count(hour_of(time_of(message_id)), timezone.now())
    HourCheck.objects.update(differences=0)


def kept():
    return set(Message.objects.values_list("pk", flat=True))


def test_rows_go_with_all_that_hangs_on_them(world):
    old, young = sent(world.domain, 4 * DAY), sent(world.domain, 1 * DAY)
    count_hours()
    tend(timezone.now(), float("inf"))
    assert kept() == {young}
    for table in (Attempt, Event):
        assert not table.objects.filter(message_id=old).exists()
        assert table.objects.filter(message_id=young).exists()
    assert Submission.objects.count() == 1


def test_an_account_with_more_days_keeps_its_own(world):
    QuotaOverride.objects.create(account=world.account, term="log_days", value=30, reason="Asked for it.")
    mine, theirs = sent(world.domain, 10 * DAY), sent(world.stranger_domain, 10 * DAY)
    count_hours()
    tend(timezone.now(), float("inf"))
    assert kept() == {mine}
    assert find(world.account.pk, mine) is not None
    assert find(world.stranger_account.pk, theirs) is None


def test_rows_are_out_of_sight_before_they_are_deleted(world):
    old, young = sent(world.domain, 3 * DAY + timedelta(minutes=1)), sent(world.domain, 2 * DAY)
    assert [row.pk for row in fetch(world.account.pk, Query()).rows] == [young]
    assert find(world.account.pk, old) is None


def test_what_waits_stays_whatever_its_age(world):
    waiting = sent(world.domain, 10 * DAY, finished=False)
    count_hours()
    tend(timezone.now(), float("inf"))
    assert kept() == {waiting}
    assert find(world.account.pk, waiting) is not None


def test_an_hour_that_was_not_counted_is_not_touched(world):
    old = sent(world.domain, 4 * DAY)
    tend(timezone.now(), float("inf"))
    assert kept() == {old}


def test_mail_that_was_scheduled_is_kept_from_when_it_left(world):
    old = sent(world.domain, 10 * DAY)
    Message.objects.filter(pk=old).update(finished_at=timezone.now() - DAY)
    count_hours()
    tend(timezone.now(), float("inf"))
    assert find(world.account.pk, old) is not None
    Message.objects.filter(pk=old).update(finished_at=timezone.now() - 4 * DAY)
    tend(timezone.now(), float("inf"))
    assert kept() == set()


def test_content_goes_on_its_day(world):
    Content.objects.create(id=new_content_id(timezone.now() - timedelta(minutes=1)), data=b"old")
    fresh = Content.objects.create(id=new_content_id(timezone.now() + DAY), data=b"new")
    tend(timezone.now(), float("inf"))
    assert list(Content.objects.values_list("pk", flat=True)) == [fresh.pk]


def test_a_week_of_which_nothing_is_kept_is_dropped(world):
    make_partitions(timezone.now() - 14 * DAY)
    week = f"sending_message_{week_start(timezone.now() - 14 * DAY):%G_w%V}"
    waiting, young = sent(world.domain, 14 * DAY, finished=False), sent(world.domain, timedelta(hours=2))
    tend(timezone.now(), float("inf"))
    assert week in partition_names("sending_message")  # Nothing was counted yet.
    count_hours()
    tend(timezone.now(), float("inf"))
    assert week in partition_names("sending_message")  # One message waits.
    record_news([News(waiting, world.account.pk, Event.Type.CANCEL, timezone.now() - 13 * DAY, {})])
    count_hours()
    tend(timezone.now(), float("inf"))
    assert week not in partition_names("sending_message")
    assert kept() == {young}
