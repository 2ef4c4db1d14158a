"""What a reply asks of us towards the whole site; `queue.pacing` says what follows from it."""

from enum import StrEnum


class Asks(StrEnum):
    """Besides what the reply says about its message."""

    PAUSE = "pause"
    """Send nothing for a while, and less afterwards."""
    LESS = "less"
    """Fewer connections; a pause only when it is repeated."""
    FEWER = "fewer connections"
    """The connections that stand are all that it grants."""
    SHORTER = "shorter connections"
    """No more messages on this connection."""
