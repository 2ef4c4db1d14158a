"""GNU make between us and the terminal: it does not pass on a SIGINT sent to it alone, and it may be killed."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from mailtrap_site.embedded.follow_parent import ask_for_signal


def follow() -> Callable[[], bool]:
    """Where make started us (STARTED_BY_MAKE): asks for SIGTERM when make is gone. The answer tells whether make,
    still there, wants to end."""
    if "STARTED_BY_MAKE" not in os.environ or not sys.platform.startswith("linux"):
        return lambda: False
    ask_for_signal(signal.SIGTERM, adopted=False)
    status = Path(f"/proc/{os.getppid()}/status")
    return lambda: _waits_in_its_handler(status)


def _waits_in_its_handler(status: Path) -> bool:
    """make's handler for SIGINT waits for its children, and a signal is blocked while its handler runs."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return True
    blocked = next((line.split()[1] for line in lines if line.startswith("SigBlk:")), "0")
    return bool(int(blocked, 16) & 1 << (signal.SIGINT - 1))
