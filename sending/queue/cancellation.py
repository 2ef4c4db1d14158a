"""What every cancellation writes, whoever ordered it: events and statuses, and the meter's share of what was never
tried."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from billing.metering import Returned, give_back
from mailtrap_site.bulk_values import Column
from sending.events.record import Change, record_changes
from sending.models import Event
from sending.models.statements import statement


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A message whose queue entry was deleted in this transaction, with the attempts that the entry knew of."""

    message_id: uuid.UUID
    account_id: int
    attempts: int


def record_cancelled(
    cursor: "psycopg.Cursor[Any]", cancelled: Sequence[Cancelled], details: dict[str, Any], *, at: datetime
) -> None:
    """What was cancelled before its first attempt is given back to the period in which it was accepted."""
    changes = [Change(one.message_id, one.account_id, details) for one in cancelled]
    record_changes(cursor, Event.Type.CANCEL, changes, at=at)
    untried = sorted(one.message_id for one in cancelled if not one.attempts)
    if untried:
        parameters = {"ids": Column("uuid", untried), "low": untried[0], "high": untried[-1]}
        rows = cursor.execute(_ACCEPTANCES, parameters, prepare=True).fetchall()
        give_back(cursor, [Returned(*row) for row in rows])


# The event of an acceptance carries the id of its message; its time is the one that the meter went by.
_ACCEPTANCES = statement(
    """
SELECT e.account_id, e.occurred_at, coalesce(d.name, ''), m.stream, coalesce(s.token_id, 0)
FROM {event} e JOIN {message} m ON m.id = e.id AND m.id >= %(low)s AND m.id <= %(high)s
LEFT JOIN {submission} s ON s.id = m.submission_id LEFT JOIN {domain} d ON d.id = m.domain_id
WHERE e.id = ANY(%(ids)b::uuid[]) AND e.id >= %(low)s AND e.id <= %(high)s AND e.type = {accepted}""",
    accepted=sql.Literal(Event.Type.ACCEPTED.value),
)
