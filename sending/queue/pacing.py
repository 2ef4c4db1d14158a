"""How much one receiving site gets at a time: connections, messages on each, and how long an idle one stays."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Limits of one worker process towards one site; `idle_seconds` is how long an unused connection is kept."""

    connections: int
    messages_per_connection: int
    idle_seconds: float


_PACES = {
    "development": Pace(connections=8, messages_per_connection=1000, idle_seconds=10.0),
    "relay": Pace(connections=8, messages_per_connection=100, idle_seconds=10.0),
    "mx": Pace(connections=4, messages_per_connection=100, idle_seconds=5.0),
}


def pace_of(route: str) -> Pace:
    """The pace towards every site of a route (`development`, `relay` or `mx`)."""
    return _PACES[route]
