"""Promise 4: an entry is held by one owner at a time, and only for the time of its lease."""

from datetime import timedelta
from itertools import pairwise

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from mailtrap_site.testing.world import make_world
from sending.models import QueueEntry, Stream
from sending.models.statements import raw_cursor
from sending.queue.claim import claim, contents, mark_uncertain, release, renew
from sending.tests.queued import MESSAGE, queue_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def domain():
    return make_world().domain


def claimed(**options):
    return claim(raw_cursor(), now=timezone.now(), **options)


def test_a_claim_carries_all_that_a_delivery_needs(domain):
    [message_id] = queue_message(domain, "rita@recipient.test")
    [one] = claimed()
    assert one.message_id == message_id
    assert (one.recipient, one.destination, one.attempts) == ("rita@recipient.test", "recipient.test", 0)
    assert (one.domain_name, one.verification_label) == (domain.name, domain.verification_label)
    assert one.dkim_key_id == domain.dkim_keys.order_by("selector").first().pk
    assert (one.size, one.needs_8bit) == (len(MESSAGE), False)
    assert set(contents(raw_cursor(), [one.content_id])) == {one.content_id}


def test_what_is_claimed_is_not_claimed_again_before_its_lease_ends(domain):
    queue_message(domain, "rita@recipient.test")
    assert len(claimed()) == 1
    assert claimed() == []
    assert len(claim(raw_cursor(), now=timezone.now() + timedelta(minutes=10))) == 1


def test_transactional_goes_before_bulk_and_then_the_longest_due(domain):
    now = timezone.now()
    bulk = queue_message(domain, "a@x.test", stream=Stream.BULK, due_at=now - timedelta(hours=2))
    late = queue_message(domain, "b@x.test", due_at=now - timedelta(minutes=1))
    early = queue_message(domain, "c@x.test", due_at=now - timedelta(hours=1))
    assert [one.message_id for one in claimed(limit=2)] == early + late
    assert [one.message_id for one in claimed(limit=2)] == bulk


def test_what_is_not_due_stays(domain):
    queue_message(domain, "rita@recipient.test", due_at=timezone.now() + timedelta(seconds=30))
    assert claimed() == []


def test_a_claim_writes_the_lease_columns_only(domain):
    [message_id] = queue_message(domain, "rita@recipient.test")
    [before] = QueueEntry.objects.filter(pk=message_id).values()
    claimed()
    [after] = QueueEntry.objects.filter(pk=message_id).values()
    changed = {name for name, value in before.items() if (name, value) not in after.items()}
    assert changed == {
        "lease_owner",
        "lease_until",
    }


def test_a_mark_is_granted_only_to_the_holder_of_the_lease(domain):
    first, second = queue_message(domain, "a@x.test", "b@x.test")
    held = claimed()
    QueueEntry.objects.filter(pk=second).update(lease_owner=None)
    assert mark_uncertain(raw_cursor(), held, now=timezone.now()) == {first}


def test_a_marked_entry_is_not_claimed_even_after_its_lease(domain):
    queue_message(domain, "rita@recipient.test")
    mark_uncertain(raw_cursor(), claimed(), now=timezone.now())
    assert claim(raw_cursor(), now=timezone.now() + timedelta(hours=1)) == []


def test_released_claims_are_due_at_once_and_renewed_ones_later(domain):
    queue_message(domain, "a@x.test", "b@x.test")
    a, b = claimed()
    assert release(raw_cursor(), [a]) == 1
    assert renew(raw_cursor(), [a, b], until=timezone.now() + timedelta(hours=1)) == 1
    [again] = claim(raw_cursor(), now=timezone.now() + timedelta(minutes=30))
    assert again.message_id == a.message_id
    assert again.lease_owner != a.lease_owner


@pytest.mark.django_db(transaction=True)
def test_claims_side_by_side_never_share_an_entry(domain):
    queue_message(domain, *(f"r{number}@x.test" for number in range(40)))
    other = connection.copy()
    other.connect()
    try:
        with connection.cursor(), other.connection.transaction(), psycopg.Cursor(other.connection) as cursor:
            theirs = claim(cursor, now=timezone.now(), limit=25)
            ours = claimed(limit=25)
    finally:
        other.close()
    assert (len(theirs), len(ours)) == (25, 15)
    assert not {one.message_id for one in theirs} & {one.message_id for one in ours}
    assert all(a.message_id < b.message_id for a, b in pairwise(theirs))


@pytest.mark.django_db(transaction=True)
def test_a_renewal_never_waits_for_an_entry_that_is_being_written(domain):
    queue_message(domain, "a@x.test", "b@x.test")
    held = claimed()
    other = connection.copy()
    other.connect()
    try:
        with other.connection.transaction():
            locked = "SELECT FROM sending_queueentry WHERE message_id = %s FOR UPDATE"
            other.connection.execute(locked, [held[0].message_id])
            cursor = raw_cursor()
            cursor.execute("SET lock_timeout = '1s'")
            assert renew(cursor, held, until=timezone.now() + timedelta(hours=1)) == 1
            cursor.execute("RESET lock_timeout")
    finally:
        other.close()


def test_claims_stay_out_of_the_indexes(domain):
    queue_message(domain, *(f"r{number}@x.test" for number in range(60)))
    counts = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'sending_queueentry'"
    cursor = raw_cursor()
    before = cursor.execute(counts).fetchone()
    claimed(limit=60)
    written, in_place = (after - start for after, start in zip(cursor.execute(counts).fetchone(), before, strict=True))
    assert written == 60
    assert in_place >= 0.8 * written
