"""Who follows the feed of events, each at a pace of its own: the consequences of what happens to mail."""

import time
from collections.abc import Callable, Sequence

import structlog
from django.db import transaction

from sending.events import feed
from sending.events.feed import FedEvent
from sending.phishing import going
from sending.retention import settled
from sending.stats import READER as STATISTICS
from sending.stats import counters
from sending.suppressions import consequences
from sending.webhooks import READER as WEBHOOKS
from sending.webhooks import fan_out

log = structlog.get_logger(__name__)


def _settle(events: Sequence[FedEvent]) -> None:
    """What is about to go is read for links first; that failing, it goes all the same."""
    try:
        with transaction.atomic():
            going.take(events)
    except Exception:
        log.exception("links_unread")
    settled.take(events)


READERS: dict[str, Callable[[Sequence[FedEvent]], None]] = {
    consequences.READER: consequences.take,
    WEBHOOKS: fan_out.take,
    STATISTICS: counters.take,
    settled.READER: _settle,
}
AT_ONCE = 1000
"""Events of one transaction of one reader."""


def follow(until: float) -> bool:
    """Numbers what is new and hands it to all readers, until the monotonic time `until`; whether there is more.

    One that fails holds up none of the others; it sees the same events again next time.
    """
    while feed.give_numbers() and time.monotonic() < until:
        pass
    left = [reader for reader, take in READERS.items() if _advance(reader, take, until)]
    return bool(left)


def _advance(reader: str, take: Callable[[Sequence[FedEvent]], None], until: float) -> bool:
    try:
        while feed.advance(reader, take, AT_ONCE):
            if time.monotonic() >= until:
                return True
    except Exception:
        log.exception("follower_failed", reader=reader)
    return False
