"""The hourly limit: more than an hour takes is booked into the hours that follow, on the caller's transaction, in which
the account's meter is locked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg

from billing.fitting import Demand, hour_of, spread
from billing.models import HourBooking
from billing.terms import Terms
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
    cursor.execute(_READ, (Column("timestamptz", [hour_of(now)]), Column("bigint", account_ids)))


def answered_booked(cursor: Cursor) -> Booked:
    """What `ask_booked` asked with this cursor."""
    found: Booked = {}
    for account_id, hour, booked in cursor.fetchall():
        found.setdefault(account_id, {})[hour] = booked
    return found


def book(demand: Demand, limit: int, booked: dict[datetime, int], now: datetime) -> Waits:
    """When the recipients of an accepted demand leave; `booked` is changed. Pure."""
    if demand.send_at is not None and demand.send_at > now:
        hour = hour_of(demand.send_at)
        booked[hour] = booked.get(hour, 0) + demand.recipients
        return ()
    hours = spread(demand.recipients, hour_of(now), limit, booked)
    return tuple(hours) if hours[-1][0] > now else ()


def keep_booked(cursor: Cursor, before: Booked, after: Booked) -> None:
    """Writes what has changed."""
    changed = [
        (account_id, hour, count)
        for account_id, hours in after.items()
        for hour, count in hours.items()
        if before.get(account_id, {}).get(hour, 0) != count
    ]
    if not changed:
        return
    accounts, hours, counts = zip(*changed, strict=True)
    cursor.execute(_KEEP, (Column("bigint", accounts), Column("timestamptz", hours), Column("bigint", counts)))


def waiting_accounts(now: datetime) -> list[int]:
    """The accounts of which something is booked for a later hour."""
    later = HourBooking.objects.filter(hour__gt=hour_of(now), booked__gt=0)
    return sorted(set(later.values_list("account_id", flat=True)))


def bring_forward(
    cursor: Cursor, account_id: int, terms: Terms, due: Sequence[datetime], now: datetime
) -> list[datetime]:
    """The new hours of recipients that are booked for the hours `due`, in their order, now that there may be more room.

    Never later than before. One that may leave at once gets this hour, which has begun.
    """
    before = _read(cursor, account_id, now)
    booked, found = dict(before), []
    for hour in due:
        if terms.emails_per_hour is None:
            first = hour_of(now)
            booked[first] = booked.get(first, 0) + 1
        else:
            [(first, _)] = spread(1, hour_of(now), terms.emails_per_hour, booked)
        if first >= hour:
            booked[first] -= 1
            found.append(hour)
            continue
        booked[hour] = max(booked.get(hour, 0) - 1, 0)
        found.append(first)
    keep_booked(cursor, {account_id: before}, {account_id: booked})
    return found


def forget_past_hours(now: datetime) -> int:
    """Removes bookings of hours that are long over; how many."""
    old = HourBooking.objects.filter(hour__lt=now - KEPT).order_by("pk").values_list("pk", flat=True)[:MOST_FORGOTTEN]
    return HourBooking.objects.filter(pk__in=list(old)).delete()[0]


_TABLE = HourBooking._meta.db_table
_READ = f"""
SELECT account_id, hour, booked FROM {_TABLE}, unnest(%b::timestamptz[]) AS since
WHERE account_id = ANY(%b::bigint[]) AND hour >= since
"""  # noqa: S608 the table's name comes from the model
_KEEP = f"""
INSERT INTO {_TABLE} AS kept (account_id, hour, booked)
SELECT * FROM unnest(%b::bigint[], %b::timestamptz[], %b::bigint[])
ON CONFLICT (account_id, hour) DO UPDATE SET booked = excluded.booked
"""  # noqa: S608


def _read(cursor: Cursor, account_id: int, now: datetime) -> dict[datetime, int]:
    ask_booked(cursor, [account_id], now)
    return answered_booked(cursor).get(account_id, {})
