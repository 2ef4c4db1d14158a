"""Writes an account's archive (GDPR, articles 15 and 20) part by part into a folder, and then into one ZIP file.

A step writes one part, or one batch of the email log, while it holds the row; what a process wrote beyond that before
it died is written again.
"""

import gzip
import os
import time
import zipfile
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account, User
from accounts.notices import notify
from mailtrap_site import wake
from mailtrap_site.web.wording import size_words
from sending.log import export_rows
from sending.log.query import Query
from sending.models import Archive, LogExport
from sending.privacy import archive_files
from sending.privacy.archive_files import KEPT, folder_of, path_of
from sending.privacy.archive_parts import EMAIL_LOG, PARTS, README

log = structlog.get_logger(__name__)

TASK = "sending.write_archives"
MOST_FAILURES = 5
RETRIES_AFTER = timedelta(minutes=2)
State = Archive.State


class AlreadyWritten(Exception):
    """The account's archive is being written."""


def ask(account: Account, user: User, request: HttpRequest) -> Archive:
    """Begins it; `user` is told when it is ready. Raises AlreadyWritten."""
    with transaction.atomic():
        # The account's row makes two who ask at once take turns.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if Archive.objects.filter(account=account, state=State.WRITTEN).exists():
            raise AlreadyWritten
        made = Archive.objects.create(account=account, user=user, file=f"{account.pk}-{uuid4().hex}")
        audit.record("archive.asked", account=account, request=request)
        wake.nudge(TASK, queue="upkeep")
    return made


def percent(archive: Archive) -> int:
    """How much is written, 0 to 100. The email log is the last tenth, since nobody knows its length before."""
    return round(90 * archive.part / len(PARTS)) if archive.state == State.WRITTEN else 100


def work_off(until: float) -> bool:
    """Writes until the monotonic time `until`; whether more could be written at once."""
    passed_over: set[int] = set()
    while time.monotonic() < until:
        due = Archive.objects.filter(state=State.WRITTEN, due_at__lte=timezone.now()).exclude(pk__in=passed_over)
        archive = due.order_by("due_at", "pk").first()
        if archive is None:
            return False
        try:
            if not _step(archive.pk, timezone.now()):
                passed_over.add(archive.pk)
        except (OSError, DatabaseError) as problem:
            log.error("archive_failed", archive=archive.pk, problem=type(problem).__name__)
            _failed(archive)
    return True


def _failed(archive: Archive) -> None:
    failures = archive.failures + 1
    state = State.FAILED if failures >= MOST_FAILURES else State.WRITTEN
    rows = Archive.objects.filter(pk=archive.pk, state=State.WRITTEN)
    rows.update(failures=failures, state=state, due_at=timezone.now() + RETRIES_AFTER)


@transaction.atomic
def _step(pk: int, now: datetime) -> bool:
    """One part or batch; False where somebody else writes it."""
    rows = Archive.objects.select_for_update(skip_locked=True, of=("self",)).select_related("account")
    archive = rows.filter(pk=pk, state=State.WRITTEN).first()
    if archive is None:
        return False
    folder = folder_of(archive)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    missing = [name for name, _write in PARTS[: archive.part] if not (folder / name).exists()]
    if missing or (archive.octets and not (folder / EMAIL_LOG).exists()):
        # A folder that was lost: all of it again.
        archive.part, archive.cursor, archive.rows, archive.octets = 0, None, 0, 0
    if archive.part < len(PARTS):
        _write_part(archive)
        archive.part += 1
    elif not _write_log(archive):
        _finish(archive, now)
    archive.due_at, archive.failures = now, 0
    archive.save()
    return True


def _write_part(archive: Archive) -> None:
    name, read = PARTS[archive.part]
    with (folder_of(archive) / name).open("w", encoding="utf-8", newline="") as file:
        for piece in read(archive.account):
            file.write(piece)


def _write_log(archive: Archive) -> bool:
    """A row of gzip members (RFC 1952, 2.2), one a batch; whether there are more."""
    with (folder_of(archive) / EMAIL_LOG).open("ab") as file:
        file.truncate(archive.octets)
        file.seek(archive.octets)
        batches = export_rows.batches(archive.account_id, Query(), LogExport.Format.NDJSON, archive.cursor)
        batch = next(batches)
        file.write(gzip.compress(batch.text.encode(), compresslevel=6, mtime=0))
        archive.octets = file.tell()
    archive.rows, archive.cursor = archive.rows + batch.rows, batch.older or archive.cursor
    return batch.older is not None


def _finish(archive: Archive, now: datetime) -> None:
    folder, path = folder_of(archive), path_of(archive)
    with path.open("wb") as out:
        path.chmod(0o600)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("README.txt", README.format(name=settings.SITE_NAME))
            for name, _read in PARTS:
                packed.write(folder / name, name)
            # It is packed already.
            packed.write(folder / EMAIL_LOG, EMAIL_LOG, zipfile.ZIP_STORED)
        out.flush()
        os.fsync(out.fileno())
    archive.size, archive.state, archive.finished_at = path.stat().st_size, State.READY, now
    transaction.on_commit(lambda: archive_files.remove(folder))
    log.info("archive_ready", archive=archive.pk, account=archive.account_id, rows=archive.rows)
    if archive.user is not None:
        notify(
            archive.account,
            "archive.ready",
            _("The archive of %(account)s is ready") % {"account": archive.account.name},
            _("The file has %(size)s. We delete it after %(days)s days.")
            % {"size": size_words(archive.size), "days": KEPT.days},
            path=reverse("sending:privacy", args=[archive.account_id]),
            only=archive.user,
        )
