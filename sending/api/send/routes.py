"""The paths of the sending API."""

import re
from dataclasses import dataclass
from enum import StrEnum

from sending.models import Stream

_PATH = re.compile(r"(/bulk)?/api/(send|batch)(?:/([^/]+))?")


PATHS = ("/api/send", "/api/batch", "/bulk/api/send", "/bulk/api/batch")
"""Of mail that is to leave. Behind each a sandbox's id may stand."""


class Kind(StrEnum):
    """What a request brings."""

    SEND = "send"
    BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Route:
    """`stream` is None for the host name to decide; `sandbox` is what stands where a sandbox's id does, or None."""

    kind: Kind
    stream: Stream | None
    sandbox: str | None = None


def route_of(path: str) -> Route | None:
    """What a path asks for; None for one that is not of the sending API."""
    match = _PATH.fullmatch(path)
    return Route(Kind(match[2]), Stream.BULK if match[1] else None, match[3]) if match else None
