"""A result counts only while the queue entry carries the lease that it was made under."""

import uuid
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from mailtrap_site.testing.live_instance import wait_for
from mailtrap_site.testing.world import make_world
from sending.events.record import Evidence, News, Result, record_news, record_results
from sending.models import Attempt, Event, Message, QueueEntry
from sending.models.statements import raw_cursor
from sending.queue.claim import claim, mark_uncertain
from sending.tests.queued import queue_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def domain():
    return make_world().domain


def result(claimed, outcome, *, retry_at=None, owner=None):
    now = timezone.now()
    evidence = Evidence(
        outcome=outcome,
        phase="final dot",
        started_at=now,
        finished_at=now,
        mx_host="mx.recipient.test",
        mx_ip="192.0.2.7",
        mx_preference=10,
        source_ip="2001:db8::1",
        tls="TLSv1.3",
        reply_code=250,
        enhanced_code="2.0.0",
        reply_text="OK",
        conversation=[("S", "220 hi"), ("C", "EHLO “us”")],
        timing={"connect": 3},
        content_sha256=b"\0" * 32,
    )
    return Result(
        claimed.message_id,
        claimed.account_id,
        owner or claimed.lease_owner,
        claimed.attempts + 1,
        evidence,
        retry_at,
        {"recipient_mx": "mx.recipient.test"},
    )


def test_a_delivery_leaves_evidence_event_and_status_and_no_queue_entry(domain):
    [message_id] = queue_message(domain, "rita@recipient.test")
    [held] = claim(raw_cursor(), now=timezone.now())
    assert record_results([result(held, Attempt.Outcome.DELIVERED)]) == {message_id}
    message = Message.objects.get(pk=message_id)
    assert (message.status, message.attempts, message.recipient_mx) == ("delivered", 1, "mx.recipient.test")
    assert (message.sending_ip, message.reply) == ("2001:db8::1", "250 2.0.0 OK")
    assert message.finished_at is not None
    attempt = Attempt.objects.get(message=message_id)
    assert (attempt.number, attempt.outcome, attempt.account_id) == (1, "delivered", domain.account_id)
    assert (attempt.conversation, attempt.timing) == ([["S", "220 hi"], ["C", "EHLO “us”"]], {"connect": 3})
    assert (bytes(attempt.content_sha256 or b""), attempt.mx_ip) == (b"\0" * 32, "192.0.2.7")
    event = Event.objects.get(message=message_id)
    assert (event.type, event.attempt_id) == ("delivery", attempt.pk)
    assert event.details == {"recipient_mx": "mx.recipient.test"}
    assert not QueueEntry.objects.exists()


def test_the_provider_is_that_of_the_server_that_answered_last(domain):
    [message_id] = queue_message(domain, "rita@recipient.test")
    for host, provider in (("mx.one.test", "Google"), (None, "nobody"), ("mx.two.test", None)):
        [held] = claim(raw_cursor(), now=timezone.now())
        deferred = result(held, Attempt.Outcome.DEFERRED, retry_at=timezone.now() - timedelta(seconds=1))
        evidence = replace(deferred.evidence, mx_host=host)
        record_results([replace(deferred, evidence=evidence, details={"email_service_provider": provider})])
        expected = {"mx.one.test": "Google", None: "Google", "mx.two.test": None}[host]
        assert Message.objects.get(pk=message_id).provider == expected


def test_a_deferral_clears_lease_and_mark_and_names_the_next_attempt(domain):
    [message_id] = queue_message(domain, "rita@recipient.test")
    [held] = claim(raw_cursor(), now=timezone.now())
    mark_uncertain(raw_cursor(), [held], now=timezone.now())
    retry_at = timezone.now() + timedelta(minutes=3)
    record_results([result(held, Attempt.Outcome.DEFERRED, retry_at=retry_at)])
    entry = QueueEntry.objects.get(pk=message_id)
    assert (entry.attempts, entry.due_at) == (1, retry_at)
    assert (entry.lease_owner, entry.lease_until, entry.uncertain_since) == (None, None, None)
    message = Message.objects.get(pk=message_id)
    assert (message.status, message.next_attempt_at, message.finished_at) == ("deferred", retry_at, None)


def test_the_result_of_a_lost_lease_leaves_no_trace(domain):
    [message_id] = queue_message(domain, "rita@recipient.test")
    [held] = claim(raw_cursor(), now=timezone.now())
    assert record_results([result(held, Attempt.Outcome.DELIVERED, owner=uuid.uuid4())]) == set()
    assert Message.objects.get(pk=message_id).status == "queued"
    assert not Attempt.objects.exists()
    assert not Event.objects.exists()
    assert QueueEntry.objects.count() == 1


def test_a_result_written_twice_counts_once(domain):
    queue_message(domain, "rita@recipient.test")
    [held] = claim(raw_cursor(), now=timezone.now())
    once = result(held, Attempt.Outcome.BOUNCED)
    assert len(record_results([once])) == 1
    assert record_results([once]) == set()
    assert Attempt.objects.count() == Event.objects.count() == 1


def test_a_batch_with_every_outcome_is_written_at_once(domain, django_assert_max_num_queries):
    queue_message(domain, *(f"r{number}@x.test" for number in range(9)))
    held = claim(raw_cursor(), now=timezone.now())
    outcomes = [Attempt.Outcome.DELIVERED, Attempt.Outcome.DEFERRED, Attempt.Outcome.BOUNCED] * 3
    later = timezone.now() + timedelta(minutes=1)
    batch = [
        result(one, outcome, retry_at=later if outcome is Attempt.Outcome.DEFERRED else None)
        for one, outcome in zip(held, outcomes, strict=True)
    ]
    assert len(record_results(batch)) == 9
    assert (
        sorted(Message.objects.values_list("status", flat=True))
        == ["bounced"] * 3 + ["deferred"] * 3 + ["delivered"] * 3
    )
    assert QueueEntry.objects.count() == 3
    assert Event.objects.count() == 9


def news(message_id, domain, kind):
    return News(message_id, domain.account_id, kind, timezone.now(), {})


def test_a_complaint_opts_out_and_keeps_the_status(domain):
    [message_id] = queue_message(domain, "rita@recipient.test")
    record_results([result(claim(raw_cursor(), now=timezone.now())[0], Attempt.Outcome.DELIVERED)])
    record_news([news(message_id, domain, Event.Type.SPAM)])
    message = Message.objects.get(pk=message_id)
    assert message.status == "delivered"
    assert message.opted_out_at is not None


def test_a_bounce_report_ends_a_message_that_is_still_queued(domain):
    [message_id] = queue_message(domain, "rita@recipient.test")
    record_news([news(message_id, domain, Event.Type.BOUNCE)])
    message = Message.objects.get(pk=message_id)
    assert (message.status, message.finished_at is not None) == ("bounced", True)
    assert not QueueEntry.objects.exists()


def test_openings_and_clicks_are_counted_each_time(domain):
    [message_id] = queue_message(domain, "rita@recipient.test")
    record_news([news(message_id, domain, kind) for kind in (Event.Type.OPEN, Event.Type.OPEN, Event.Type.CLICK)])
    message = Message.objects.get(pk=message_id)
    assert (message.opens_count, message.clicks_count, message.status) == (2, 1, "queued")
    assert QueueEntry.objects.count() == 1


def told_in_a_thread(told):
    def tell():
        try:
            record_news([told])
        finally:
            connection.close()

    return Thread(target=tell, daemon=True)


@pytest.mark.django_db(transaction=True)
def test_news_lock_the_queue_entry_before_the_message_as_results_do(domain):
    [message_id] = queue_message(domain, "rita@recipient.test")
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with transaction.atomic():
        cursor = raw_cursor()
        cursor.execute("SELECT FROM sending_queueentry WHERE message_id = %s FOR UPDATE", [message_id])
        telling = told_in_a_thread(news(message_id, domain, Event.Type.BOUNCE))
        telling.start()
        wait_for(lambda: cursor.execute(waiting).fetchone() == (1,), "the news to wait", 10)
        cursor.execute("SELECT FROM sending_message WHERE id = %s FOR UPDATE NOWAIT", [message_id])
    telling.join(10)
    assert Message.objects.get(pk=message_id).status == "bounced"
    assert not QueueEntry.objects.exists()
