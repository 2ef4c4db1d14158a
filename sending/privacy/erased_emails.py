"""Takes a recipient out of the email log: queued mail is cancelled, the rows stay without the person.

The body goes with the first recipient who is erased, also where others got the same email: its head and its text name
whom it went to, and a body that was changed would be no evidence any more. As long as somebody else still waits for
the email, it is left for a later look, since their copy is made of that body.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sending.models import Content, Erasure, Message, Submission, SuspiciousLinks
from sending.models.identifiers import id_floor, time_of
from sending.models.statements import raw_cursor, statement
from sending.privacy.steps import Step
from sending.queue.cancellation import cancel_entries
from sending.queue.leave import Entry
from sending.suppressions.marks import ERASED

AT_ONCE = 200
NOTHING = uuid.UUID(int=0)
_BEFORE, _AFTER = timedelta(seconds=10), timedelta(minutes=5)
"""How far the ids of an email's messages may lie from its own: they are made together, copies when it is accepted."""
KEPT_DETAILS = [
    "code", "rule", "response_code", "bounce_category", "enhanced", "uncertain", "gave_up", "asks", "decided_by",
    "order", "next_attempt_at", "machine", "later", "email_service_provider", "email_service_provider_status",
]  # fmt: skip
"""What events go on telling: that and why something happened, not to whom."""


def step(row: Erasure, address: str, now: datetime) -> Step:
    """Up to AT_ONCE messages to the address, in the caller's transaction."""
    after = uuid.UUID(row.position) if row.position else NOTHING
    found = _found(row.account_id, address, after)
    if not found:
        return Step()
    cancelled = _cancel([one.pk for one in found], now)
    free = _free(row.account_id, [one.pk for one in found])
    _erase(free)
    counts = {"emails": len(free), "cancelled": cancelled, "bodies": _erase_bodies(free)}
    last = str(found[-1].pk) if len(found) == AT_ONCE else ""
    return Step(last, counts, len(found) - len(free))


def _found(account_id: int, address: str, after: uuid.UUID) -> list[Message]:
    asked = {"account": account_id, "address": address, "after": after, "most": AT_ONCE}
    ids = [row[0] for row in raw_cursor().execute(_FIND, asked).fetchall()]
    if not ids:
        return []
    return list(Message.objects.filter(pk__in=ids, pk__gte=min(ids), pk__lte=max(ids)).order_by("pk"))


def _cancel(ids: Sequence[uuid.UUID], now: datetime) -> int:
    """What no worker has in its hands."""
    cursor = raw_cursor()
    entries = [Entry(*one) for one in cursor.execute(_WAITING, {"ids": list(ids), "now": now}).fetchall()]
    cancel_entries(cursor, entries, {"reason": "erasure"}, at=now)
    return len(entries)


def _free(account_id: int, ids: Sequence[uuid.UUID]) -> list[Message]:
    """Those that nobody waits for any more, neither the address itself nor others who get the same email."""
    read = Message.objects.filter(pk__in=ids, pk__gte=min(ids), pk__lte=max(ids), finished_at__isnull=False)
    messages = list(read.order_by("pk"))
    shared = Submission.objects.filter(pk__in={one.submission_id for one in messages}, recipient_count__gt=1)
    busy = {pk for pk in shared.values_list("pk", flat=True) if _somebody_waits(account_id, pk)}
    return [one for one in messages if one.submission_id not in busy]


def _somebody_waits(account_id: int, submission_id: uuid.UUID) -> bool:
    return _messages_of(account_id, submission_id).filter(finished_at=None).exists()


def _messages_of(account_id: int, submission_id: uuid.UUID) -> Any:
    made_at = time_of(submission_id)
    near = Message.objects.filter(pk__gte=id_floor(made_at - _BEFORE), pk__lt=id_floor(made_at + _AFTER))
    return near.filter(account=account_id, submission=submission_id)


def _erase(messages: Sequence[Message]) -> None:
    if not messages:
        return
    ids = [one.pk for one in messages]
    rows = Message.objects.filter(pk__in=ids, pk__gte=min(ids), pk__lte=max(ids))
    rows.update(recipient=ERASED, subject="", reply=None, recipient_mx=None)
    SuspiciousLinks.objects.filter(message__in=ids).delete()
    asked = {"ids": ids, "low": id_floor(time_of(min(ids))), "kept": KEPT_DETAILS}
    cursor = raw_cursor()
    cursor.execute(_ATTEMPTS, asked)
    cursor.execute(_EVENTS, asked)


def _erase_bodies(messages: Sequence[Message]) -> int:
    """The contents of their emails; and what an email says of itself, once none of its recipients is known."""
    accounts = {one.submission_id: one.account_id for one in messages}
    submissions = list(Submission.objects.filter(pk__in=list(accounts)).only("content_id", "recipient_count"))
    deleted, _ = Content.objects.filter(pk__in=[one.content_id for one in submissions]).delete()
    alone = [
        one.pk
        for one in submissions
        if one.recipient_count == 1 or not _messages_of(accounts[one.pk], one.pk).exclude(recipient=ERASED).exists()
    ]
    Submission.objects.filter(pk__in=alone).update(subject="", custom_variables={}, rfc_message_id="")
    return deleted


_FIND = statement("""
SELECT id FROM {message} WHERE account_id = %(account)s AND lower(recipient) = %(address)s AND id > %(after)s
ORDER BY id LIMIT %(most)s""")
_WAITING = statement("""
SELECT message_id, account_id, attempts, due_at, send_at FROM {queue}
WHERE message_id = ANY(%(ids)s) AND (lease_until IS NULL OR lease_until < %(now)s)
    AND (uncertain_since IS NULL OR hold IS NOT NULL)
ORDER BY message_id FOR UPDATE""")
# Attempts and events are as old as their message or younger.
_ATTEMPTS = statement("""
UPDATE {attempt} SET conversation = '[]', reply_text = NULL, mx_host = NULL, mx_ip = NULL
WHERE message_id = ANY(%(ids)s) AND id >= %(low)s""")
_EVENTS = statement("""
UPDATE {event} e SET details = coalesce(
    (SELECT jsonb_object_agg(d.key, d.value) FROM jsonb_each(e.details) d WHERE d.key = ANY(%(kept)s)), '{{}}')
WHERE message_id = ANY(%(ids)s) AND id >= %(low)s""")
