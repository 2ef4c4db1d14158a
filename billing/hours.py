"""The hourly limit: more than an hour takes is booked into the hours that follow, on the caller's transaction.

A recipient has a place in the hour in which it is due, from acceptance to its first attempt, and keeps it once it has
left. Whoever takes places holds the account's meter; whoever gives some back need not: until then an hour only seems
fuller than it is.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from billing.fitting import Demand, hour_of, spread
from billing.models import HourBooking
from mailtrap_site.bulk_values import Column

KEPT = timedelta(days=1)
MOST_FORGOTTEN = 10_000
Booked = dict[int, dict[datetime, int]]
"""Recipients by account and hour."""
Waits = tuple[tuple[datetime, int], ...]
"""`(hour, recipients)` in order, together a demand's; empty where all of it leaves at once."""
Cursor = psycopg.Cursor[Any]


def ask_booked(cursor: Cursor, account_ids: Sequence[int], now: datetime) -> None:
    """Asks what is booked from this hour on; `answered_booked` fetches it."""
    cursor.execute(_READ, _asked(account_ids, now))


def answered_booked(cursor: Cursor) -> Booked:
    """What `ask_booked` asked with this cursor."""
    found: Booked = {}
    for account_id, hour, booked in cursor.fetchall():
        found.setdefault(account_id, {})[hour] = booked
    return found


def book(demand: Demand, limit: int, booked: dict[datetime, int], now: datetime) -> Waits:
    """When the recipients of an accepted demand leave; `booked` is changed. Pure.

    Those that have a place in the hour of its own time leave at that time, the others at the full hour.
    """
    first = now if demand.send_at is None else max(now, demand.send_at)
    hours = spread(demand.recipients, hour_of(first), limit, booked)
    return tuple(hours) if hours[-1][0] > first else ()


@dataclass(frozen=True, slots=True)
class Wish:
    """A recipient that was never tried, whose time changes."""

    account_id: int
    leaves_at: datetime
    """At the earliest, and not in the past."""
    due_at: datetime | None
    """When it was due; None where it was held, and so has no place."""


def rebook(wish: Wish, limit: int | None, booked: dict[datetime, int], now: datetime) -> datetime:
    """When it leaves: never later than it was due, unless that is its wish. No `limit` is None; `booked` is changed.
    Pure."""
    had = None if wish.due_at is None or wish.due_at < hour_of(now) else hour_of(wish.due_at)
    if had is not None:
        booked[had] = max(booked.get(had, 0) - 1, 0)
    if limit is None:
        return wish.leaves_at
    [(hour, _)] = spread(1, hour_of(wish.leaves_at), limit, booked)
    if wish.due_at is not None and had is not None and wish.leaves_at < wish.due_at and hour > had:
        booked[hour] -= 1
        booked[had] += 1
        return wish.due_at
    return max(wish.leaves_at, hour)


def keep_booked(cursor: Cursor, before: Booked, after: Booked) -> None:
    """Writes what has changed: differences, so that nothing is lost that was given back meanwhile."""
    differences = [
        (account_id, hour, count - before.get(account_id, {}).get(hour, 0))
        for account_id, hours in after.items()
        for hour, count in hours.items()
    ]
    if more := [one for one in differences if one[2] > 0]:
        cursor.execute(_ADD, _columns(more))
    if less := [(account_id, hour, -difference) for account_id, hour, difference in differences if difference < 0]:
        cursor.execute(_SUBTRACT, _columns(less))


def give_back(cursor: Cursor, places: Iterable[tuple[int, datetime]], now: datetime) -> None:
    """Frees the places of recipients that do not leave, by account and the time at which each was due. What was due in
    an hour that is over has none."""
    this = hour_of(now)
    found = Counter((account_id, hour_of(due_at)) for account_id, due_at in places if due_at >= this)
    if found:
        cursor.execute(_SUBTRACT, _columns([(account_id, hour, count) for (account_id, hour), count in found.items()]))


def lock_booked(cursor: Cursor, account_ids: Sequence[int], now: datetime) -> Booked:
    """What is booked from this hour on; nobody gives any of it back before the commit."""
    cursor.execute(f"{_READ} ORDER BY account_id, hour FOR UPDATE OF kept", _asked(account_ids, now))
    return answered_booked(cursor)


def waiting_accounts(now: datetime) -> list[int]:
    """The accounts of which something is booked for a later hour."""
    later = HourBooking.objects.filter(hour__gt=hour_of(now), booked__gt=0)
    return sorted(set(later.values_list("account_id", flat=True)))


def forget_past_hours(now: datetime) -> int:
    """Removes bookings of hours that are long over; how many."""
    old = HourBooking.objects.filter(hour__lt=now - KEPT).order_by("pk").values_list("pk", flat=True)[:MOST_FORGOTTEN]
    return HourBooking.objects.filter(pk__in=list(old)).delete()[0]


_TABLE = HourBooking._meta.db_table
_READ = f"""
SELECT account_id, hour, booked FROM {_TABLE} AS kept, unnest(%b::timestamptz[]) AS since
WHERE account_id = ANY(%b::bigint[]) AND hour >= since
"""  # noqa: S608 the table's name comes from the model
# Everybody locks these rows in one order, so that two never wait for each other.
_ADD = f"""
INSERT INTO {_TABLE} AS kept (account_id, hour, booked)
SELECT * FROM unnest(%b::bigint[], %b::timestamptz[], %b::bigint[]) AS added (account_id, hour, booked)
ORDER BY account_id, hour
ON CONFLICT (account_id, hour) DO UPDATE SET booked = kept.booked + excluded.booked
"""  # noqa: S608
_SUBTRACT = f"""
WITH given AS MATERIALIZED (
    SELECT kept.id, back.count FROM {_TABLE} AS kept
    JOIN unnest(%b::bigint[], %b::timestamptz[], %b::bigint[]) AS back (account_id, hour, count)
      USING (account_id, hour)
    ORDER BY kept.account_id, kept.hour FOR UPDATE OF kept
)
UPDATE {_TABLE} AS kept SET booked = greatest(kept.booked - given.count, 0) FROM given WHERE kept.id = given.id
"""  # noqa: S608


def _asked(account_ids: Sequence[int], now: datetime) -> tuple[Column, Column]:
    return Column("timestamptz", [hour_of(now)]), Column("bigint", account_ids)


def _columns(rows: Sequence[tuple[int, datetime, int]]) -> tuple[Column, Column, Column]:
    accounts, hours, counts = zip(*rows, strict=True)
    return Column("bigint", accounts), Column("timestamptz", hours), Column("bigint", counts)
