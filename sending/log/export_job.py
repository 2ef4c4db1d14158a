"""Writes the files of exports in slices, so that all take turns and a cut-off one goes on where it stood.

The file is a row of gzip members (RFC 1952, 2.2), one a batch. A batch counts once it is on the disk and the row says
so; what a process wrote beyond that before it died is cut off by the next.
"""

import gzip
import os
import time
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.notices import notify
from mailtrap_site.web.wording import figure_words, size_words
from sending.log import export_rows
from sending.log.exports import KEPT, UNFINISHED, deleted_at, path_of
from sending.log.query import Query
from sending.models import LogExport

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 2
"""Files that are being written at the same time, one an account."""
SLICE_SECONDS = 5.0
LEASE = timedelta(minutes=2)
MOST_FAILURES = 5
_LOCK = 0x6578706F7274
"""The advisory lock of those who claim."""
State = LogExport.State


def work_off(until: float) -> bool:
    """Writes what was asked for until `until` (monotonic); whether more is left."""
    while time.monotonic() < until:
        export = _claim(timezone.now())
        if export is None:
            break
        _write_slice(export, min(until, time.monotonic() + SLICE_SECONDS))
    return _waiting(timezone.now()).exists()


def delete_old(now: datetime) -> None:
    """Deletes the files whose time has come, and files that no row knows."""
    for export in LogExport.objects.filter(state=State.READY):
        ends = deleted_at(export)
        if ends is not None and ends <= now and _moves(export, State.READY, state=State.GONE):
            path_of(export).unlink(missing_ok=True)
    # A row goes with its account; it is kept for a while after its file, so that the list can say what became of it.
    LogExport.objects.filter(state__in=(State.GONE, State.FAILED), created_at__lt=now - 10 * KEPT).delete()
    # Looked for before the rows are: a file is younger than its row.
    found = list(Path(settings.EXPORTS_ROOT).glob("*.gz"))
    known = set(LogExport.objects.exclude(state__in=(State.GONE, State.FAILED)).values_list("file", flat=True))
    for path in found:
        if path.name not in known:
            path.unlink(missing_ok=True)


def _waiting(now: datetime) -> QuerySet[LogExport]:
    """Those that nobody writes, of accounts for which nobody does."""
    leased = LogExport.objects.filter(state=State.RUNNING, lease_until__gt=now)
    free = LogExport.objects.filter(state__in=UNFINISHED).filter(Q(lease_until=None) | Q(lease_until__lte=now))
    return free.exclude(account__in=leased.values("account"))


def _claim(now: datetime) -> LogExport | None:
    """The one that has waited longest for its turn."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if LogExport.objects.filter(state=State.RUNNING, lease_until__gt=now).count() >= MOST_AT_ONCE:
            return None
        export = _waiting(now).order_by(F("lease_until").asc(nulls_first=True), "pk").first()
        if export is not None:
            export.state, export.lease_owner, export.lease_until = State.RUNNING, uuid.uuid4(), now + LEASE
            export.save(update_fields=["state", "lease_owner", "lease_until"])
    return export


def _write_slice(export: LogExport, until: float) -> None:
    try:
        if not _write(export, until):
            _moves(export, State.RUNNING, lease_until=timezone.now())
    except (OSError, DatabaseError) as problem:
        log.error("export_failed", export=export.pk, problem=type(problem).__name__)
        is_last = export.failures + 1 >= MOST_FAILURES
        # A later try starts from what the row says, whatever the file holds.
        _moves(
            export,
            State.RUNNING,
            failures=export.failures + 1,
            state=State.FAILED if is_last else State.RUNNING,
            lease_until=timezone.now() + LEASE,
        )


def _write(export: LogExport, until: float) -> bool:
    """Whether it reached the end. Stops at `until`, or when somebody else holds the lease."""
    path, query = path_of(export), Query.from_json(export.query)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if export.size == 0 or not path.exists() or path.stat().st_size < export.size:
        # The start, or a file that was lost: all of it again.
        export.cursor, export.rows, export.size = None, 0, 0
        path.write_bytes(b"")
        path.chmod(0o600)
    with path.open("r+b") as file:
        file.truncate(export.size)
        file.seek(export.size)
        for batch in export_rows.batches(export.account_id, query, export.format, export.cursor):
            text = (export_rows.head(export.format) if export.size == 0 else "") + batch.text
            file.write(gzip.compress(text.encode(), compresslevel=6, mtime=0))
            file.flush()
            os.fsync(file.fileno())
            export.cursor = batch.older or export.cursor
            export.rows, export.size = export.rows + batch.rows, file.tell()
            progress = {"cursor": export.cursor, "rows": export.rows, "size": export.size, "failures": 0}
            if batch.older is None:
                _finish(export, progress)
                return True
            if not _moves(export, State.RUNNING, **progress, lease_until=timezone.now() + LEASE):
                return False
            if time.monotonic() >= until:
                return False
    return False


def _finish(export: LogExport, progress: Mapping[str, object]) -> None:
    """Together with the last batch: of a file that is whole nothing is written twice."""
    with transaction.atomic():
        done = {"state": State.READY, "finished_at": timezone.now(), "lease_until": None}
        if not _moves(export, State.RUNNING, **progress, **done):
            return
        log.info("export_ready", export=export.pk, account=export.account_id, rows=export.rows)
        if export.user is None:
            return
        words = {"rows": figure_words(export.rows), "size": size_words(export.size), "days": KEPT.days}
        notify(
            export.account,
            "log_export.ready",
            _("Your export of the email log is ready"),
            _(
                "The file has %(rows)s emails (%(size)s, packed). We delete it after %(days)s days, or sooner where "
                "your plan keeps emails for a shorter time."
            )
            % words,
            path=reverse("sending:log_exports", args=[export.account_id]),
            only=export.user,
        )


def _moves(export: LogExport, since: str, /, **changes: object) -> bool:
    """Changes the row while it is in that state under the lease that we know."""
    rows = LogExport.objects.filter(pk=export.pk, state=since, lease_owner=export.lease_owner)
    return rows.update(**changes) == 1
