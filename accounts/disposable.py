"""Names at which throw-away mailboxes are had: nobody signs up with one, and compliance weighs them. Pure."""

from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("disposable_domains.txt")


def is_disposable(name: str) -> bool:
    """Whether throw-away mailboxes are had at this name, or at one above it."""
    labels = name.lower().split(".")
    return any(".".join(labels[start:]) in _disposable() for start in range(len(labels) - 1))


@cache
def _disposable() -> frozenset[str]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
