"""A worker that was killed after its final dot leaves a mark; the sweep sends again, and counts it (RFC 1047)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailtrap_site.testing.world import make_world
from sending.models import Attempt, Event, Message, QueueEntry
from sending.models.statements import raw_cursor
from sending.queue.claim import claim, mark_uncertain
from sending.queue.schedule import DELAYS
from sending.queue.sweep import Swept, sweep
from sending.tests.queued import queue_message

pytestmark = pytest.mark.django_db


def test_a_marked_message_whose_lease_ran_out_is_queued_again_and_counted():
    [message_id] = queue_message(make_world().domain, "rita@recipient.test")
    now = timezone.now()
    mark_uncertain(raw_cursor(), claim(raw_cursor(), now=now), now=now)
    assert sweep(now) == Swept(uncertain=0, due=False)
    later = now + timedelta(minutes=5)
    assert sweep(later) == Swept(uncertain=1, due=True)
    message = Message.objects.get(pk=message_id)
    assert (message.status, message.attempts) == ("uncertain", 1)
    attempt = Attempt.objects.get(message=message_id)
    assert (attempt.outcome, attempt.number, attempt.phase) == ("uncertain", 1, "final dot")
    event = Event.objects.get(message=message_id)
    assert event.type == "soft_bounce"
    assert event.details["uncertain"] is True
    entry = QueueEntry.objects.get(pk=message_id)
    assert (entry.attempts, entry.lease_owner, entry.uncertain_since) == (1, None, None)
    assert len(claim(raw_cursor(), now=later)) == 1
    assert sweep(later) == Swept(uncertain=0, due=False)


def test_an_expired_lease_without_a_mark_is_simply_due():
    queue_message(make_world().domain, "rita@recipient.test")
    now = timezone.now()
    claim(raw_cursor(), now=now)
    assert sweep(now) == Swept(uncertain=0, due=False)
    assert sweep(now + timedelta(minutes=5)) == Swept(uncertain=0, due=True)
    assert not Attempt.objects.exists()


def test_what_is_cut_off_at_its_last_attempt_is_given_up():
    [message_id] = queue_message(make_world().domain, "rita@recipient.test")
    now = timezone.now()
    QueueEntry.objects.update(attempts=len(DELAYS))
    mark_uncertain(raw_cursor(), claim(raw_cursor(), now=now), now=now)
    assert sweep(now + timedelta(minutes=5)).uncertain == 1
    assert not QueueEntry.objects.exists()
    assert Message.objects.get(pk=message_id).status == "bounced"
    assert Event.objects.get(message=message_id).details["gave_up"] is True


def test_a_mark_renews_the_lease_so_that_nothing_is_cut_off_under_a_conversation():
    queue_message(make_world().domain, "rita@recipient.test")
    now = timezone.now()
    held = claim(raw_cursor(), now=now)
    late = now + timedelta(minutes=5)
    assert len(mark_uncertain(raw_cursor(), held, now=late)) == 1
    assert sweep(late).uncertain == 0
    assert sweep(late + timedelta(minutes=5)).uncertain == 1
