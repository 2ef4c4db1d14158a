"""Mail that waits for an hour with room: brought forward once there is more of it."""

import time
from collections import defaultdict
from datetime import datetime
from typing import Any

import psycopg
from django.db import transaction

from billing import hours
from billing.metering import hold
from billing.terms import read_terms
from mailtrap_site.bulk_values import Column
from sending.events.record import Change, record_changes
from sending.models import Event
from sending.models.statements import raw_cursor, statement

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
    waiting = cursor.execute(_WAITING, parameters).fetchall()
    if not waiting:
        return None
    terms = read_terms(cursor, [account_id], now)[account_id]
    hold(cursor, account_id, terms, now)
    found = hours.bring_forward(cursor, account_id, terms, [due for _, due in waiting], now)
    moved: defaultdict[datetime, list[Change]] = defaultdict(list)
    for (message_id, due), hour in zip(waiting, found, strict=True):
        if hour != due:
            moved[max(hour, now)].append(Change(message_id, account_id, {"reason": REASON, "later": hour > now}))
    for due, changes in moved.items():
        _move(cursor, changes, due, now)
    return (waiting[-1][1], str(waiting[-1][0])) if len(waiting) == PIECE else None


def _move(cursor: "psycopg.Cursor[Any]", changes: list[Change], due: datetime, now: datetime) -> None:
    cursor.execute(_DUE, {"ids": Column("uuid", [one.message_id for one in changes]), "due": due})
    record_changes(cursor, Event.Type.REQUEUE, changes, at=now, next_attempt_at=due)


# What was accepted for a later hour, and nothing else, is due on the hour before its first attempt. Locked before the
# meter, as cancelling does.
_WAITING = statement("""
SELECT message_id, due_at FROM {queue}
WHERE account_id = %(account)s AND (due_at, message_id) > (%(after)s, %(id)s::uuid) AND due_at > %(now)s
  AND due_at = date_trunc('hour', due_at) AND attempts = 0 AND hold IS NULL AND send_at IS NULL
  AND (lease_until IS NULL OR lease_until < %(now)s) AND uncertain_since IS NULL
ORDER BY due_at, message_id LIMIT %(size)s FOR UPDATE SKIP LOCKED""")
_DUE = statement("UPDATE {queue} SET due_at = %(due)s WHERE message_id = ANY(%(ids)b::uuid[])")
