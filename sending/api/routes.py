"""The paths of the sending API."""

from enum import StrEnum

from sending.models import Stream


class Kind(StrEnum):
    """What a request brings."""

    SEND = "send"
    BATCH = "batch"


ROUTES: dict[str, tuple[Kind, Stream | None]] = {
    "/api/send": (Kind.SEND, None),
    "/bulk/api/send": (Kind.SEND, Stream.BULK),
    "/api/batch": (Kind.BATCH, None),
    "/bulk/api/batch": (Kind.BATCH, Stream.BULK),
}
"""With the stream that the path names; None leaves it to the host name."""
