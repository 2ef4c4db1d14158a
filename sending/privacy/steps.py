"""What one step of an erasure has done."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Step:
    """`position` is where the next one goes on, empty at the end of the stage; `waiting` are emails that it left."""

    position: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0
