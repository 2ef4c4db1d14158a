"""One tenant's million mails do not delay another's password reset, and bulk neither delays nor starves."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account
from mailtrap_site.testing.world import make_domain, make_world
from sending.models import QueueEntry, Stream
from sending.models.statements import raw_cursor
from sending.queue import claim as queue
from sending.queue.claim import claim
from sending.tests.queued import queue_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def many(domain, count, **options):
    return queue_message(domain, *(f"r{number}@x.test" for number in range(count)), **options)


def claimed(**options):
    return claim(raw_cursor(), now=timezone.now(), **options)


def test_the_only_mail_of_one_account_goes_with_the_first_batch_of_anothers_many(world):
    many(world.domain, 60, due_at=timezone.now() - timedelta(hours=1))
    [reset] = queue_message(world.stranger_domain, "me@x.test")
    assert reset in {one.message_id for one in claimed(limit=20)}


def test_accounts_share_a_batch_evenly_and_one_alone_has_it_all(world):
    many(world.domain, 30)
    many(world.stranger_domain, 10)
    shares = Counter(one.account_id for one in claimed(limit=20))
    assert set(shares.values()) == {10}
    assert len(claimed(limit=20)) == 20


def test_every_account_has_its_turn_although_a_claim_serves_only_some(world, monkeypatch):
    monkeypatch.setattr(queue, "MOST_ACCOUNTS", 2)
    monkeypatch.setattr(queue, "MOST_LOOKED_AT", 3)
    for number in range(7):
        many(make_domain(Account.objects.create(name="T"), f"t{number}.test"), 50)
    served = Counter(one.account_id for _ in range(7) for one in claimed(limit=10))
    assert len(served) == 7
    assert set(served.values()) == {10}


def test_due_mail_is_found_behind_accounts_that_only_wait(world, monkeypatch):
    monkeypatch.setattr(queue, "MOST_LOOKED_AT", 2)
    for number in range(9):
        domain = make_domain(Account.objects.create(name="T"), f"t{number}.test")
        queue_message(domain, "a@x.test", due_at=timezone.now() + timedelta(hours=1))
    [due] = queue_message(domain, "b@x.test")
    assert [one.message_id for one in claimed()] == [due]
    assert claimed() == []


def test_bulk_has_a_tenth_while_transactional_flows_and_all_when_it_does_not(world):
    many(world.domain, 60)
    many(world.domain, 60, stream=Stream.BULK)
    assert Counter(one.stream for one in claimed(limit=20)) == {"transactional": 18, "bulk": 2}
    QueueEntry.objects.filter(stream=Stream.TRANSACTIONAL).delete()
    assert Counter(one.stream for one in claimed(limit=20)) == {"bulk": 20}


def test_a_busy_destination_hides_neither_the_oldest_nor_the_newest_mail_of_its_account(world, monkeypatch):
    monkeypatch.setattr(queue, "BUSY_WINDOW", 5)
    start = timezone.now() - timedelta(hours=1)
    for number in range(30):
        name = {2: "old@quick.test", 29: "new@quick.test"}.get(number, "r@slow.test")
        queue_message(world.domain, name, due_at=start + timedelta(minutes=number))
    [other] = queue_message(world.stranger_domain, "me@quick.test", due_at=start)
    found = claimed(busy={"slow.test"})
    assert {one.recipient for one in found} == {"old@quick.test", "new@quick.test", "me@quick.test"}
    assert other in {one.message_id for one in found}


def test_every_account_has_its_turn_while_bulk_trickles(world):
    accounts = [make_domain(Account.objects.create(name="T"), f"t{number}.test") for number in range(19)]
    for domain in accounts:
        many(domain, 6)
    served = set()
    for _ in range(3):
        queue_message(world.domain, "one@x.test", stream=Stream.BULK)
        served |= {one.account_id for one in claimed(limit=20) if one.stream == Stream.TRANSACTIONAL}
    assert served == {domain.account_id for domain in accounts}


def test_bulk_accounts_have_their_turn_while_transactional_trickles(world):
    accounts = [make_domain(Account.objects.create(name="T"), f"t{number}.test") for number in range(19)]
    for domain in accounts:
        many(domain, 6, stream=Stream.BULK)
    served = set()
    for _ in range(3):
        many(world.domain, 3)
        served |= {one.account_id for one in claimed(limit=20) if one.stream == Stream.BULK}
    assert served == {domain.account_id for domain in accounts}


@pytest.mark.parametrize("busy", [set(), {"slow.test"}])
@pytest.mark.parametrize("stream", list(Stream))
def test_what_small_accounts_leave_of_a_batch_goes_to_the_large_ones(world, busy, stream):
    smalls = [make_domain(Account.objects.create(name="S"), f"s{number}.test") for number in range(4)]
    ids = {message_id for domain in smalls for message_id in many(domain, 1, stream=stream)}
    many(world.domain, 60, stream=stream)
    many(world.stranger_domain, 60, stream=stream)
    queue_message(world.domain, "r@slow.test", stream=stream, due_at=timezone.now() - timedelta(hours=1))
    found = claimed(limit=20, busy=busy)
    assert len(found) == len({one.message_id for one in found}) == 20
    assert ids <= {one.message_id for one in found}
    shares = Counter(one.account_id for one in found)
    assert shares[world.account.pk] == shares[world.stranger_account.pk] == 8
    assert not {one.destination for one in found} & busy
    assert QueueEntry.objects.exclude(lease_owner=None).count() == 20


def test_bulk_keeps_its_tenth_beside_what_small_accounts_leave(world):
    queue_message(world.stranger_domain, "me@x.test")
    many(world.domain, 60)
    many(world.domain, 60, stream=Stream.BULK)
    assert Counter(one.stream for one in claimed(limit=20)) == {"transactional": 18, "bulk": 2}
