"""UUID version 7 (RFC 9562): ids that carry their time, so that partitions and pages follow the primary key."""

import secrets
import uuid
from datetime import UTC, datetime

from uuid_utils.compat import uuid7

__all__ = ["id_at", "id_floor", "new_id", "time_of"]


def new_id() -> uuid.UUID:
    """An id of now, monotonic within this process."""
    return uuid7()


def id_floor(moment: datetime) -> uuid.UUID:
    """A bound: below every version 7 id of `moment`'s millisecond and later."""
    return uuid.UUID(int=_milliseconds(moment) << 80)


def id_at(moment: datetime) -> uuid.UUID:
    """A random id that carries `moment`."""
    version, variant = 0x7 << 76, 0b10 << 62
    return uuid.UUID(
        int=_milliseconds(moment) << 80 | version | secrets.randbits(12) << 64 | variant | secrets.randbits(62)
    )


def time_of(identifier: uuid.UUID) -> datetime:
    """The moment that an id carries, to the millisecond, in UTC."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000) & (1 << 48) - 1
