"""The feed hands each event to each reader exactly once, in one order, whatever commits late and whoever else reads."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from mailtrap_site.testing.world import make_world
from sending.events import feed
from sending.events.record import EventRow, News, insert_events, record_news
from sending.models import Event, EventBatch, FeedPosition
from sending.models.identifiers import new_id
from sending.models.statements import raw_cursor
from sending.tests.queued import queue_message


def opening(account_id, message_id=None):
    return EventRow(new_id(), message_id or new_id(), account_id, Event.Type.OPEN, timezone.now(), None, {"ip": "::1"})


def write(*rows):
    insert_events(raw_cursor(), rows)
    return [row.id for row in rows]


def everything(reader="test", most=1000):
    """What the reader gets in one turn."""
    got = []
    feed.advance(reader, got.extend, most)
    return got


@pytest.mark.django_db
def test_events_are_numbered_in_the_order_in_which_they_were_written():
    first = write(opening(1), opening(1))
    second = write(opening(1))
    assert everything() == []
    assert feed.give_numbers() == 2
    got = everything()
    assert [(event.number, event.id) for event in got] == list(enumerate([*first, *second], 1))
    assert got[0].details == {"ip": "::1"}
    assert everything() == []


@pytest.mark.django_db
@pytest.mark.parametrize("most", [1, 2, 3, 5, 7, 100])
def test_many_batches_are_read_in_parts_of_any_size_without_a_gap(most):
    ids = [one for size in (5, 1, 4, 2, 1, 1, 9, 3) for one in write(*(opening(1) for _ in range(size)))]
    feed.give_numbers()
    parts = []
    while part := everything(most=most):
        parts.append(part)
    assert [event.id for part in parts for event in part] == ids
    assert {len(part) for part in parts[:-1]} <= {most}
    assert [event.id for event in feed.read(1, 7, most)] == ids[7 : 7 + most]


@pytest.mark.django_db
def test_a_batch_may_be_read_in_parts_and_nothing_comes_twice():
    ids = write(*(opening(1) for _ in range(5)))
    feed.give_numbers()
    assert [[event.id for event in everything(most=2)] for _ in range(4)] == [ids[:2], ids[2:4], ids[4:], []]


@pytest.mark.django_db
def test_an_account_reads_its_own_events_after_a_number():
    mine, theirs = opening(1), opening(2)
    write(mine, theirs)
    later = write(opening(1))
    feed.give_numbers()
    first, second = feed.read(1, 0, 10)
    assert [first.id, second.id] == [mine.id, *later]
    assert feed.read(1, first.number, 10) == [second]
    assert [event.id for event in feed.read(2, 0, 10)] == [theirs.id]


@pytest.mark.django_db
def test_news_and_results_reach_the_feed():
    domain = make_world().domain
    [message_id] = queue_message(domain, "rita@recipient.test")
    record_news([News(message_id, domain.account_id, Event.Type.SPAM, timezone.now(), {})])
    feed.give_numbers()
    assert [(event.message_id, event.type) for event in everything()] == [(message_id, "spam")]


@pytest.mark.django_db
def test_what_a_reader_wrote_and_how_far_it_came_fall_together():
    ids = write(opening(1))
    feed.give_numbers()

    def fail(events):
        raise RuntimeError("the reader's own mistake")

    with pytest.raises(RuntimeError):
        feed.advance("test", fail, 10)
    assert [event.id for event in everything()] == ids


@pytest.mark.django_db
def test_an_event_that_retention_has_taken_is_passed_over():
    gone, kept = write(opening(1), opening(1))
    feed.give_numbers()
    Event.objects.filter(pk=gone).delete()
    assert [(event.number, event.id) for event in everything()] == [(2, kept)]


@pytest.mark.django_db
def test_what_every_reader_has_passed_is_forgotten_once_it_is_old():
    write(opening(1))
    feed.give_numbers()
    later = timezone.now() + timedelta(minutes=1)
    FeedPosition.objects.create(reader="slow")
    everything()
    assert feed.forget(later) == 0
    everything("slow")
    assert feed.forget(later - timedelta(hours=1)) == 0
    assert feed.forget(later) == 1
    assert not EventBatch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_late_is_not_missed():
    written, may_commit = Barrier(2), Barrier(2)

    def slow():
        with transaction.atomic():
            late.extend(write(opening(1)))
            written.wait(10)
            may_commit.wait(10)
        connection.close()

    late: list = []
    thread = Thread(target=slow)
    thread.start()
    written.wait(10)
    quick = write(opening(1))
    feed.give_numbers()
    assert [event.id for event in everything()] == quick
    may_commit.wait(10)
    thread.join(10)
    feed.give_numbers()
    assert [event.id for event in everything()] == late


@pytest.mark.django_db(transaction=True)
def test_several_readers_under_one_name_share_the_events():
    total = 300
    got: list = []

    def writes():
        for _ in range(total // 3):
            write(opening(1))
            feed.give_numbers()
        connection.close()

    def reads():
        while len(got) < total:
            feed.give_numbers()
            feed.advance("test", lambda events: got.extend(event.number for event in events), 7)
        connection.close()

    threads = [Thread(target=target, daemon=True) for target in (writes, writes, writes, reads, reads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert got == list(range(1, total + 1))
