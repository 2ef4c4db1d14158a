"""What a worker holds is bounded in messages and in bytes, each content counted once."""

import gc
import uuid
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from mailtrap_site.testing.world import make_world
from sending.delivery import load as load_module
from sending.delivery.in_flight import MOST_BYTES, InFlight
from sending.delivery.load import jobs_of, load
from sending.models import Stream
from sending.models.statements import raw_cursor
from sending.queue.claim import LEASE, claim
from sending.tests.queued import MESSAGE, queue_message


@pytest.mark.django_db
def test_large_messages_fill_a_worker_before_many_do():
    queue_message(make_world().domain, *(f"r{number}@x.test" for number in range(4)))
    large = [replace(one, size=MOST_BYTES // 2) for one in claim(raw_cursor(), now=timezone.now())]
    held = InFlight()
    held.add(large)
    assert not held.is_full(held.busy(datetime.now(UTC)))
    other = replace(large[0], message_id=uuid.uuid4(), content_id=uuid.uuid4())
    held.add([other])
    assert held.is_full(held.busy(datetime.now(UTC)))
    held.remove([one.message_id for one in large[1:]])
    assert held.is_full(set())
    held.remove([large[0].message_id])
    assert not held.is_full(set())


@pytest.mark.django_db
def test_a_job_that_waits_keeps_its_own_content_only():
    domain = make_world().domain
    queue_message(domain, "a@x.test")
    queue_message(domain, "b@x.test")
    loaded = load(raw_cursor(), now=timezone.now(), lease=LEASE, limit=10)
    packed = list(loaded.contents.values())
    jobs = list(jobs_of(loaded))
    del loaded
    kept = jobs[0].claim.content_id
    jobs[1:] = []
    gc.collect()
    holders = [[one for one in gc.get_referrers(data) if one is not packed] for data in packed]
    assert len(packed) == 2
    assert sum(bool(one) for one in holders) == 1, kept


@pytest.mark.django_db
def test_large_transactional_mail_leaves_bulk_its_share_of_a_batch(monkeypatch):
    monkeypatch.setattr(load_module, "MOST_BYTES", 10 * len(MESSAGE))
    domain = make_world().domain
    for number in range(20):
        queue_message(domain, f"r{number}@x.test", stream=Stream.BULK if number % 2 else Stream.TRANSACTIONAL)
    batches = [load(raw_cursor(), now=timezone.now(), lease=LEASE, limit=200).claims for _ in range(3)]
    streams = [[one.stream for one in batch] for batch in batches]
    assert streams[0] == ["transactional"] * 9 + ["bulk"]
    assert streams[1] == ["transactional"] + ["bulk"] * 9
    assert streams[2] == []
    queue_message(domain, *(f"r{number}@x.test" for number in range(30)))
    assert len(load(raw_cursor(), now=timezone.now(), lease=LEASE, limit=200).claims) == 30
