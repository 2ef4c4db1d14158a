"""Exports: what a filter finds as a file, in slices that a dead worker does not spoil, and not for ever."""

import csv
import gzip
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.utils import timezone

from accounts.links import Link, read_link
from accounts.models import AuditEntry
from billing.models import QuotaOverride
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.log import export_job, export_rows, exports, paging
from sending.log.conditions import Condition
from sending.log.query import Query
from sending.models import LogExport, Message, MessageStatus

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
State = LogExport.State


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.EXPORTS_ROOT = tmp_path / "exports"
    return settings.EXPORTS_ROOT


@pytest.fixture
def messages(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """Seven, newest first, written two at a time."""
    monkeypatch.setattr(export_rows, "AT_ONCE", 2)
    return [make_message(world.domain, f"r{n}@far.test", at=NOW - timedelta(hours=n)) for n in range(7)]


def ask(world: World, kind: str = "ndjson", query: Query | None = None) -> LogExport:
    return exports.ask(world.account, world.vera, query or Query(), kind, "?")


def work() -> bool:
    return export_job.work_off(time.monotonic() + 60)


def read(export: LogExport) -> list[dict[str, Any]]:
    lines = gzip.decompress(exports.path_of(export).read_bytes()).decode().splitlines()
    return [json.loads(line) for line in lines]


def test_a_file_holds_every_row_once_newest_first(world: World, messages: list[Message]):
    export = ask(world)
    assert work() is False
    export.refresh_from_db()
    assert (export.state, export.rows) == (State.READY, 7)
    assert [row["message_id"] for row in read(export)] == [str(one.pk) for one in messages]
    assert export.size == exports.path_of(export).stat().st_size
    assert exports.path_of(export).stat().st_mode & 0o077 == 0


def test_csv_has_its_columns_and_no_formulas(world: World):
    make_message(
        world.domain,
        "ada@far.test",
        subject='=HYPERLINK("https://evil.test")',
        category="+1",
        provider="Google",
        submission={"custom_variables": {"order": "58213, and more"}},
    )
    export = ask(world, "csv")
    work()
    text = gzip.decompress(exports.path_of(export).read_bytes()).decode()
    (row,) = csv.DictReader(StringIO(text, newline=""))
    assert list(row) == [column.name for column in export_rows.COLUMNS]
    assert row["subject"] == '\'=HYPERLINK("https://evil.test")'
    assert row["category"] == "'+1"
    assert (row["to"], row["status"], row["state"]) == ("ada@far.test", "delivered", "delivered")
    assert (row["provider"], row["domain"], row["client_ip"]) == ("Google", "example.test", "203.0.113.40")
    assert json.loads(row["custom_variables"]) == {"order": "58213, and more"}
    assert row["opted_out_at"] == ""


def test_a_worker_that_was_killed_leaves_no_gap_and_nothing_twice(
    world: World, messages: list[Message], monkeypatch: pytest.MonkeyPatch
):
    export = ask(world)
    # A slice without time ends after its first batch.
    monkeypatch.setattr(export_job, "SLICE_SECONDS", 0.0)
    export_job._write_slice(export_job._claim(timezone.now()), time.monotonic())  # type: ignore[arg-type]
    export.refresh_from_db()
    assert (export.state, export.rows) == (State.RUNNING, 2)
    # What had been written beyond what the row says, when the process died.
    with exports.path_of(export).open("ab") as file:
        file.write(b"half a batch")
    LogExport.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert work() is False
    export.refresh_from_db()
    assert (export.state, export.rows) == (State.READY, 7)
    assert [row["to"] for row in read(export)] == [one.recipient for one in messages]


def test_a_file_that_was_lost_half_way_is_written_from_the_start(
    world: World, messages: list[Message], monkeypatch: pytest.MonkeyPatch
):
    export = ask(world)
    export_job._write_slice(export_job._claim(timezone.now()), time.monotonic())  # type: ignore[arg-type]
    exports.path_of(export).unlink()
    LogExport.objects.update(lease_until=timezone.now())
    work()
    assert len(read(export)) == 7


def test_who_lost_the_lease_writes_nothing_that_counts(world: World, messages: list[Message]):
    ask(world)
    late = export_job._claim(timezone.now())
    assert late
    LogExport.objects.update(lease_until=timezone.now())
    work()
    before = LogExport.objects.values().get()
    assert before["state"] == State.READY
    export_job._finish(late, {"rows": 99})
    assert LogExport.objects.values().get() == before


def test_few_are_written_at_once_and_one_an_account(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(export_job, "MOST_AT_ONCE", 2)
    first, second = ask(world), ask(world)
    other = exports.ask(world.stranger_account, world.charlie, Query(), "csv", "?")
    claimed = [export_job._claim(timezone.now()) for _ in range(3)]
    assert [one and one.pk for one in claimed] == [first.pk, other.pk, None]
    LogExport.objects.filter(pk=first.pk).update(lease_until=timezone.now())
    assert export_job._claim(timezone.now()) == second


def test_an_account_asks_for_so_many_at_once(world: World):
    for _ in range(exports.MOST_UNFINISHED):
        ask(world)
    with pytest.raises(exports.TooMany):
        ask(world)
    work()
    ask(world)


def test_the_question_is_kept_whole(world: World, messages: list[Message]):
    query = Query(
        conditions=(Condition("to", "ci_contain", ("far",)), Condition("category", "not_equal", ("x", "y"))),
        statuses=(MessageStatus.DELIVERED,),
        sent_after=NOW - timedelta(hours=4, minutes=30),
        sent_before=NOW - timedelta(minutes=30),
        text="r",
    )
    export = ask(world, query=query)
    export.refresh_from_db()
    assert Query.from_json(export.query) == query
    work()
    assert [row["to"] for row in read(export)] == ["r1@far.test", "r2@far.test", "r3@far.test", "r4@far.test"]


def test_a_search_row_by_row_reaches_the_end_of_the_log(
    world: World, messages: list[Message], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(paging, "SCAN_ROWS", 2)
    export = ask(world, query=Query(text="r6@"))
    work()
    assert [row["to"] for row in read(export)] == ["r6@far.test"]


def test_what_the_plan_does_not_keep_is_in_no_file(world: World):
    QuotaOverride.objects.create(account=world.account, term="log_days", value=2, reason="Short.")
    make_message(world.domain, "new@far.test")
    make_message(world.domain, "old@far.test", at=NOW - timedelta(days=2, hours=1))
    make_message(world.stranger_domain, "foreign@far.test")
    export = ask(world)
    work()
    assert [row["to"] for row in read(export)] == ["new@far.test"]
    export.refresh_from_db()
    export_job.delete_old(timezone.now() + timedelta(days=2, minutes=1))
    assert not exports.path_of(export).exists()


def test_who_asked_is_told_and_nobody_else(
    world: World, messages: list[Message], django_capture_on_commit_callbacks: Any
):
    ask(world)
    with django_capture_on_commit_callbacks(execute=True):
        work()
    (letter,) = mail.outbox
    assert letter.to == ["vera@acme.test"]
    assert "7 emails" in letter.body
    link = re.search(r"http://\S+", str(letter.body))
    assert link
    path = urlsplit(link[0]).path
    assert read_link(path.rstrip("/").rpartition("/")[2]) == Link(world.vera.pk, f"/a/{world.account.pk}/log/exports/")
    assert AuditEntry.objects.filter(action="log_export.asked").count() == 1


def test_files_go_after_their_time_and_strays_at_once(world: World, folder: Path, messages: list[Message]):
    QuotaOverride.objects.create(account=world.account, term="log_days", value=30, reason="Long.")
    export = ask(world)
    work()
    stray = folder / f"1-{'a' * 32}.csv.gz"
    stray.write_bytes(b"")
    export_job.delete_old(timezone.now() + timedelta(days=6, hours=23))
    assert exports.path_of(export).exists()
    assert not stray.exists()
    export_job.delete_old(timezone.now() + timedelta(days=7, minutes=1))
    export.refresh_from_db()
    assert export.state == State.GONE
    assert not exports.path_of(export).exists()


def test_a_disk_that_fails_ends_in_a_failure_that_is_told(world: World, messages: list[Message], folder: Path):
    folder.write_text("not a folder")
    export = ask(world)
    for _ in range(export_job.MOST_FAILURES):
        LogExport.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now())
        work()
    export.refresh_from_db()
    assert export.state == State.FAILED


def test_a_name_that_leads_elsewhere_is_no_file(world: World):
    export = ask(world)
    export.file = "../../etc/passwd"
    with pytest.raises(ValueError, match="no file"):
        exports.path_of(export)
