"""Files of the email log over the API: asked for, looked at and fetched by who may read the whole account."""

import gzip
import json
import time
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import AuditEntry
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World, make_token
from sending.log import export_job, exports
from sending.models import LogExport

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.EXPORTS_ROOT = tmp_path / "exports"


def ask(world: World, method: str, rest: str = "", body: Any = None, *, secret: str = "") -> Any:
    return Client().generic(
        method,
        f"/api/accounts/{world.account.pk}/email_logs/exports{rest}",
        json.dumps(body or {}),
        content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {secret or world.secret}",
    )


def test_a_file_is_asked_for_written_and_fetched(world: World) -> None:
    make_message(world.domain, "ada@far.test", category="Order")
    make_message(world.domain, "bob@far.test", category="News")
    filters = "?filters[category][operator]=equal&filters[category][value]=Order"
    asked = ask(world, "POST", filters, {"format": "ndjson"})
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    where = f"/{asked.json()['id']}"
    assert ask(world, "GET", f"{where}/file").status_code == 404
    export_job.work_off(time.monotonic() + 60)
    shown = ask(world, "GET", where).json()
    assert (shown["state"], shown["rows"]) == ("ready", 1)
    assert ask(world, "GET").json() == {"exports": [shown]}
    file = ask(world, "GET", f"{where}/file")
    assert file["Content-Type"] == "application/gzip"
    [line] = gzip.decompress(b"".join(file.streaming_content)).decode().splitlines()
    assert json.loads(line)["to"] == "ada@far.test"
    acts = AuditEntry.objects.filter(action__startswith="log_export.").order_by("pk")
    assert [(one.action, one.actor_name) for one in acts] == [
        ("log_export.asked", "token “Test”"),
        ("log_export.fetched", "token “Test”"),
    ]
    assert not mail.outbox


def test_no_more_are_written_at_once_than_may_be(world: World) -> None:
    for _ in range(exports.MOST_UNFINISHED):
        assert ask(world, "POST", body={"format": "csv"}).status_code == 202
    refused = ask(world, "POST", body={"format": "csv"})
    assert refused.status_code == 429
    assert "Wait until one of them is ready" in refused.text
    assert ask(world, "POST", body={"format": "xlsx"}).status_code == 422


def test_others_and_tokens_of_single_domains_get_nothing(world: World) -> None:
    made = ask(world, "POST").json()["id"]
    scopes = [{"resource_type": "domain", "resource_id": world.domain.pk, "access_level": 100}]
    _, narrow = make_token(world.account, "One domain", scopes)
    for secret in (world.stranger_secret, narrow):
        for method, rest in (("POST", ""), ("GET", ""), ("GET", f"/{made}"), ("GET", f"/{made}/file")):
            assert ask(world, method, rest, secret=secret).status_code == 403, (method, rest)
    assert LogExport.objects.count() == 1
    theirs = Client().get(
        f"/api/accounts/{world.stranger_account.pk}/email_logs/exports/{made}",
        HTTP_AUTHORIZATION=f"Bearer {world.stranger_secret}",
    )
    assert theirs.status_code == 404
