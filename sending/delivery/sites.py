"""The receiving sites that a worker process deals with: their pace, their share of it, and what the service learnt.

A site's limits hold for all its routes: domains with exchangers of their own may still share a provider's limits.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from sending.models.shared_counts import SharedCounts, exchange
from sending.models.site_pace import Learnt, read_paces, write_paces
from sending.queue import pacing
from sending.queue.pacing import Limits, Pace
from sending.replies.asks import Asks

MOST_SITES = 1_000
"""Remembered at once, besides those in use."""
WRITE_SECONDS = 3.0
"""What was learnt is written at most so often; complaints wait for the next exchange only."""
IDLE_SECONDS_WHEN_FULL = 1.0
"""An unused connection is kept so long where others may want it."""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Site:
    """One site's pace, and this process's part of it. Belongs to the event loop's thread."""

    def __init__(self, key: str, limits: Limits, connections: SharedCounts, users: SharedCounts) -> None:
        self.key = key
        self.limits = limits
        self.pace = pacing.first_pace(limits)
        self.waiting: dict[Callable[[], None], None] = {}
        """Those that want their first connection, in order: each is called when it may ask again."""
        self.learnt_at = _LONG_AGO
        self.is_news = False
        self._connections = connections
        self._users = users
        self._used_by = 0
        self._successes = 0
        self._minute = 0
        self._in_minute = self._in_last_minute = 0

    # Connections.

    @property
    def may_connect(self) -> bool:
        """Whether this process may open one more connection."""
        return self._own < self._share and self._total < self.pace.connections

    @property
    def has_too_many(self) -> bool:
        """Whether this process should leave one of its connections to somebody else."""
        total, limit = self._total, self.pace.connections
        if total < limit:
            return False
        return self._own > self._share or bool(self.waiting) or (total > limit < self._users.total(self.key))

    @property
    def standing(self) -> int:
        """Connections, tried or granted: this process's own, and the others' as of the last exchange."""
        return self._total

    @property
    def idle_seconds(self) -> float:
        """How long an unused connection is kept."""
        if self.limits.learns and self._total >= self.pace.connections:
            return min(IDLE_SECONDS_WHEN_FULL, self.limits.idle_seconds)
        return self.limits.idle_seconds

    def connected(self) -> None:
        """One more connection, from the moment on that it is tried."""
        self._connections.add(self.key)

    def disconnected(self) -> None:
        """One less; whoever waits for one is told."""
        self._connections.add(self.key, -1)
        for ask_again in list(self.waiting):
            ask_again()

    def used(self, number: int) -> None:
        """Says how many pools more, or fewer, of this process have something for the site."""
        before, self._used_by = self._used_by, self._used_by + number
        if bool(before) != bool(self._used_by):
            self._users.add(self.key, 1 if self._used_by else -1)

    @property
    def is_used(self) -> bool:
        return bool(self._used_by)

    @property
    def _own(self) -> int:
        return self._connections.own(self.key)

    @property
    def _total(self) -> int:
        return self._connections.total(self.key)

    @property
    def _share(self) -> int:
        return pacing.share(self.pace.connections, self._users.total(self.key))

    # The pace.

    def rests_until(self) -> datetime | None:
        """Until when nothing may be begun; None for now."""
        until, rate = self.pace.throttled_until, self.pace.per_minute
        if until is None and rate is None:
            return None
        now = datetime.now(UTC)
        if until is not None and until > now:
            return until
        if rate is not None and self._this_minute() >= pacing.share(rate, self._users.total(self.key)):
            return now + timedelta(seconds=60 - time.monotonic() % 60)
        return None

    def succeeded(self) -> None:
        """A message was delivered."""
        if not self.limits.learns:
            return
        self._this_minute()
        self._in_minute += 1
        self._successes += 1
        if self.pace.strikes:
            self._learn(pacing.after_success(self.pace))
        if self._successes >= pacing.round_of(self.pace):
            self._successes = 0
            self._learn(pacing.after_round(self.pace, self.limits))

    def complained(self, asks: Asks, *, why: str, standing: int, sent: int = 0) -> None:
        """The site asked for less; see `pacing.after_complaint`."""
        if not self.limits.learns:
            return
        self._successes = 0
        self._this_minute()
        processes = max(1, self._users.total(self.key))
        minute = max(self._in_minute, self._in_last_minute) * processes
        now = datetime.now(UTC)
        self._learn(
            pacing.after_complaint(self.pace, asks, now, standing=standing, sent=sent, last_minute=minute, why=why)
        )

    def take(self, learnt: Learnt) -> None:
        """What another process or an earlier run has learnt, if it is newer."""
        if learnt.learnt_at > self.learnt_at:
            self.learnt_at, self.is_news = learnt.learnt_at, False
            self.pace = pacing.bounded(Pace(*learnt[1:-1]), self.limits)

    def learnt(self) -> Learnt:
        """The row to keep."""
        pace = self.pace
        return Learnt(
            self.key,
            pace.connections,
            pace.messages_per_connection,
            pace.per_minute,
            pace.throttled_until,
            pace.strikes,
            pace.why,
            self.learnt_at,
        )

    def _learn(self, pace: Pace) -> None:
        if pace != self.pace:
            self.pace, self.is_news, self.learnt_at = pace, True, datetime.now(UTC)

    def _this_minute(self) -> int:
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._in_last_minute = self._in_minute if minute == self._minute + 1 else 0
            self._minute, self._in_minute = minute, 0
        return self._in_minute


class Sites:
    """The sites of one process, and its exchange with the others. Only `exchange` and `read` touch the database."""

    def __init__(self) -> None:
        self._sites: OrderedDict[str, Site] = OrderedDict()
        self._connections = SharedCounts("site")
        self._users = SharedCounts("site-user")
        self._wrote_at = 0.0
        self._was_in_use = False

    def __getitem__(self, key: str) -> Site:
        return self._sites[key]

    def __len__(self) -> int:
        return len(self._sites)

    def get(self, key: str) -> Site | None:
        """The site, if it is remembered."""
        site = self._sites.get(key)
        if site is not None:
            self._sites.move_to_end(key)
        return site

    def add(self, key: str, limits: Limits, learnt: Collection[Learnt] = ()) -> Site:
        """A site that was not remembered, with what `read` has found; of the unused ones the oldest is forgotten."""
        if (site := self._sites.get(key)) is not None:
            return site
        site = self._sites[key] = Site(key, limits, self._connections, self._users)
        for one in learnt:
            site.take(one)
        self._forget_unused()
        return site

    def read(self, cursor: "psycopg.Cursor[Any]", keys: Collection[str], now: datetime) -> list[Learnt]:
        """What the service knows of sites that are new to this process; on the thread of the database."""
        return read_paces(cursor, keys, since=now - pacing.KEPT)

    @property
    def has_to_exchange(self) -> bool:
        """Whether there is something to tell or to hear. After the last use once more, so that the counts end."""
        in_use = any(site.is_used for site in self._sites.values())
        before, self._was_in_use = self._was_in_use, in_use
        return in_use or before or any(site.is_news for site in self._sites.values())

    def exchange(self, cursor: "psycopg.Cursor[Any]", now: datetime) -> list[Learnt]:
        """Publishes counts and what was learnt, reads the others'; on the thread of the database. The answer is for
        `take`, on the loop's thread."""
        exchange(cursor, (self._connections, self._users), now)
        # A copy in one step, since the loop's thread adds to it.
        sites = list(self._sites.values())
        self._write([site for site in sites if site.is_news], cursor, now)
        learning = [site.key for site in sites if site.is_used and site.limits.learns]
        return read_paces(cursor, learning, since=now - timedelta(seconds=30)) if learning else []

    def take(self, learnt: Collection[Learnt]) -> None:
        """What the others have learnt."""
        for one in learnt:
            if (site := self._sites.get(one.key)) is not None:
                site.take(one)

    def _write(self, news: Collection[Site], cursor: "psycopg.Cursor[Any]", now: datetime) -> None:
        is_urgent = any(site.pace.strikes for site in news)
        if not news or not (is_urgent or time.monotonic() - self._wrote_at >= WRITE_SECONDS):
            return
        self._wrote_at = time.monotonic()
        rows = [site.learnt() for site in news]
        write_paces(cursor, rows, forget=now - pacing.KEPT)
        for site, row in zip(news, rows, strict=True):
            site.is_news = site.learnt_at > row.learnt_at

    def _forget_unused(self) -> None:
        if len(self._sites) <= MOST_SITES:
            return
        for key, site in list(self._sites.items())[: MOST_SITES // 2]:
            if not site.is_used and not site.is_news:
                del self._sites[key]
