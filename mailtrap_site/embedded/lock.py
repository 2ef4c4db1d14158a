"""One instance per data folder: a file that is locked while the instance runs, whatever became of an earlier one."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class AlreadyRunning(Exception):
    """Another process holds the lock; the text is a sentence."""


@contextlib.contextmanager
def held(file: Path) -> Iterator[None]:
    """Holds the lock at `file`, which is gone afterwards. Raises AlreadyRunning."""
    descriptor = _take(file)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        # Removed while still locked: who waits for it sees that the name is gone and takes a new file.
        file.unlink(missing_ok=True)
        os.close(descriptor)


def _take(file: Path) -> int:
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode().strip() or "another process"
            os.close(descriptor)
            raise AlreadyRunning(
                f"An instance is running already on {file.parent} (process {holder})."
                " Stop it with Ctrl-C in its terminal, or set VAR_DIR to another folder."
            ) from None
        if _is_at(file, descriptor):
            return descriptor
        os.close(descriptor)


def _is_at(file: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
