"""Depth and oldest age a destination."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailtrap_site.testing.world import make_world
from sending.models import PARKED, QueueEntry
from sending.models.statements import raw_cursor
from sending.queue.claim import claim
from sending.queue.depth import Depth, depths
from sending.tests.queued import queue_message

pytestmark = pytest.mark.django_db


def test_what_is_due_waiting_in_flight_and_held_is_told_apart():
    domain, now = make_world().domain, timezone.now()
    oldest = now - timedelta(hours=2)
    queue_message(domain, "a@near.test", due_at=oldest - timedelta(hours=1))
    claim(raw_cursor(), now=now)
    queue_message(domain, "a@far.test", due_at=oldest)
    queue_message(domain, "b@far.test", due_at=now - timedelta(hours=1))
    queue_message(domain, "c@far.test", due_at=now + timedelta(hours=1))
    [held] = queue_message(domain, "d@far.test")
    QueueEntry.objects.filter(pk=held).update(hold="by_hand", pause_id=0, due_at=PARKED)
    far, near = depths(raw_cursor(), now)
    assert far == Depth("far.test", 2, 1, 0, 0, 1, oldest, 1.0)
    assert near == Depth("near.test", 0, 0, 0, 1, 0, None, 1.0)
    assert (far.total, near.total) == (4, 1)
    assert [one.destination for one in depths(raw_cursor(), now, limit=1)] == ["far.test"]


def test_an_empty_queue_has_no_depth():
    assert depths(raw_cursor(), timezone.now()) == []
