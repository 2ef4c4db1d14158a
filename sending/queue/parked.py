"""Sets free what is held although its reason is gone: the account is active again, the pause is lifted.

Held entries are looked at by groups of equal reason and owner, found by a loose index scan, and set free by thousands,
so that neither a million held messages nor a thousand owners make one pass long.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from sending.events.record import Change, record_changes
from sending.models import Event, Hold
from sending.models.statements import raw_cursor, statement
from sending.queue.leave import Entry, changes_to_leave, leave
from sending.queue.permission import Permission, Stop, read_permissions

MOST_AT_ONCE = 1_000
MOST_GROUPS = 500
"""Groups that one pass looks at; the next one goes on behind them."""


@dataclass(frozen=True, slots=True)
class Group:
    """Entries that are held for one reason."""

    hold: str
    account_id: int
    domain_id: int
    pause_id: int


# In the order of the alphabet, these two stand side by side; what people hold or have to decide does not lie between.
_FIRST = Group(Hold.PAUSED.value, 0, 0, 0)
_seen = _FIRST


@dataclass(frozen=True, slots=True)
class SetFree:
    """`released`: messages that are due again; `is_more`: time was up before all were."""

    released: int
    is_more: bool


def set_free(now: datetime, until: float) -> SetFree:
    """One pass, until the monotonic time `until`. What belongs to a deleted account or domain is rejected."""
    global _seen
    groups = _groups(_seen)
    _seen = groups[-1] if len(groups) == MOST_GROUPS else _FIRST
    permissions = read_permissions(raw_cursor(), {(one.account_id, one.domain_id) for one in groups}) if groups else {}
    released, started = 0, time.monotonic()
    for group in groups:
        permission = permissions[group.account_id, group.domain_id]
        if not _is_over(group, permission):
            continue
        # Each batch is due at a moment of its own: a claim bounds what it looks at by due times.
        while done := _end(group, permission.stop, now + timedelta(seconds=time.monotonic() - started)):
            released += 0 if permission.stop and permission.stop.is_final else done
            if time.monotonic() >= until:
                return SetFree(released, is_more=True)
    return SetFree(released, is_more=_seen is not _FIRST)


def _groups(after: Group) -> list[Group]:
    parameters = {
        "hold": after.hold,
        "account": after.account_id,
        "domain": after.domain_id,
        "pause": after.pause_id,
        "last": Hold.STANDING.value,
        "limit": MOST_GROUPS,
    }
    return [Group(*row) for row in raw_cursor().execute(_GROUPS, parameters).fetchall()]


def _is_over(group: Group, permission: Permission) -> bool:
    if permission.stop is not None and permission.stop.is_final:
        return True
    if group.hold == Hold.PAUSED:
        return group.pause_id not in {pause.id for pause in permission.pauses}
    return permission.stop is None


def _end(group: Group, stop: Stop | None, now: datetime) -> int:
    """Up to MOST_AT_ONCE of a group: released, or rejected where they can never leave."""
    parameters: dict[str, Any] = {
        "hold": group.hold,
        "account": group.account_id,
        "domain": group.domain_id,
        "pause": group.pause_id,
        "limit": MOST_AT_ONCE,
    }
    with transaction.atomic():
        cursor = raw_cursor()
        entries = [Entry(*row) for row in cursor.execute(_MEMBERS, parameters).fetchall()]
        if stop is not None and stop.is_final:
            cursor.execute(_REJECT, {"ids": [one.message_id for one in entries]})
            rejected = [Change(one.message_id, one.account_id, stop.details) for one in entries]
            record_changes(cursor, Event.Type.REJECT, rejected, at=now)
        else:
            dues = leave(cursor, entries, now)
            record_changes(cursor, Event.Type.RELEASE, changes_to_leave(entries, dues, {}, now), at=now)
    return len(entries)


_GROUPS = statement("""
WITH RECURSIVE groups AS (
    SELECT %(hold)s::text AS hold, %(account)s::bigint AS account_id, %(domain)s::bigint AS domain_id,
        %(pause)s::bigint AS pause_id
    UNION ALL
    SELECT n.* FROM groups g CROSS JOIN LATERAL (
        SELECT q.hold::text, q.account_id, q.domain_id, q.pause_id FROM {queue} q
        WHERE q.hold IS NOT NULL AND q.hold <= %(last)s AND (q.hold, q.account_id, q.domain_id, q.pause_id)
            > (g.hold, g.account_id, g.domain_id, g.pause_id)
        ORDER BY q.hold, q.account_id, q.domain_id, q.pause_id LIMIT 1) n
)
SELECT * FROM groups OFFSET 1 LIMIT %(limit)s""")

_MEMBERS = statement("""
SELECT message_id, account_id, attempts, due_at, send_at FROM {queue}
WHERE hold = %(hold)s AND account_id = %(account)s AND domain_id = %(domain)s AND pause_id = %(pause)s
ORDER BY message_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED""")
_REJECT = statement("DELETE FROM {queue} WHERE message_id = ANY(%(ids)s)")
