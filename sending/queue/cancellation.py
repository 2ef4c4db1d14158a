"""What every cancellation does, whoever ordered it: events and statuses, and the meter's share of what was never
tried."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from billing.metering import Returned, give_back
from mailtrap_site.bulk_values import Column
from sending.events.record import Change, record_changes
from sending.models import Event
from sending.models.statements import statement
from sending.queue.leave import Entry, give_places_back


def cancel_entries(
    cursor: "psycopg.Cursor[Any]", entries: Sequence[Entry], details: dict[str, Any], *, at: datetime
) -> None:
    """Deletes queue entries that this transaction has locked. What was cancelled before its first attempt is given back
    to the period in which it was accepted, and to the hour in which it was due."""
    if not entries:
        return
    cursor.execute(_DELETE, {"ids": Column("uuid", [one.message_id for one in entries])})
    changes = [Change(one.message_id, one.account_id, details) for one in entries]
    record_changes(cursor, Event.Type.CANCEL, changes, at=at)
    untried = sorted(one.message_id for one in entries if not one.attempts)
    if untried:
        parameters = {"ids": Column("uuid", untried), "low": untried[0], "high": untried[-1]}
        rows = cursor.execute(_ACCEPTANCES, parameters, prepare=True).fetchall()
        give_back(cursor, [Returned(*row) for row in rows])
    give_places_back(cursor, entries, at)


_DELETE = statement("DELETE FROM {queue} WHERE message_id = ANY(%(ids)b::uuid[])")
# The event of an acceptance carries the id of its message; its time is the one that the meter went by.
_ACCEPTANCES = statement(
    """
SELECT e.account_id, e.occurred_at, coalesce(d.name, ''), m.stream, coalesce(s.token_id, 0)
FROM {event} e JOIN {message} m ON m.id = e.id AND m.id >= %(low)s AND m.id <= %(high)s
LEFT JOIN {submission} s ON s.id = m.submission_id LEFT JOIN {domain} d ON d.id = m.domain_id
WHERE e.id = ANY(%(ids)b::uuid[]) AND e.id >= %(low)s AND e.id <= %(high)s AND e.type = {accepted}""",
    accepted=sql.Literal(Event.Type.ACCEPTED.value),
)
