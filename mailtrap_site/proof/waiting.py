"""Waiting with an end."""

import time
from collections.abc import Callable
from typing import TypeVar

import psycopg

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for what takes two on a machine with nothing else to do."""


class NotInTime(Exception):
    """What was waited for did not happen; the text says what."""


def wait_for(question: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """The first answer that is true. A database that is away just now has no answer. Raises NotInTime."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if answer := question():
                return answer
        except psycopg.OperationalError:
            pass
        if time.monotonic() > deadline:
            raise NotInTime(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)
