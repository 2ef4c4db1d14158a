"""Where archives lie, and their end."""

import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from sending.models import Archive

KEPT = timedelta(days=7)
State = Archive.State


def folder_of(archive: Archive) -> Path:
    """Where its parts lie while it is written. Raises ValueError for a name that we did not give."""
    if not re.fullmatch(r"[0-9]+-[0-9a-f]{32}", archive.file):
        raise ValueError("no file of an archive")
    return _root() / archive.file


def path_of(archive: Archive) -> Path:
    """The file once it is ready."""
    return folder_of(archive).with_suffix(".zip")


def delete_all(account_id: int) -> int:
    """Deletes the account's files that are ready, and has those that are being written begin again; how many went."""
    gone = 0
    for one in Archive.objects.filter(account=account_id, state=State.READY):
        gone += _end(one)
    unfinished = Archive.objects.filter(account=account_id, state=State.WRITTEN)
    unfinished.update(part=0, cursor=None, rows=0, octets=0)
    return gone


def delete_old(now: datetime) -> None:
    """Deletes the files whose time has come, rows long after them, and what no row knows."""
    for one in Archive.objects.filter(state=State.READY, finished_at__lte=now - KEPT):
        _end(one)
    Archive.objects.filter(state__in=(State.GONE, State.FAILED), created_at__lt=now - 10 * KEPT).delete()
    # Looked for before the rows are: a file is younger than its row.
    found = list(_root().glob("*-*"))
    known = set(Archive.objects.filter(state__in=(State.WRITTEN, State.READY)).values_list("file", flat=True))
    for path in found:
        if path.name.removesuffix(".zip") not in known:
            remove(path)


def remove(path: Path) -> None:
    """A file or folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def is_there(archive: Archive) -> bool:
    """Whether it can be fetched."""
    ready = archive.state == State.READY and archive.finished_at is not None
    return ready and archive.finished_at + KEPT > timezone.now() and path_of(archive).exists()  # type: ignore[operator]


def _end(archive: Archive) -> int:
    ended = Archive.objects.filter(pk=archive.pk, state=State.READY).update(state=State.GONE)
    remove(path_of(archive))
    return ended


def _root() -> Path:
    return Path(settings.EXPORTS_ROOT) / "archives"
