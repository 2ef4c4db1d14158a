"""Sliding windows by key, in a file that all processes of a machine map: one count, and no question to the database.

Processes take turns by a lock on the file, which the system lifts for whoever dies. The memory is bounded: where it is
full, the window that rested longest is given up, in its holder's favour.
"""

import errno
import mmap
import os
import threading
import time
from fcntl import LOCK_EX, LOCK_UN, lockf
from pathlib import Path

import structlog

from accounts.sliding_window import WORDS, take

log = structlog.get_logger(__name__)

SETS = 509
"""A prime, so that keys in a row lie apart. The window of a key is one of the WAYS of its set."""
WAYS = 8
SECOND = 10**9
TELL_SECONDS = 60
"""Refusals of one key are told of so often, with their number."""

_PLACES = SETS * WAYS
_SLOT = 2 + WORDS
"""Words of a place: refusals that are not told of yet, when they were last, and the window."""
_SIZE = 8 * _PLACES * (2 + _SLOT)
"""Octets: first all keys, then when each was used, then the slots. Times are in nanoseconds."""
_EMPTY = memoryview(bytes(8 * _SLOT)).cast("Q")


class SharedWindows:
    """Opened at the first use. Without a file, or where it cannot be had, the process counts for itself alone."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._turn = threading.Lock()
        self._words: memoryview | None = None
        self._descriptor: int | None = None

    def take(self, key: int, most: int, seconds: int) -> tuple[int, float, int]:
        """Counts a request of `key`, which is above 0, unless `most` are in its window of so many seconds.

        Gives what is left, -1 where the request is refused; the seconds until the oldest one leaves; and how many
        refusals there were since they were last told of, 0 while it is not the time to tell.
        """
        with self._turn:
            words = self._words or self._open()
            if self._descriptor is None:
                return _take(words, key, most, seconds)
            lockf(self._descriptor, LOCK_EX)
            try:
                return _take(words, key, most, seconds)
            finally:
                lockf(self._descriptor, LOCK_UN)

    def _open(self) -> memoryview:
        try:
            self._descriptor = _whole_file(self._file) if self._file else None
        except OSError as problem:
            log.warning("rate_limits_not_shared", problem=str(problem))
        memory = mmap.mmap(-1 if self._descriptor is None else self._descriptor, _SIZE)
        self._words = memoryview(memory).cast("Q")
        return self._words


def _whole_file(file: Path) -> int:
    """The descriptor of a file of the layout's own name that has all its octets. Raises OSError."""
    descriptor = os.open(file.with_name(f"{file.name}.{_SIZE}"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        lockf(descriptor, LOCK_EX)
        missing = _SIZE - os.fstat(descriptor).st_size
        # Written rather than left a hole: on a full disk a hole kills the process that touches it.
        if missing > 0 and os.pwrite(descriptor, bytes(missing), _SIZE - missing) < missing:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        lockf(descriptor, LOCK_UN)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _take(words: memoryview, key: int, most: int, seconds: int) -> tuple[int, float, int]:
    # Asked under the lock, so that no process comes with an older time than the one before it.
    now = time.time_ns()
    place = _place(words, key)
    words[_PLACES + place] = now
    slot = 2 * _PLACES + place * _SLOT
    left, frees_at = take(words, slot + 2, now, seconds * SECOND, most)
    return left, (frees_at - now) / SECOND, _note_refusal(words, slot, now) if left < 0 else 0


def _place(words: memoryview, key: int) -> int:
    """Where `key` is; an unused place of its set, or the one that rested longest, becomes its own where it has none."""
    first = key % SETS * WAYS
    keys = words[first : first + WAYS].tolist()
    if key in keys:
        return first + keys.index(key)
    used = words[_PLACES + first : _PLACES + first + WAYS].tolist()
    place = first + used.index(min(used))
    slot = 2 * _PLACES + place * _SLOT
    words[slot : slot + _SLOT] = _EMPTY
    words[place] = key
    return place


def _note_refusal(words: memoryview, slot: int, now: int) -> int:
    words[slot] += 1
    if 0 <= now - words[slot + 1] < TELL_SECONDS * SECOND:
        return 0
    refusals = words[slot]
    words[slot], words[slot + 1] = 0, now
    return refusals
