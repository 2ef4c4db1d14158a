"""An account's data as a file, and what is stored about one recipient."""

import gzip
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Notification
from mailtrap_site.testing.mail import make_event, make_message
from mailtrap_site.testing.world import World
from mailtrap_site.tests.tenants_things import READER, make_things
from sending.models import Archive, Event, LogExport, SuppressionImport
from sending.privacy import archive, archive_files, erasure
from sending.privacy.archive_parts import EMAIL_LOG, PARTS
from sending.suppressions.store import By

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.EXPORTS_ROOT = tmp_path


def written(world: World, client: Client) -> Archive:
    client.force_login(world.alice)
    client.post(reverse("sending:privacy_archives", args=[world.account.pk]))
    archive.work_off(time.monotonic() + 30)
    return Archive.objects.filter(account=world.account).latest("pk")


def test_an_archive_holds_everything_but_secrets(world: World, client: Client, monkeypatch: pytest.MonkeyPatch):
    make_things(world)
    monkeypatch.setattr("sending.log.export_rows.AT_ONCE", 2)
    mails = [make_message(world.domain, f"r{number}@far.test") for number in range(4)]
    made = written(world, client)
    assert made.state == "ready"
    assert Notification.objects.filter(kind="archive.ready", user=world.alice).count() == 1
    response = client.get(reverse("sending:privacy_archive_file", args=[world.account.pk, made.pk]))
    path = archive_files.path_of(made)
    assert b"".join(response.streaming_content) == path.read_bytes()  # type: ignore[attr-defined]
    assert {one.name for one in path.parent.iterdir() if one.is_file()} == {path.name}
    with zipfile.ZipFile(path) as packed:
        assert set(packed.namelist()) == {"README.txt", EMAIL_LOG, *(name for name, _ in PARTS)}
        everything = "".join(packed.read(name).decode() for name, _ in PARTS)
        lines = gzip.decompress(packed.read(EMAIL_LOG)).decode().splitlines()
        for name, _ in PARTS:
            if name.endswith(".json"):
                json.loads(packed.read(name))
    ids = [json.loads(line)["message_id"] for line in lines]
    assert len(ids) == len(set(ids)) == 5
    assert {str(one.pk) for one in mails} < set(ids)
    assert "bob@acme.test" in everything
    assert "strangers" not in everything
    for secret in (world.token.digest, world.alice.password, "PRIVATE"):
        assert secret not in everything


def test_a_cut_off_archive_goes_on_where_it_stood(world: World, client: Client):
    make_message(world.domain)
    client.force_login(world.alice)
    client.post(reverse("sending:privacy_archives", args=[world.account.pk]))
    archive.work_off(time.monotonic() - 1)
    row = Archive.objects.get(account=world.account)
    assert archive._step(row.pk, row.due_at)
    row.refresh_from_db()
    assert (row.state, row.part) == ("written", 1)
    archive.work_off(time.monotonic() + 30)
    row.refresh_from_db()
    assert (row.state, row.rows) == ("ready", 1)


def test_an_erasure_deletes_archives(world: World, client: Client):
    made = written(world, client)
    erasure.ask(world.account, READER, By(None, "test"), keep_out=False)
    erasure.work_off(time.monotonic() + 30)
    made.refresh_from_db()
    assert made.state == "gone"
    assert not archive_files.path_of(made).exists()


def test_old_files_go(world: World, client: Client):
    made = written(world, client)
    stray = archive_files.path_of(made).with_name("1-0.zip")
    stray.write_bytes(b"")
    archive_files.delete_old(made.created_at)
    assert archive_files.path_of(made).exists()
    assert not stray.exists()
    archive_files.delete_old(made.created_at + 2 * archive_files.KEPT)
    assert not archive_files.path_of(made).exists()


def test_one_recipients_data_is_a_file(world: World, client: Client):
    make_things(world)
    message = make_message(world.domain, READER.upper(), subject="Second")
    make_event(message, Event.Type.OPEN, {"web_ip_address": "192.0.2.7"})
    make_message(world.domain, f"x{READER}", subject="Not theirs")
    client.force_login(world.bob)
    response = client.post(
        reverse("sending:privacy_recipient_file", args=[world.account.pk]), {"address": f" {READER} "}
    )
    found = json.loads(b"".join(response.streaming_content))  # type: ignore[attr-defined]
    assert found["address"] == READER
    assert {one["recipient"].lower() for one in found["emails"]} == {READER}
    [second] = [one for one in found["emails"] if one["subject"] == "Second"]
    assert "Subject: Second" in second["body"]
    assert {"web_ip_address": "192.0.2.7"} in [one["details"] for one in second["events"]]
    assert len(found["suppressions"]) == len(found["tracking_opt_outs"]) == 1
    entry = AuditEntry.objects.get(action="recipient.exported")
    assert READER not in str(entry.changes)


def test_the_address_is_asked_about_and_then_erased(world: World, client: Client):
    make_things(world)
    # An import that is under way would be waited for, and this file has no name that we would give.
    SuppressionImport.objects.all().delete()
    LogExport.objects.all().delete()
    Archive.objects.all().delete()
    client.force_login(world.bob)
    page = reverse("sending:privacy", args=[world.account.pk])
    assert client.post(page, {"address": "nobody"}).status_code == 422
    asked = client.post(page, {"address": READER})
    assert f"Erase {READER}" in asked.content.decode()
    answer = client.post(
        reverse("sending:privacy_erasures", args=[world.account.pk]), {"address": READER, "keep_out": "on"}, follow=True
    )
    assert "is being erased" in answer.content.decode()
    assert READER not in answer.redirect_chain[0][0]
    erasure.work_off(time.monotonic() + 30)
    certificate = client.get(answer.redirect_chain[0][0]).content.decode()
    assert "A recipient was erased" in certificate
    assert READER not in certificate
    again = client.post(page, {"address": READER}).content.decode()
    assert "This address was erased before" in again


@pytest.mark.parametrize("who", ["vera", "charlie"])
def test_viewers_and_strangers_stay_out(world: World, client: Client, who: str):
    client.force_login(getattr(world, who))
    answer = client.post(reverse("sending:privacy", args=[world.account.pk]), {"address": READER})
    assert answer.status_code == {"vera": 403, "charlie": 404}[who]
