"""Mail with a time of its own: its page says when it leaves, and lets those who may send decide otherwise."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from mailtrap_site.web.wording import NBSP, moment_words
from sending.log.sentences import headline
from sending.log.story import tell
from sending.models import Message, QueueEntry
from sending.models.statements import raw_cursor
from sending.queue import scheduled
from sending.queue.claim import claim
from sending.queue.scheduled import By
from sending.submission.draft import Tracking
from sending.submission.submit import Accepted, submit
from sending.tests.drafts import draft

PRAGUE = ZoneInfo("Europe/Prague")
HOUR = timedelta(hours=1)


def schedule(world: World, after: timedelta = 9 * HOUR, count: int = 2, **changes: Any) -> Message:
    """The first of the recipients."""
    to = tuple(("to", f"r{number}@far.test") for number in range(count))
    send_at = timezone.now().replace(microsecond=0) + after
    (answer,) = submit([draft(world, send_at=send_at, recipients=to, **changes)])
    assert isinstance(answer, Accepted)
    return Message.objects.get(pk=answer.message_ids[0])


def path_of(message: Message, rest: str = "") -> str:
    return f"/a/{message.account_id}/log/{message.pk}/{rest}"


def shown(client: Client, address: str) -> str:
    return unescape(client.get(address).content.decode())


def heading(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert found
    return found[1]


def typed(moment: datetime, zone: ZoneInfo = PRAGUE) -> dict[str, str]:
    return {"send_at": moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M"), "zone": str(zone)}


def test_the_page_says_when_it_leaves_in_the_readers_zone(world: World, as_alice: Client):
    message = schedule(world, tracking=Tracking(opens=True, clicks=False))
    as_alice.cookies["time_zone"] = "Europe%2FPrague"
    page = shown(as_alice, path_of(message))
    assert message.send_at is not None
    words = moment_words(message.send_at, timezone.now(), PRAGUE)
    assert heading(page) == f"Scheduled for {words}"
    assert f"It leaves by itself in 9{NBSP}h." in page
    assert f"to leave on {words}" in page
    assert "Times in Europe/Prague" in page
    assert "All 2 recipients of this email go together." in page
    assert "asked to be tracked" in page
    assert "asked not to be tracked" in page
    assert "asked" not in shown(as_alice, path_of(schedule(world)))


def test_it_is_moved_to_the_time_as_the_page_showed_it(world: World, as_alice: Client):
    message, send_at = schedule(world), timezone.now().replace(second=0, microsecond=0) + 50 * HOUR
    as_alice.cookies["time_zone"] = "Asia%2FTokyo"
    answer = as_alice.post(path_of(message, "schedule/"), typed(send_at), follow=True).content.decode()
    assert "The email has a new time." in answer
    assert "as Alice decided" in answer
    assert set(QueueEntry.objects.values_list("due_at", flat=True)) == {send_at}
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.ip) == ("submission.rescheduled", world.alice, "127.0.0.1")


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("2026-01-01T10:00", "That time has passed. Choose a later one."),
        ("2126-01-01T10:00", "That is too far ahead. Choose a time within the next 30 days."),
        ("0001-01-01T00:00", "That time has passed"),
        ("9999-12-31T23:59", "That is too far ahead"),
        ("tomorrow", "Enter a valid date/time."),
        ("", "This field is required."),
        ("2026-03-29T02:30", "That time has passed"),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Prague", "Pacific/Kiritimati", "nowhere", ""])
def test_a_wrong_time_is_explained_and_moves_nothing(
    zone: str, value: str, sentence: str, world: World, as_alice: Client
):
    message = schedule(world)
    response = as_alice.post(path_of(message, "schedule/"), {"send_at": value, "zone": zone})
    assert response.status_code == 422
    assert sentence in unescape(response.content.decode())
    assert set(QueueEntry.objects.values_list("due_at", flat=True)) == {message.send_at}


def test_it_is_sent_now(world: World, as_alice: Client):
    message = schedule(world)
    answer = as_alice.post(path_of(message, "departure/"), follow=True).content.decode()
    assert "The email is on its way." in answer
    assert heading(answer) == "Queued for r0@far.test"
    assert len(claim(raw_cursor(), now=timezone.now())) == 2
    assert AuditEntry.objects.get().action == "submission.sent_now"


def test_it_is_cancelled_once_that_is_confirmed(world: World, as_alice: Client):
    message = schedule(world, count=3)
    question = shown(as_alice, path_of(message, "cancellation/"))
    assert "None of its 3 recipients gets it" in question
    assert "Cancel all 3 emails" in question
    answer = as_alice.post(path_of(message, "cancellation/"), follow=True).content.decode()
    assert "The email was cancelled." in answer
    assert heading(answer) == f"Cancelled by Alice at {timezone.now():%H:%M}"
    assert "It was never sent, and does not count against your plan." in answer
    assert not QueueEntry.objects.exists()
    assert AuditEntry.objects.get().action == "submission.cancelled"


def test_who_cancelled_it_on_another_day_is_told_with_the_day(world: World, as_alice: Client):
    message = schedule(world)
    scheduled.cancel(world.account, message.submission_id, By("token “Shop”"))
    message.refresh_from_db()
    tomorrow = timezone.now() + timedelta(days=1)
    words = moment_words(message.finished_at or tomorrow, tomorrow, ZoneInfo("UTC"))
    assert headline(tell(message, tomorrow), tomorrow) == f"Cancelled by token “Shop” on {words}"


@pytest.mark.parametrize("rest", ["schedule/", "departure/", "cancellation/"])
def test_what_is_not_scheduled_any_more_is_left_alone(rest: str, world: World, as_alice: Client):
    message = schedule(world)
    claim(raw_cursor(), now=timezone.now() + 10 * HOUR)
    answer = as_alice.post(path_of(message, rest), typed(timezone.now() + HOUR), follow=True).content.decode()
    assert "Nothing was changed: this email is not scheduled any more." in answer
    assert heading(answer) == "Sending to r0@far.test"
    assert "Send now" not in answer
    assert not AuditEntry.objects.exists()


def test_a_viewer_sees_the_time_and_decides_nothing(world: World, signed_in: Callable[[User], Client]):
    message, vera = schedule(world), signed_in(world.vera)
    page = shown(vera, path_of(message))
    assert heading(page).startswith("Scheduled for ")
    for words in ("Send now", "Reschedule…", "Cancel…"):
        assert words not in page
    for rest in ("schedule/", "departure/", "cancellation/"):
        assert vera.post(path_of(message, rest), typed(timezone.now() + HOUR)).status_code == 403


def test_a_delivery_is_measured_from_its_time(world: World, as_alice: Client):
    now = datetime.now(UTC)
    message = make_message(world.domain, at=now - timedelta(days=2), send_at=now - HOUR)
    Message.objects.filter(pk=message.pk).update(finished_at=now - HOUR + timedelta(seconds=1.8))
    assert f"took it 1.8{NBSP}s after its time had come." in shown(as_alice, path_of(message))


def test_the_page_asks_seldom_until_its_time_is_near(world: World, as_alice: Client):
    for after, seconds in ((HOUR, 60), (timedelta(seconds=30), 10), (timedelta(seconds=5), 2)):
        assert f'hx-trigger="every {seconds}s"' in shown(as_alice, path_of(schedule(world, after)))


def test_the_log_has_a_tab_for_it_that_says_when_each_leaves(world: World, as_alice: Client):
    schedule(world, timedelta(days=3), count=1)
    make_message(world.domain, "waits@far.test", status="deferred")
    log = f"/a/{world.account.pk}/log/"
    tab, waiting = shown(as_alice, f"{log}?group=scheduled"), shown(as_alice, f"{log}?group=waiting")
    assert ("r0@far.test" in tab, "waits@far.test" in tab) == (True, False)
    assert ("r0@far.test" in waiting, "waits@far.test" in waiting) == (False, True)
    (send_at,) = Message.objects.filter(status="scheduled").values_list("send_at", flat=True)
    assert send_at is not None
    assert f'<time datetime="{send_at.isoformat()}"' in tab
    assert ">Leaves</th>" in tab
    assert "r0@far.test" in shown(as_alice, f"{log}?status=scheduled")


def test_the_overview_does_not_take_it_for_mail_on_the_way(world: World, as_alice: Client):
    schedule(world)
    assert "on the way" not in shown(as_alice, f"/a/{world.account.pk}/")
