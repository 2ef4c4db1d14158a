"""A stream that goes on bouncing after a warning is held with its evidence, and leaves again once; nothing is lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import Account, AuditEntry, Notification
from mailtrap_site.celery import app
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.alerts.stream_rules import STREAM_RULES, Rate
from sending.alerts.streams import judge
from sending.models import HourlyCount, QueuePause, StreamSuspension

NOW = datetime.now(UTC).replace(minute=30, second=0, microsecond=0)
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db


def counted(world: World, at: datetime, stream: str = "bulk", **counts: int) -> None:
    hour = at.replace(minute=0)
    HourlyCount.objects.create(account=world.account, domain=world.domain, stream=stream, hour=hour, **counts)


def kinds() -> list[str]:
    return list(
        Notification.objects.filter(user__email="alice@acme.test").order_by("pk").values_list("kind", flat=True)
    )


def suspended(world: World) -> StreamSuspension:
    """At NOW + 2 h, after a warning at NOW."""
    counted(world, NOW, delivered=850, bounced=150)
    assert judge(NOW) == 1
    counted(world, NOW + 2 * HOUR, delivered=90, bounced=30)
    assert judge(NOW + 2 * HOUR) == 1
    return StreamSuspension.objects.get(suspended_at__isnull=False, ended_at=None)


@pytest.mark.parametrize(
    ("kind", "part", "whole", "warns"),
    [
        ("bounces", 20, 200, True),
        ("bounces", 19, 190, False),
        ("bounces", 16, 200, False),
        ("bounces", 81, 1000, True),
        ("bounces", 80, 1000, False),
        ("spam", 5, 500, True),
        ("spam", 4, 500, False),
        ("spam", 20, 10_000, False),
    ],
)
def test_few_emails_suspend_nobody(kind: str, part: int, whole: int, warns: bool) -> None:
    assert STREAM_RULES[kind].is_warning(Rate(part, whole)) is warns


def test_it_is_warned_once_and_suspended_only_if_it_goes_on(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    counted(world, NOW, delivered=850, bounced=150)
    make_message(world.domain, "nobody@far.test", status="bounced", at=NOW - timedelta(minutes=5), provider="Google")
    with django_capture_on_commit_callbacks(execute=True):
        assert [judge(NOW), judge(NOW + timedelta(minutes=5)), judge(NOW + 2 * HOUR)] == [1, 0, 0]
    assert not QueuePause.objects.exists()
    text = " ".join(str(mail.outbox[0].body).replace("\N{NO-BREAK SPACE}", " ").split())
    assert "15 % of the stream “Bulk” bounced within 24 hours: 150 of 1,000." in text
    assert "passes 10 %" in text
    assert "1 at Google: 550 5.1.1" in text
    counted(world, NOW + 2 * HOUR, delivered=90, bounced=30)
    with django_capture_on_commit_callbacks(execute=True):
        assert [judge(NOW + 2 * HOUR), judge(NOW + 2 * HOUR)] == [1, 0]
    pause = QueuePause.objects.get()
    assert (pause.account_id, pause.domain_id, pause.stream) == (world.account.pk, world.domain.pk, "bulk")
    assert "180 of 1,120" in pause.reason
    assert kinds() == ["stream.warned", "stream.suspended"]
    assert "vera@acme.test" not in {letter.to[0] for letter in mail.outbox}
    entry = AuditEntry.objects.get(action="stream.suspended")
    assert (entry.account, entry.actor_name) == (world.account, "system")


def test_no_stream_is_suspended_within_an_hour_of_its_warning(world: World) -> None:
    counted(world, NOW, delivered=850, bounced=150)
    judge(NOW)
    counted(world, NOW + HOUR, delivered=90, bounced=90)
    assert judge(NOW + timedelta(minutes=59)) == 0
    assert judge(NOW + timedelta(minutes=61)) == 1


def test_a_warning_ends_quietly_once_the_rate_has_fallen(world: World) -> None:
    counted(world, NOW, delivered=850, bounced=150)
    judge(NOW)
    counted(world, NOW + 2 * HOUR, delivered=5_000)
    assert judge(NOW + 2 * HOUR) == 1
    assert StreamSuspension.objects.get().ended_at == NOW + 2 * HOUR
    assert kinds() == ["stream.warned"]


def test_the_other_stream_and_the_platform_go_on(world: World) -> None:
    counted(world, NOW, "transactional", delivered=1_000)
    row = suspended(world)
    assert (row.stream, row.kind) == ("bulk", "bounces")
    StreamSuspension.objects.all().delete()
    Account.objects.filter(pk=world.account.pk).update(is_platform=True)
    assert judge(NOW) == 0


def test_the_first_ends_by_itself_after_a_day_and_the_second_waits_for_staff(world: World) -> None:
    row = suspended(world)
    at = NOW + 2 * HOUR
    assert judge(at + 23 * HOUR) == 0
    assert judge(at + 25 * HOUR) == 1
    row.refresh_from_db()
    assert (row.ended_by, QueuePause.objects.count()) == ("recovered", 0)
    assert kinds()[-1] == "stream.released"
    again = at + 40 * HOUR
    counted(world, again, delivered=100, bounced=100)
    judge(again)
    counted(world, again + 2 * HOUR, delivered=100, bounced=100)
    assert judge(again + 2 * HOUR) == 1
    assert judge(again + 100 * HOUR) == 0
    assert QueuePause.objects.count() == 1


def test_staff_end_it_at_the_queue_and_old_hours_count_no_more(world: World, client: Any) -> None:
    from accounts.models import User

    row = suspended(world)
    client.force_login(User.objects.create_superuser("sam@platform.test"))
    assert client.post(reverse("admin:queue_resume", args=[row.pause_id])).status_code == 302
    later = NOW + 3 * HOUR
    assert judge(later) == 1
    row.refresh_from_db()
    assert row.ended_by == "by_staff"
    assert judge(later) == 0
    assert kinds()[-1] == "stream.released"


def test_complaints_suspend_as_well(world: World) -> None:
    counted(world, NOW, delivered=1_000, spam=5)
    judge(NOW)
    counted(world, NOW + 2 * HOUR, delivered=500, spam=4)
    assert judge(NOW + 2 * HOUR) == 1
    assert "were marked as spam" in QueuePause.objects.get().reason


def test_beat_judges_streams() -> None:
    assert any(one["task"] == "sending.judge_streams" for one in app.conf.beat_schedule.values())
