"""Counts of all processes: each publishes its own about once a second and reads the others'."""

import uuid
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from sending.models import SharedCount, shared_counts
from sending.models.shared_counts import SharedCounts, exchange
from sending.models.statements import raw_cursor

pytestmark = pytest.mark.django_db


class Process:
    """Counts of one kind as another process holds them."""

    def __init__(self, monkeypatch, kind="smtp-account"):
        self._id, self._monkeypatch = uuid.uuid4(), monkeypatch
        self.counts = SharedCounts(kind)

    def exchange(self, now=None):
        self._monkeypatch.setattr(shared_counts, "_process", self._id)
        exchange(raw_cursor(), [self.counts], now or timezone.now())


@pytest.fixture
def here(monkeypatch):
    return Process(monkeypatch)


@pytest.fixture
def there(monkeypatch):
    return Process(monkeypatch)


def test_the_own_count_holds_at_once_and_the_others_after_an_exchange(here, there):
    here.counts.add("7")
    there.counts.add("7", 3)
    assert (here.counts.total("7"), there.counts.total("7")) == (1, 3)
    there.exchange()
    here.exchange()
    assert (here.counts.total("7"), here.counts.own("7")) == (4, 1)
    there.exchange()
    assert there.counts.total("7") == 4


def test_what_is_given_back_leaves_no_row(here, there):
    there.counts.add("7", 3)
    there.exchange()
    there.counts.add("7", -2)
    there.exchange()
    here.exchange()
    assert here.counts.total("7") == 1
    there.counts.add("7", -1)
    there.exchange()
    here.exchange()
    assert here.counts.total("7") == 0
    assert not SharedCount.objects.exists()


def test_kinds_do_not_mix(here, monkeypatch):
    other = Process(monkeypatch, "smtp-address")
    other.counts.add("7", 5)
    other.exchange()
    here.exchange()
    assert here.counts.total("7") == 0


def test_counts_end_with_their_process(here, there):
    now = timezone.now()
    there.counts.add("7", 3)
    there.exchange(now)
    here.exchange(now + timedelta(seconds=9))
    assert here.counts.total("7") == 3
    here.exchange(now + timedelta(seconds=11))
    assert here.counts.total("7") == 0
    assert SharedCount.objects.count() == 1
    here.exchange(now + timedelta(seconds=61))
    assert not SharedCount.objects.exists()


def test_a_count_that_does_not_change_stays_fresh(here, there, monkeypatch):
    monkeypatch.setattr(shared_counts, "REPUBLISH_SECONDS", 0.0)
    now = timezone.now()
    there.counts.add("7", 3)
    for seconds in (0, 8, 16):
        there.exchange(now + timedelta(seconds=seconds))
    here.exchange(now + timedelta(seconds=17))
    assert here.counts.total("7") == 3


def test_an_exchange_without_news_writes_nothing(here):
    here.counts.add("7")
    here.exchange()
    [(before,)] = SharedCount.objects.values_list("seen_at")
    here.exchange(timezone.now() + timedelta(seconds=1))
    assert SharedCount.objects.get().seen_at == before


def test_where_the_exchange_fails_the_own_counts_stay_in_force(here, there, monkeypatch):
    there.counts.add("7", 3)
    there.exchange()
    here.counts.add("7")
    here.exchange()
    here.counts.add("7")
    with pytest.raises(psycopg.Error), transaction.atomic():
        raw_cursor().execute("ALTER TABLE sending_sharedcount RENAME TO gone")
        here.exchange()
    assert here.counts.total("7") == 5
    here.exchange()
    assert SharedCount.objects.get(process=here._id).count == 2
    monkeypatch.setattr(here.counts, "_others_end_at", 0.0)
    assert here.counts.total("7") == 2


def test_the_table_is_unlogged():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE oid = 'sending_sharedcount'::regclass")
        assert cursor.fetchone() == ("u",)
