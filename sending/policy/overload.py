"""Whether this process may take in mail at all: the disk has space and the database answers. Early, before any work.

Cheap enough to be asked for each mail. It passes by itself, as soon as a look finds better.
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path

import structlog
from django.conf import settings

from sending.policy.refusal import Reason, Refusal
from sending.protocol.reply import Reply

log = structlog.get_logger(__name__)

LEAST_FREE = 0.05
"""Share of a file system."""
LOOK_AGAIN_SECONDS = 2.0
"""Older looks are repeated by whoever asks; the watch of an SMTP server looks once a second, off its event loop."""
DATABASE_SILENT_SECONDS = 4.0
UNAVAILABLE = Reply(421, "4.3.2", ("Service temporarily unavailable; try again later",))

_disk_is_full = False
_disk_looked_at = float("-inf")
_database_seen_at: float | None = None


def overload_now() -> Refusal | None:
    """Why no mail is taken in at present."""
    if time.monotonic() - _disk_looked_at > LOOK_AGAIN_SECONDS:
        look_at_disk()
    if _disk_is_full:
        return _STORAGE_FULL
    return None if database_answers() else _DATABASE_SILENT


def turn_away() -> Reply | None:
    """Why nobody may connect at present; while only the disk is full, MAIL is what is refused."""
    return None if database_answers() else UNAVAILABLE


def database_answers() -> bool:
    """False where a watch (`note_database`) runs and has heard nothing for `DATABASE_SILENT_SECONDS`."""
    return _database_seen_at is None or time.monotonic() - _database_seen_at < DATABASE_SILENT_SECONDS


def note_database() -> None:
    """The database has just answered; who calls this once goes on doing so about once a second."""
    global _database_seen_at
    _database_seen_at = time.monotonic()


def forget_database() -> None:
    """The watch has ended: nothing is known of the database."""
    global _database_seen_at
    _database_seen_at = None


def look_at_disk() -> None:
    """Asks the file systems of `DISK_WATCH` for their free space."""
    global _disk_is_full, _disk_looked_at
    is_full = is_nearly_full(settings.ENVIRONMENT.disk_watch)
    has_changed = is_full != _disk_is_full
    _disk_is_full, _disk_looked_at = is_full, time.monotonic()
    if has_changed:
        log.warning("disk_nearly_full" if is_full else "disk_has_space_again")


def is_nearly_full(paths: Iterable[Path]) -> bool:
    """Whether one of the file systems has less than `LEAST_FREE` left for us; a path that is not there counts not."""
    for path in paths:
        try:
            space = os.statvfs(path)
        except OSError:
            continue
        if space.f_bavail < space.f_blocks * LEAST_FREE:
            return True
    return False


_STORAGE_FULL = Refusal(Reason.STORAGE_FULL)
_DATABASE_SILENT = Refusal(Reason.TEMPORARY)
