"""A file is put on the list in batches: it goes on where it was cut off, twice is once, and bad lines are counted."""

import math
import time
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from zstandard import ZstdError

from accounts.models import AuditEntry
from mailtrap_site.testing.world import make_domain
from sending.models import Suppression, SuppressionImport
from sending.suppressions import importing, store
from sending.suppressions.import_lines import FileRefused

pytestmark = pytest.mark.django_db

NOBODY = store.By(None)


def begin(world, text, domain=None, stream="any", kind="manual import"):
    chosen = importing.Chosen(domain.pk if domain else None, stream, kind)
    return importing.begin(world.account, "list.csv", text.encode(), chosen, NOBODY)


def work_off(seconds=60.0):
    return importing.work_off(time.monotonic() + seconds)


def finished(one):
    one.refresh_from_db()
    assert one.finished_at is not None
    return one.added, one.known, one.bad


def test_what_lines_leave_open_the_form_has_chosen(world):
    one = begin(world, "rita@far.test\nBOB@far.test\nrita@FAR.test\nnobody\n", world.domain, "bulk", "unsubscription")
    assert work_off() is False
    assert finished(one) == (2, 1, 1)
    assert one.bad_lines == [[4, "nobody", "address", "no_at_sign"]]
    assert one.content is None
    entries = Suppression.objects.order_by("email").values_list("email", "domain_id", "stream", "type")
    assert list(entries) == [
        ("bob@far.test", world.domain.pk, "bulk", "unsubscription"),
        ("rita@far.test", world.domain.pk, "bulk", "unsubscription"),
    ]


def test_what_a_line_says_counts_more_than_the_form(world):
    one = begin(
        world,
        "email,type,sending_stream,domain_name,created_at\n"
        f"a@far.test,spam complaint,transactional,{world.domain.name.upper()},2025-06-27T07:56:17Z\n"
        "b@far.test,,,,\n"
        f"c@far.test,,,{world.stranger_domain.name},\n",
        stream="bulk",
    )
    work_off()
    assert finished(one) == (2, 0, 1)
    assert one.bad_lines == [[4, "stranger.test", "domain", ""]]
    first, second = Suppression.objects.order_by("email")
    assert (first.type, first.stream, first.domain_id) == ("spam complaint", "transactional", world.domain.pk)
    assert first.created_at == datetime(2025, 6, 27, 7, 56, 17, tzinfo=UTC)
    assert (second.type, second.stream, second.domain_id) == ("manual import", "bulk", None)


def test_a_hundred_thousand_lines_take_a_statement_a_batch(world):
    """Counted, since a clock says little on a busy machine: the insert and the row's update, however many lines."""
    many = 100_000
    one = begin(world, "email\n" + "".join(f"reader{number}@far.test\n" for number in range(many)))
    started = time.monotonic()
    with CaptureQueriesContext(connection) as said:
        assert work_off(300) is False
    seconds = time.monotonic() - started
    assert finished(one) == (many, 0, 0)
    assert Suppression.objects.count() == many
    batches = math.ceil((many + 1) / importing.AT_ONCE)
    turns = math.ceil(seconds / importing.TURN_SECONDS) + 1
    # A batch: savepoint, lock, update, release (its insert goes past Django); a turn: its file and its domains.
    assert len(said) <= 4 * batches + 8 * turns
    assert seconds < 120


def test_a_file_that_was_cut_off_goes_on_where_it_was(world, monkeypatch):
    monkeypatch.setattr(importing, "AT_ONCE", 3)
    one = begin(world, "".join(f"r{number}@far.test\n" for number in range(10)))
    real, calls = store.insert, []

    def dies_at_the_third(*arguments):
        calls.append(len(arguments[1]))
        if len(calls) == 3:
            raise ConnectionError
        return real(*arguments)

    monkeypatch.setattr(store, "insert", dies_at_the_third)
    with pytest.raises(ConnectionError):
        work_off()
    one.refresh_from_db()
    assert (one.position, one.added, one.finished_at) == (6, 6, None)
    assert work_off() is False
    assert finished(one) == (10, 0, 0)
    assert calls == [3, 3, 3, 3, 1]


def test_a_second_worker_neither_waits_nor_counts_twice(world, monkeypatch):
    monkeypatch.setattr(importing, "AT_ONCE", 2)
    one = begin(world, "".join(f"r{number}@far.test\n" for number in range(5)))
    real = store.insert

    def meanwhile(*arguments):
        monkeypatch.setattr(store, "insert", real)
        assert importing._apply(one.pk, 2, [], {}) is None  # behind the other: the row has not come so far
        return real(*arguments)

    monkeypatch.setattr(store, "insert", meanwhile)
    assert work_off() is False
    assert finished(one) == (5, 0, 0)


def test_the_report_of_bad_lines_is_bounded_and_their_number_is_not(world, monkeypatch):
    monkeypatch.setattr(importing, "BAD_KEPT", 7)
    monkeypatch.setattr(importing, "AT_ONCE", 5)
    one = begin(world, "email\n" + "bad\n" * 18)
    work_off()
    assert finished(one) == (0, 0, 18)
    assert [line[0] for line in one.bad_lines] == list(range(2, 9))


def test_a_file_that_breaks_its_turn_keeps_no_other_waiting(world, monkeypatch):
    broken, fine = begin(world, "a@far.test\n"), begin(world, "b@far.test\n")
    SuppressionImport.objects.filter(pk=broken.pk).update(content=b"no frame")
    for _ in range(2):
        with pytest.raises(ZstdError):
            work_off()
    assert finished(fine) == (1, 0, 0)


def test_what_is_too_much_is_refused_with_a_reason(world, monkeypatch):
    def refused(text="a@far.test\n"):
        with pytest.raises(FileRefused) as problem:
            begin(world, text)
        return problem.value.code

    monkeypatch.setattr(importing, "MOST_ENTRIES", 2)
    assert refused("email\n" + "a@far.test\n" * 3) == "too_many_lines"
    assert refused("email\n") == "empty"
    for _ in range(importing.MOST_OPEN):
        begin(world, "a@far.test\n")
    assert refused() == "too_many_open"
    monkeypatch.setattr(importing, "MOST_OCTETS", 5)
    assert refused() == "too_large"
    assert AuditEntry.objects.filter(action="suppression_import.created").count() == importing.MOST_OPEN


def test_a_domain_that_was_deleted_takes_no_entries(world):
    gone = make_domain(world.account, "gone.test")
    one = begin(world, "email,type,domain_name\na@far.test,spam,gone.test\n")
    type(gone).objects.filter(pk=gone.pk).update(deleted_at=datetime.now(UTC))
    work_off()
    assert finished(one) == (0, 0, 1)
