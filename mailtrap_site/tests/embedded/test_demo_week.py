"""The week of mail of a new demo account shows every outcome, and neither the balance nor the meter finds fault."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from accounts.models import Account
from billing.models import UsageDay, UsagePeriod
from mailtrap_site.embedded import demo_rows, demo_week
from mailtrap_site.embedded.demo_week import DAYS, Fate, first_day, week
from mailtrap_site.testing.world import World, make_world
from sending import followers
from sending.log import balance_check
from sending.models import DailyCount, Event, HourBalance, HourCheck, Message, MeterDifference, QueueEntry, Suppression
from sending.models.statistics import COUNTED
from sending.stats.rates import Counts

EVENING = datetime(2026, 11, 26, 21, 30, tzinfo=UTC)
"""When all of the week has been sent."""


@pytest.fixture
def planted(transactional_db: None) -> World:
    """Alice's account, as old as the week, with the week in it."""
    world, now = make_world(), timezone.now()
    Account.objects.filter(pk=world.account.pk).update(created_at=first_day(now))
    world.account.refresh_from_db()
    demo_rows.plant(world.account, world.domain, world.token, week(now), now)
    return world


@pytest.mark.parametrize("now", [EVENING, EVENING.replace(hour=0, minute=5), EVENING.replace(hour=9)])
def test_the_plan_is_bounded_ordered_and_over_before_now(now: datetime) -> None:
    mails = week(now)
    assert 150 < len(mails) <= 400
    assert [mail.at for mail in mails] == sorted(mail.at for mail in mails)
    assert first_day(now) <= mails[0].at
    assert mails[-1].at < now
    assert {mail.recipient.rpartition(".")[2] for mail in mails} == {"example", "test"}, "nobody's addresses"
    a_day = Counter(mail.at.date() for mail in mails)
    assert max(a_day.values()) <= 150, "what the Free plan sends in a day"


def test_the_plan_shows_every_fate_and_is_the_same_each_time() -> None:
    assert {mail.fate for mail in week(EVENING)} == set(Fate)
    assert week(EVENING) == week(EVENING)
    assert len({mail.at.date() for mail in week(EVENING)}) == DAYS


def test_accepted_is_the_sum_of_states_and_the_meter(planted: World) -> None:
    count = len(week(timezone.now()))
    assert Message.objects.count() == count == Event.objects.filter(type="accepted").count()
    assert UsagePeriod.objects.get().used == count
    assert UsageDay.objects.aggregate(sum=Sum("used"))["sum"] == count
    balance_check.check(timezone.now())
    assert HourBalance.objects.aggregate(sum=Sum("accepted"))["sum"] == count
    assert HourCheck.objects.aggregate(sum=Sum("differences"))["sum"] == 0
    assert not MeterDifference.objects.exists()


def test_the_balance_agrees_when_it_was_there_first(transactional_db: None) -> None:
    world, now = make_world(), timezone.now()
    Account.objects.filter(pk=world.account.pk).update(created_at=first_day(now))
    balance_check.check(now)
    demo_rows.plant(Account.objects.get(pk=world.account.pk), world.domain, world.token, week(now), now)
    balance_check.check(timezone.now())
    assert HourCheck.objects.aggregate(sum=Sum("differences"))["sum"] == 0
    assert not MeterDifference.objects.exists()


def test_what_follows_from_the_events_follows(planted: World) -> None:
    followers.follow(time.monotonic() + 10)
    kinds = Counter(Suppression.objects.values_list("type", flat=True))
    assert set(kinds) == {"hard bounce", "spam complaint", "unsubscription"}
    assert Suppression.objects.filter(email="olga@northwind.example").exists(), "the rejected mails have their reason"
    counted = sum((Counts(*row) for row in DailyCount.objects.values_list(*COUNTED)), Counts())
    assert counted.delivered == Event.objects.filter(type="delivery").count()
    assert counted.opened == Message.objects.exclude(opens_count=0).count()
    assert counted.clicked == Message.objects.exclude(clicks_count=0).count()
    assert counted.spam
    assert set(DailyCount.objects.values_list("provider", flat=True)) >= {"Google Workspace", "Office 365", "Yahoo"}


def test_unfinished_mail_waits_in_the_queue_and_finished_mail_does_not(planted: World) -> None:
    waiting = {message.pk: message.status for message in Message.objects.filter(finished_at=None)}
    assert sorted(waiting.values()) == ["deferred", "held"]
    assert set(QueueEntry.objects.values_list("pk", flat=True)) == set(waiting)
    for message in Message.objects.exclude(opens_count=0):
        assert Event.objects.filter(message=message, type="open").count() == message.opens_count


def test_pages_show_it(planted: World) -> None:
    client = Client()
    client.force_login(planted.alice)
    for status in Message.objects.values_list("status", flat=True).distinct():
        message = Message.objects.filter(status=status).order_by("-pk").first()
        assert message is not None
        page = client.get(f"/a/{planted.account.pk}/log/{message.pk}/")
        assert page.status_code == 200
        assert message.subject in page.content.decode()
    log = client.get(f"/a/{planted.account.pk}/log/").content.decode()
    assert "Newsletter" in client.get(f"/a/{planted.account.pk}/log/?category=Newsletter").content.decode()
    assert "defer+demo@simulator.test" in log


def test_planting_takes_no_time_that_a_start_would_feel(planted: World) -> None:
    other = planted.stranger_account
    Account.objects.filter(pk=other.pk).update(created_at=first_day(timezone.now()))
    other.refresh_from_db()
    begun, now = time.monotonic(), timezone.now()
    demo_rows.plant(other, planted.stranger_domain, planted.stranger_token, demo_week.week(now), now)
    assert time.monotonic() - begun < 10, "about half a second on an idle machine"
    assert now - timedelta(days=DAYS) < first_day(now)
