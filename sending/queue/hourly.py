"""Mail that waits for an hour with room: brought forward once there is more of it."""

import time
from datetime import datetime

from django.db import transaction

from billing import hours
from sending.events.record import record_changes
from sending.models import Event
from sending.models.statements import raw_cursor, statement
from sending.queue.leave import Entry, changes_to_leave, leave

PIECE = 1_000
REASON = "The hourly limit has more room."
"""As the timeline shows it."""


def make_room(now: datetime, until: float) -> bool:
    """Books what waits into the first hours with room, each account a piece in turn until the monotonic time `until`;
    whether there is more to do. What may leave at once is due when this returns."""
    while hours.forget_past_hours(now) == hours.MOST_FORGOTTEN:
        if time.monotonic() > until:
            return True
    places = dict.fromkeys(hours.waiting_accounts(now), (now, _FIRST))
    while places:
        for account_id in list(places):
            if time.monotonic() > until:
                return True
            with transaction.atomic():
                last = _bring_forward(account_id, places[account_id], now)
            if last is None:
                del places[account_id]
            else:
                places[account_id] = last
    return False


_Place = tuple[datetime, str]
_FIRST = "00000000-0000-0000-0000-000000000000"


def _bring_forward(account_id: int, after: _Place, now: datetime) -> _Place | None:
    """One piece, in the order in which it waits; where it ended, None at the end."""
    cursor = raw_cursor()
    parameters = {"account": account_id, "after": after[0], "id": after[1], "now": now, "size": PIECE}
    waiting = [Entry(*row) for row in cursor.execute(_WAITING, parameters).fetchall()]
    dues = leave(cursor, waiting, now)
    moved = [one for one in waiting if dues[one.message_id] != one.due_at]
    record_changes(cursor, Event.Type.REQUEUE, changes_to_leave(moved, dues, {"reason": REASON}, now), at=now)
    return (waiting[-1].due_at, str(waiting[-1].message_id)) if len(waiting) == PIECE else None


# What the limit keeps waiting is due on the hour before its first attempt, or later than the time that was chosen for
# it. Locked before the meter, as everywhere.
_WAITING = statement("""
SELECT message_id, account_id, attempts, due_at, send_at FROM {queue}
WHERE account_id = %(account)s AND (due_at, message_id) > (%(after)s, %(id)s::uuid) AND due_at > %(now)s
  AND (due_at > send_at OR send_at IS NULL AND due_at = date_trunc('hour', due_at)) AND attempts = 0 AND hold IS NULL
  AND (lease_until IS NULL OR lease_until < %(now)s) AND uncertain_since IS NULL
ORDER BY due_at, message_id LIMIT %(size)s FOR UPDATE SKIP LOCKED""")
