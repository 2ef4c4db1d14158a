"""The export page: small files come at once, large ones are written and fetched, and rights are those of the log."""

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.log import exports, paging
from sending.models import LogExport
from sending.tasks import write_exports


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.EXPORTS_ROOT = tmp_path / "exports"
    return settings.EXPORTS_ROOT


@pytest.fixture
def path(world: World) -> str:
    make_message(world.domain, "ada@far.test", status="bounced", subject="=1+1")
    make_message(world.domain, "bob@far.test")
    make_message(world.stranger_domain, "secret@far.test")
    return f"/a/{world.account.pk}/log/exports/"


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows are too many to wait for."""
    monkeypatch.setattr(paging, "COUNT_TO", 1)


def body(response: Any) -> str:
    return b"".join(response.streaming_content).decode()


def test_a_small_export_comes_at_once_with_what_the_filters_find(world: World, path: str, as_alice: Client):
    page = as_alice.get(f"{path}?group=bounces").content.decode()
    assert "Only: Bounces" in page
    assert "1 email<" in page
    assert "custom_variables" in page
    response = as_alice.post(f"{path}?group=bounces", {"format": "csv"})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="email-log-' in response["Content-Disposition"]
    (row,) = csv.DictReader(StringIO(body(response), newline=""))
    assert (row["to"], row["subject"]) == ("ada@far.test", "'=1+1")
    entry = AuditEntry.objects.get(action="log_export.downloaded")
    assert entry.actor == world.alice
    assert entry.changes["filters"]["to"] == "?group=bounces"
    rows = body(as_alice.post(path, {"format": "ndjson"})).splitlines()
    assert [json.loads(row)["to"] for row in rows] == ["bob@far.test", "ada@far.test"]
    assert LogExport.objects.count() == 0


def test_a_large_export_is_written_and_fetched(
    world: World, path: str, as_alice: Client, signed_in: Callable[[User], Client], large: None
):
    assert "you get a letter" in as_alice.get(path).content.decode()
    assert as_alice.post(path, {"format": "ndjson"}).status_code == 302
    polled = as_alice.get(f"{path}?part=list", headers={"HX-Request": "true", "HX-Target": "exports"})
    assert b"Waits for its turn." in polled.content
    assert polled.status_code == 200
    write_exports()
    polled = as_alice.get(f"{path}?part=list", headers={"HX-Request": "true", "HX-Target": "exports"})
    assert polled.status_code == 286
    assert b"Download" in polled.content
    export = LogExport.objects.get()
    response: Any = signed_in(world.vera).get(f"{path}{export.pk}/file/")
    rows = gzip.decompress(b"".join(response.streaming_content)).decode().splitlines()
    assert [json.loads(row)["to"] for row in rows] == ["bob@far.test", "ada@far.test"]
    assert AuditEntry.objects.get(action="log_export.fetched").actor == world.vera


def test_a_file_is_for_its_account_alone(
    world: World, path: str, as_alice: Client, signed_in: Callable[[User], Client], large: None
):
    as_alice.post(path, {"format": "csv"})
    write_exports()
    export, charlie = LogExport.objects.get(), signed_in(world.charlie)
    theirs = f"/a/{world.stranger_account.pk}/log/exports/"
    assert charlie.get(f"{path}{export.pk}/file/").status_code == 404
    assert charlie.get(f"{theirs}{export.pk}/file/").status_code == 404
    assert charlie.get(path).status_code == 404
    assert charlie.post(path, {"format": "csv"}).status_code == 404
    assert Client().get(f"{path}{export.pk}/file/").status_code == 302


def test_a_file_that_is_not_ready_or_gone_is_not_found(world: World, path: str, as_alice: Client, large: None):
    as_alice.post(path, {"format": "csv"})
    export = LogExport.objects.get()
    assert as_alice.get(f"{path}{export.pk}/file/").status_code == 404
    write_exports()
    export.refresh_from_db()
    exports.path_of(export).unlink()
    assert as_alice.get(f"{path}{export.pk}/file/").status_code == 404


def test_a_format_that_there_is_not_is_not_found_and_too_many_are_refused(
    world: World, path: str, as_alice: Client, large: None
):
    assert as_alice.post(path, {"format": "exe"}).status_code == 404
    for _ in range(exports.MOST_UNFINISHED + 1):
        answer = as_alice.post(path, {"format": "csv"}, follow=True)
    assert "3 exports are being written already" in answer.content.decode()
    assert LogExport.objects.count() == exports.MOST_UNFINISHED
