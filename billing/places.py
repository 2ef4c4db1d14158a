"""Places in an account's hours for queued mail that was never tried: taken anew when its time changes."""

from collections.abc import Sequence
from datetime import datetime

from billing.hours import Cursor, Wish, keep_booked, lock_booked, rebook
from billing.metering import hold
from billing.terms import read_terms


def move(cursor: Cursor, wishes: Sequence[Wish], now: datetime) -> list[datetime]:
    """When each leaves, in their order: at the time it wishes, or at the first full hour that has room.

    On the caller's transaction, in which their queue entries are locked already: as for all, entries come first, then
    meters, then hours.
    """
    if not wishes:
        return []
    terms = read_terms(cursor, {wish.account_id for wish in wishes}, now)
    limits = {wish.account_id: terms[wish.account_id].emails_per_hour for wish in wishes if wish.account_id in terms}
    hold(cursor, {key: terms[key] for key, limit in limits.items() if limit is not None}, now)
    before = lock_booked(cursor, sorted(limits), now)
    booked = {account_id: dict(before.get(account_id, {})) for account_id in limits}
    found = [
        rebook(wish, limits[wish.account_id], booked[wish.account_id], now)
        if wish.account_id in limits
        # Its account was deleted.
        else wish.leaves_at
        for wish in wishes
    ]
    keep_booked(cursor, before, booked)
    return found
