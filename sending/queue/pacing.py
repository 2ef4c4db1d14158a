"""How much one receiving site gets at a time. It starts low on the mx route, grows with success, learns from replies.

Pure: values in, values out. Additive growth, multiplicative decrease, and pauses that double while a site keeps
complaining. A pace holds for the whole service; the processes share it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sending.replies.asks import Asks


@dataclass(frozen=True, slots=True)
class Limits:
    """A route's bounds: connections at the `start` and at `most`; `idle_seconds` an unused connection is kept.

    `learns`: whether replies change the pace."""

    start: int
    most: int
    messages_per_connection: int
    idle_seconds: float
    learns: bool = True


@dataclass(frozen=True, slots=True)
class Pace:
    """What one site gets, from all processes together. `per_minute`: messages, None for any number.

    `strikes` counts complaints since the last success; `why` is the reply that changed the pace last."""

    connections: int
    messages_per_connection: int
    per_minute: int | None = None
    throttled_until: datetime | None = None
    strikes: int = 0
    why: str = ""


ROUND = 10
"""Deliveries on each connection before another one is tried."""
LESS_IS_PAUSE = 3
"""So many complaints in a row, even mild ones, mean a pause."""
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)
RATE_WORTH_KEEPING = 1_000
"""A learnt rate that has grown to this is no bound any more."""
KEPT = timedelta(days=1)
"""What was learnt longer ago is forgotten."""
WHY_CHARACTERS = 200


def first_pace(limits: Limits) -> Pace:
    """Towards a site of which nothing is known."""
    return Pace(limits.start, limits.messages_per_connection)


def bounded(pace: Pace, limits: Limits) -> Pace:
    """What another process or an earlier run has learnt, within today's settings."""
    return replace(
        pace,
        connections=max(1, min(pace.connections, limits.most)),
        messages_per_connection=max(1, min(pace.messages_per_connection, limits.messages_per_connection)),
    )


def round_of(pace: Pace) -> int:
    """Deliveries after which the pace grows."""
    return ROUND * pace.connections


def after_round(pace: Pace, limits: Limits) -> Pace:
    """After a round without complaint: one connection more, and a quarter more of a learnt rate."""
    rate = pace.per_minute and pace.per_minute + max(1, pace.per_minute // 4)
    return replace(
        pace,
        connections=min(pace.connections + 1, limits.most),
        per_minute=rate if rate and rate < RATE_WORTH_KEEPING else None,
    )


def after_success(pace: Pace) -> Pace:
    """After the first delivery since a complaint."""
    return replace(pace, strikes=0, throttled_until=None)


def after_complaint(
    pace: Pace, asks: Asks, now: datetime, *, standing: int, sent: int = 0, last_minute: int = 0, why: str = ""
) -> Pace:
    """`standing`: connections that the site still grants; `sent`: messages taken on the one that complained;
    `last_minute`: messages delivered in the last minute, by all processes."""
    pace = replace(pace, why=why[:WHY_CHARACTERS])
    if asks is Asks.SHORTER and sent:
        return replace(pace, messages_per_connection=min(pace.messages_per_connection, sent))
    if asks is Asks.FEWER and standing:
        return replace(pace, connections=min(pace.connections, standing))
    if pace.throttled_until is not None and pace.throttled_until > now:
        # Said again by a conversation that was already under way.
        return pace
    strikes = pace.strikes + 1
    lower = replace(pace, connections=max(1, pace.connections // 2), strikes=strikes)
    if asks is Asks.LESS and strikes < LESS_IS_PAUSE:
        return lower
    rate = pace.per_minute
    if pace.connections == 1 and last_minute:
        rate = max(1, min(last_minute, rate or last_minute) // 2)
    pause = min(FIRST_PAUSE * 2 ** min(strikes - 1, 10), LONGEST_PAUSE)
    return replace(lower, per_minute=rate, throttled_until=now + pause)


def share(total: int, users: int) -> int:
    """One process's part of `total`, which `users` processes want: rounded down, so that all together keep to it."""
    return max(1, total // max(1, users))
