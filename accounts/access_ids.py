"""The contract's one row of ids for whoever has access to an account, over our two tables of them. Pure."""

from enum import IntEnum


class Kind(IntEnum):
    """What has access; the value is the remainder of the id."""

    USER = 0
    INVITE = 1


def access_id(kind: Kind, row_id: int) -> int:
    """The id that clients see."""
    return row_id * len(Kind) + kind


def read_access_id(number: int) -> tuple[Kind, int]:
    """The kind, and the id of its row."""
    return Kind(number % len(Kind)), number // len(Kind)
