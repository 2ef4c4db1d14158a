"""One claimed message on its way, and where it may go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sending.delivery.compose import Composed
from sending.delivery.evidence import Ending
from sending.delivery.routes import Route
from sending.events.record import Result
from sending.queue.claim import Claim


@dataclass(slots=True)
class Job:
    """One claimed message on its way. `compose` makes its bytes when its turn comes, or raises `Undeliverable`."""

    claim: Claim
    reverse_path: str
    compose: Callable[[], Composed]
    started_at: datetime
    was_put_back: bool = False


class Undeliverable(Exception):
    """The message cannot be made; `ending` says why."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(str(ending.reply))
        self.ending = ending


class Ends(Protocol):
    """Where jobs go from a pool."""

    def report(self, result: Result) -> None:
        """The attempt is over."""

    def put_back(self, jobs: Sequence[Job], until: datetime, why: str) -> None:
        """To the queue, untried; they are due at `until`."""

    def lead(self, jobs: Sequence[Job], route: Route) -> None:
        """By another route."""

    def leave(self, route: Route) -> None:
        """The pool of `route` has neither jobs nor connections."""
