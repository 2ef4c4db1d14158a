"""Only 200 counts; what fails is tried again every five minutes, paused after forty, and sent whole and in order."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import AuditEntry, Notification
from mailtrap_site.testing.webhook_sink import Sink
from mailtrap_site.testing.world import World
from sending.models import Message, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from sending.tests.webhooks.conftest import Happen, Make
from sending.webhooks import posting, upkeep
from sending.webhooks.claim import LEASE, Claim, claim, record
from sending.webhooks.drain import drain
from sending.webhooks.endpoints import By, pause, resume, skip, try_now
from sending.webhooks.posting import Posted, post

pytestmark = pytest.mark.django_db


def step(now: datetime) -> Posted | None:
    """One delivery as a sender handles it whose clock says `now`; None where nothing is due."""
    claims = claim(now, most=1)
    if not claims:
        return None
    posted = post(claims[0].request, clock=lambda: now)
    assert record(claims[0], posted, now)
    return posted


def fresh(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    return WebhookEndpoint.objects.get(pk=endpoint.pk)


@pytest.mark.parametrize("status", [201, 204, 302, 404, 500, 503])
def test_only_200_counts_and_the_body_is_tried_again_unchanged(
    happen: Happen, make_endpoint: Make, sink: Sink, status: int
) -> None:
    endpoint = make_endpoint()
    happen("delivery")
    sink.statuses = [status, 200]
    sink.headers = {"Location": "http://127.0.0.1:1/elsewhere"}
    now = timezone.now()
    assert step(now).status == status
    happen("open")
    assert step(now + timedelta(minutes=4, seconds=59)) is None
    assert step(now + timedelta(minutes=5)).status == 200
    assert step(now + timedelta(minutes=5)).status == 200
    first, second, third = sink.told
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] != third.headers["webhook-id"]
    assert [event["event"] for event in third.events] == ["open"]
    assert [one.number for one in WebhookAttempt.objects.order_by("started_at", "id")] == [1, 2, 1]
    assert (fresh(endpoint).state, fresh(endpoint).due_at) == ("active", None)


def test_after_forty_tries_it_is_paused_with_one_letter_and_resuming_sends_all_in_order(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink, django_capture_on_commit_callbacks
) -> None:
    endpoint = make_endpoint()
    happen("delivery")
    sink.statuses = [503]
    begin = now = timezone.now()
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(1, 41):
            assert step(now).status == 503
            assert fresh(endpoint).failures == number
            now += timedelta(minutes=5)
    assert now - begin == timedelta(minutes=200)
    paused = fresh(endpoint)
    assert (paused.state, paused.pause_reason) == ("paused", "failures")
    assert paused.failing_since == begin
    assert step(now + timedelta(days=1)) is None
    assert AuditEntry.objects.get(action="webhook.paused").account == world.account
    assert {one.user for one in Notification.objects.filter(kind="webhook.paused")} == {world.alice, world.bob}
    letters = [letter for letter in mail.outbox if letter.subject == "A webhook was paused"]
    assert len(letters) == 2
    assert "has not answered 200 in 40 tries" in " ".join(str(letters[0].body).split())

    for _ in range(3):
        happen("delivery", "open", "click")
    assert step(now + timedelta(days=1)) is None
    sink.statuses, sink.told[:] = [200], []
    assert resume(endpoint, By(user=world.bob))
    drain(5)
    events = sink.events
    assert [event["event"] for event in events] == ["delivery"] + ["delivery", "open", "click"] * 3
    assert [event["number"] for event in events] == sorted(event["number"] for event in events)
    assert (fresh(endpoint).state, fresh(endpoint).failures) == ("active", 0)


def test_a_paused_webhook_queues_and_resumes_without_what_waits_where_one_wants(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    endpoint = make_endpoint()
    assert pause(endpoint, By(user=world.alice))
    assert not pause(endpoint, By(user=world.alice))
    happen("delivery")
    assert drain(5) == 0
    assert resume(endpoint, By(user=world.alice), skip_waiting=True)
    happen("open")
    drain(5)
    assert [event["event"] for event in sink.events] == ["open"]
    assert list(WebhookDelivery.objects.order_by("id").values_list("state", flat=True)) == ["skipped", "delivered"]


def test_pausing_by_hand_while_a_request_is_under_way_stays(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    endpoint = make_endpoint()
    happen("delivery")
    sink.statuses = [500]
    now = timezone.now()
    [one] = claim(now, most=1)
    pause(endpoint, By(user=world.alice))
    record(one, post(one.request), now)
    assert (fresh(endpoint).state, fresh(endpoint).pause_reason) == ("paused", "by_hand")
    assert claim(now + timedelta(hours=1), most=1) == []


def test_what_blocks_the_row_can_be_skipped_and_tried_at_once(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    endpoint = make_endpoint()
    happen("delivery")
    sink.statuses = [500, 500, 200]
    assert step(timezone.now()).status == 500
    happen("open")
    assert step(timezone.now()) is None
    assert try_now(endpoint)
    assert step(timezone.now()).status == 500
    blocking = WebhookDelivery.objects.earliest("id")
    assert skip(endpoint, blocking, By(user=world.alice))
    assert not skip(endpoint, blocking, By(user=world.alice))
    drain(5)
    assert [event["event"] for event in sink.told[-1].events] == ["open"]
    assert not try_now(endpoint)


def test_two_senders_never_have_the_same_endpoint(happen: Happen, make_endpoint: Make) -> None:
    make_endpoint()
    happen("delivery")
    now = timezone.now()
    [one] = claim(now, most=5)
    assert claim(now, most=5) == []
    assert claim(now + LEASE - timedelta(seconds=1), most=5) == []
    assert isinstance(one, Claim)


def test_a_sender_that_died_after_posting_costs_a_repetition_and_no_loss(
    happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    make_endpoint()
    happen("delivery")
    now = timezone.now()
    [lost] = claim(now, most=1)
    posted = post(lost.request)
    happen("open")
    later = now + LEASE
    assert step(later).status == 200
    assert step(later).status == 200
    assert not record(lost, posted, later), "its lease is over, so it must change nothing"
    assert [len(told.events) for told in sink.told] == [1, 1, 1]
    first, again, other = sink.told
    assert (first.body, first.headers["webhook-id"]) == (again.body, again.headers["webhook-id"])
    assert other.events[0]["event"] == "open"
    assert WebhookAttempt.objects.count() == 2


def test_a_webhook_that_is_deleted_under_way_leaves_no_trace(happen: Happen, make_endpoint: Make, sink: Sink) -> None:
    from sending.webhooks.endpoints import delete

    endpoint = make_endpoint()
    happen("delivery")
    [one] = claim(timezone.now(), most=1)
    delete(endpoint, By())
    delete(endpoint, By())
    assert not record(one, post(one.request), timezone.now())
    assert not WebhookDelivery.objects.exists()


def test_silence_drips_and_floods_are_bounded(
    happen: Happen, make_endpoint: Make, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = make_endpoint()
    happen("delivery")
    sink.drips, sink.answer_body = True, b"x" * 200
    [one] = claim(timezone.now(), most=1)
    slow = post(one.request, seconds=1.0)
    assert (slow.status, slow.problem) == (None, "timeout")
    assert 900 < slow.milliseconds < 3000
    sink.drips, sink.answer_body = False, b"y" * 5_000_000
    flood = post(one.request)
    assert flood.status == 200
    assert flood.answer_body == "y" * posting.MOST_ANSWER_OCTETS + "…"
    record(one, flood, timezone.now())
    assert fresh(endpoint).state == "active"


def test_answers_that_are_no_text_are_kept_as_text(happen: Happen, make_endpoint: Make, sink: Sink) -> None:
    make_endpoint()
    happen("delivery")
    sink.answer_body = b"\x00\xff<script>"
    drain(5)
    assert WebhookAttempt.objects.get().answer_body == "��<script>"


def test_what_nobody_hears_is_kept_for_two_weeks_and_no_longer(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    endpoint = make_endpoint()
    pause(endpoint, By())
    happen("delivery")
    now = datetime.now(UTC)
    assert not upkeep.forget(now + timedelta(days=13, hours=23), float("inf"))
    assert WebhookDelivery.objects.count() == 1
    assert not upkeep.forget(now + timedelta(days=14, minutes=1), float("inf"))
    assert not WebhookDelivery.objects.exists()
    resume(endpoint, By())
    assert drain(5) == 0
    assert fresh(endpoint).due_at is None


def test_the_payload_outlives_the_mail(world: World, happen: Happen, make_endpoint: Make, sink: Sink) -> None:
    endpoint = make_endpoint()
    pause(endpoint, By())
    message_id = happen("delivery").pk
    Message.objects.filter(pk=message_id).delete()
    resume(endpoint, By())
    drain(5)
    assert [event["message_id"] for event in sink.events] == [str(message_id)]
