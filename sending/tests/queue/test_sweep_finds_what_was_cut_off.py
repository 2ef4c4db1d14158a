"""A worker that was killed after its final dot leaves a mark; the sweep sends again, and counts it (RFC 1047)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailtrap_site.testing.world import make_world
from sending.models import Attempt, Event, Message, QueueEntry
from sending.models.statements import raw_cursor
from sending.queue.claim import claim, mark_uncertain
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
