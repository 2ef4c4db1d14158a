"""Mail that leaves at a time of its own: listed, moved to another time, sent now, cancelled; a submission as a whole.

All that only while no attempt has begun. A decision locks the queue entries before it looks at them, and a claim
passes over what is locked: of the two at one moment exactly one takes place.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from psycopg import sql

from accounts import audit
from accounts.models import Account
from billing.terms import terms_of
from mailtrap_site import wake
from sending.events.record import record_changes
from sending.models import Event, Submission
from sending.models.content import new_content_id
from sending.models.identifiers import time_of
from sending.models.statements import raw_cursor, statement
from sending.queue.cancellation import cancel_entries
from sending.queue.leave import Cursor, Entry, changes_to_leave, leave

Position = tuple[datetime, uuid.UUID]
"""The time and the submission with which a page ended."""
FIRST: Position = (datetime.fromtimestamp(0, UTC), uuid.UUID(int=0))


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A submission that waits for its time, and how many of its recipients do."""

    submission_id: uuid.UUID
    send_at: datetime
    recipients: int

    @property
    def position(self) -> Position:
        return self.send_at, self.submission_id


@dataclass(frozen=True, slots=True)
class By:
    """Who decides: the name that the timeline shows, and the request that the audit log is told of."""

    name: str
    request: HttpRequest | None = None


def list_scheduled(domain_ids: Collection[int], *, after: Position = FIRST, size: int) -> list[Scheduled]:
    """The next `size` submissions of these domains, soonest first."""
    parameters = {
        "domains": sorted(domain_ids),
        "send_at": after[0],
        "submission": after[1],
        "now": timezone.now(),
        "size": size,
    }
    return [Scheduled(*row) for row in raw_cursor().execute(_LIST, parameters).fetchall()]


def find_scheduled(account_id: int, named: uuid.UUID) -> Scheduled | None:
    """The submission of this id, or the one to which this message belongs."""
    parameters = {"account": account_id, "named": named, "now": timezone.now()}
    row = raw_cursor().execute(_FIND, parameters).fetchone()
    return Scheduled(*row) if row else None


def reschedule(account: Account, submission_id: uuid.UUID, send_at: datetime, by: By) -> bool:
    """Moves it to `send_at`, which is still to come; False when it is not scheduled any more. What the hour has no room
    for follows at the next full hour that has."""
    with transaction.atomic():
        found = _lock(account, submission_id)
        if found is None:
            return False
        cursor, now = raw_cursor(), timezone.now()
        latest = _leave(cursor, found, Event.Type.RESCHEDULE, send_at, by, now)
        _keep_content(cursor, found.submission, latest)
        _audit("submission.rescheduled", account, found, by, to=send_at.isoformat())
    return True


def send_now(account: Account, submission_id: uuid.UUID, by: By) -> bool:
    """Makes it due, as far as the hour has room; False when it is not scheduled any more."""
    with transaction.atomic():
        found = _lock(account, submission_id)
        if found is None:
            return False
        cursor, now = raw_cursor(), timezone.now()
        _leave(cursor, found, Event.Type.REQUEUE, now, by, now)
        _audit("submission.sent_now", account, found, by, to=now.isoformat())
        wake.nudge("sending.deliver", queue="deliveries")
    return True


def cancel(account: Account, submission_id: uuid.UUID, by: By) -> bool:
    """Ends it, and gives its recipients back to their period; False when it is not scheduled any more."""
    with transaction.atomic():
        found = _lock(account, submission_id)
        if found is None:
            return False
        cancel_entries(raw_cursor(), found.entries, {"decided_by": by.name}, at=timezone.now())
        _audit("submission.cancelled", account, found, by, to=None)
    return True


@dataclass(frozen=True, slots=True)
class _Locked:
    """A scheduled submission whose queue entries this transaction has locked."""

    submission: Submission
    send_at: datetime
    entries: list[Entry]


def _lock(account: Account, submission_id: uuid.UUID) -> _Locked | None:
    """None where it is not scheduled: unknown, another account's, held, begun or over."""
    submission = Submission.objects.filter(pk=submission_id, account=account).first()
    if submission is None:
        return None
    rows = raw_cursor().execute(_LOCK, {"submission": submission_id, "now": timezone.now()}).fetchall()
    entries = [Entry(*row[:-1]) for row in rows]
    if not rows or not all(row[-1] for row in rows):
        return None
    send_at = rows[0][-2]
    # Once the time has come, recipients that are missing have been tried; before it, they have been cancelled alone.
    if send_at <= timezone.now() and len(rows) < submission.recipient_count:
        return None
    return _Locked(submission, send_at, entries)


def _leave(cursor: Cursor, found: _Locked, event: Event.Type, send_at: datetime, by: By, now: datetime) -> datetime:
    """Gives it another time; when its last recipient is due."""
    entries = [replace(one, send_at=send_at) for one in found.entries]
    dues = leave(cursor, entries, now, at_new_time=True)
    changes = changes_to_leave(entries, dues, {"decided_by": by.name}, now)
    # What is sent now was wished for now: the message says so.
    record_changes(cursor, event, [replace(one, send_at=send_at) for one in changes], at=now)
    return max(dues.values())


def _keep_content(cursor: Cursor, submission: Submission, send_at: datetime) -> None:
    """Copies the content where it would expire too soon. A claim that has just read the old id still finds it."""
    expires_at = send_at + timedelta(days=terms_of(submission.account).log_days)
    if time_of(submission.content_id).date() < expires_at.date():
        parameters = {"old": submission.content_id, "new": new_content_id(expires_at), "submission": submission.pk}
        cursor.execute(_COPY_CONTENT, parameters)
        cursor.execute(_USE_CONTENT, parameters)


def _audit(action: str, account: Account, found: _Locked, by: By, *, to: str | None) -> None:
    changes = {"send_at": {"from": found.send_at.isoformat(), "to": to}}
    audit.record(
        action, account=account, target=found.submission, changes=changes, request=by.request, actor_name=by.name
    )


_FREE = sql.SQL("""
hold IS NULL AND uncertain_since IS NULL AND (lease_until IS NULL OR lease_until < %(now)s)""")
_WHOLE = sql.SQL("""
send_at > %(now)s OR count(*) >= (SELECT recipient_count FROM {submission} s WHERE s.id = q.submission_id)""").format(
    submission=sql.Identifier(Submission._meta.db_table)
)
_LIST = statement(
    """
SELECT found.* FROM unnest(%(domains)s::bigint[]) d(id) CROSS JOIN LATERAL (
    SELECT q.submission_id, q.send_at, count(*) FROM {queue} q
    WHERE q.domain_id = d.id AND q.send_at IS NOT NULL
      AND (q.send_at, q.submission_id) > (%(send_at)s, %(submission)s)
    GROUP BY q.send_at, q.submission_id HAVING bool_and({free}) AND ({whole})
    ORDER BY q.send_at, q.submission_id LIMIT %(size)s) found
ORDER BY found.send_at, found.submission_id LIMIT %(size)s""",
    free=_FREE,
    whole=_WHOLE,
)
_FIND = statement(
    """
SELECT q.submission_id, q.send_at, count(*) FROM {queue} q
WHERE q.submission_id = coalesce((SELECT n.submission_id FROM {queue} n WHERE n.message_id = %(named)s), %(named)s)
  AND q.account_id = %(account)s AND q.send_at IS NOT NULL
GROUP BY q.submission_id, q.send_at HAVING bool_and({free}) AND ({whole})""",
    free=_FREE,
    whole=_WHOLE,
)
_LOCK = statement(
    """
SELECT message_id, account_id, attempts, due_at, send_at, {free} FROM {queue}
WHERE submission_id = %(submission)s AND send_at IS NOT NULL ORDER BY message_id FOR UPDATE""",
    free=_FREE,
)
_COPY_CONTENT = statement("INSERT INTO {content} (id, data) SELECT %(new)s, data FROM {content} WHERE id = %(old)s")
_USE_CONTENT = statement("UPDATE {submission} SET content_id = %(new)s WHERE id = %(submission)s")
