"""An account's figures of today, from its newest messages: bounded, so that a page never reads a whole busy day."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sending.events.lifecycle import UNFINISHED, ContractStatus, stored_statuses
from sending.log.paging import newest_values, total
from sending.log.query import Query
from sending.models import MessageStatus
from sending.models.identifiers import time_of

MOST_ROWS = 10_000
"""How many messages the figures are made of; of a busier day they show the newest so many."""

DELIVERED = stored_statuses(ContractStatus.DELIVERED)[0]
WAITING = (MessageStatus.DEFERRED, MessageStatus.UNCERTAIN, MessageStatus.HELD)


@dataclass(frozen=True, slots=True)
class Today:
    """Counts of the messages accepted today. `deferred_now` also counts those of earlier days that still wait."""

    accepted: int
    delivered: int
    bounced: int
    rejected: int
    leaving: int
    """Queued or under way, not yet tried. What is scheduled leaves later."""
    deferred_now: int
    median_seconds: float | None
    """To the final answer, of what was delivered: from acceptance, or from the time that was chosen for it."""
    is_capped: bool
    by_hour: dict[str, list[int]]
    """Accepted, delivered, deferred and bounced for each hour so far; the last is now."""

    @property
    def finished(self) -> int:
        return self.delivered + self.bounced + self.rejected

    @property
    def delivered_ratio(self) -> float | None:
        return self.delivered / self.finished if self.finished else None

    @property
    def bounced_ratio(self) -> float | None:
        return self.bounced / self.finished if self.finished else None


def today(account_id: int, midnight: datetime, now: datetime) -> Today:
    """The figures since `midnight`, which is the reader's own. Reads at most `MOST_ROWS` rows, by an index."""
    rows = newest_values(
        account_id, Query(sent_after=midnight), MOST_ROWS + 1, "pk", "status", "finished_at", "send_at"
    )
    waiting = total(account_id, Query(statuses=WAITING)).count
    return count(rows[:MOST_ROWS], midnight, now, deferred_now=waiting, is_capped=len(rows) > MOST_ROWS)


Row = tuple[uuid.UUID, str, datetime | None, datetime | None]
"""Id, status, when it was finished, the time that was chosen for it to leave."""


def count(rows: Sequence[Row], midnight: datetime, now: datetime, *, deferred_now: int, is_capped: bool) -> Today:
    """The figures of these rows. Pure."""
    hours = int((now - midnight) / timedelta(hours=1)) + 1
    by_hour = {key: [0] * hours for key in ("accepted", "delivered", "deferred", "bounced")}
    statuses, seconds = [], []
    for message_id, status, finished_at, send_at in rows:
        accepted_at = time_of(message_id)
        hour = min(max(int((accepted_at - midnight) / timedelta(hours=1)), 0), hours - 1)
        statuses.append(status)
        by_hour["accepted"][hour] += 1
        if (key := _series(status)) is not None:
            by_hour[key][hour] += 1
        if status in DELIVERED and finished_at is not None:
            seconds.append(max((finished_at - (send_at or accepted_at)).total_seconds(), 0.0))
    return Today(
        accepted=len(rows),
        delivered=_among(statuses, DELIVERED),
        bounced=_among(statuses, (MessageStatus.BOUNCED,)),
        rejected=_among(statuses, (MessageStatus.REJECTED, MessageStatus.CANCELLED)),
        leaving=_among(statuses, UNFINISHED - {*WAITING, MessageStatus.SCHEDULED}),
        deferred_now=deferred_now,
        median_seconds=median(seconds) if seconds else None,
        is_capped=is_capped,
        by_hour=by_hour,
    )


def _series(status: str) -> str | None:
    if status in DELIVERED:
        return "delivered"
    if status in WAITING:
        return "deferred"
    return "bounced" if status == MessageStatus.BOUNCED else None


def _among(statuses: Iterable[str], wanted: Iterable[MessageStatus]) -> int:
    kept = set(wanted)
    return sum(status in kept for status in statuses)
