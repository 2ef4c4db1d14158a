"""What people decide about queued mail: pause and resume; hold, release, cancel, send now; and uncertain messages.

A pause is a row, and the gate obeys it from the next claim on. The other verbs are orders: rows as well, which the task
`sending.tend_queue` works off in steps (`queue.orders`), whatever becomes of the nudge. Mail that is being sent while
an order passes is left alone: nobody can call it back.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from mailtrap_site import wake
from sending.events.record import Change, record_changes
from sending.models import Event, Hold, QueueOrder, QueuePause
from sending.models.identifiers import new_id
from sending.models.statements import fragment, raw_cursor, statement

TEND = "sending.tend_queue"
MOST_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Scope:
    """Which mail is meant; None covers everything, but not all four. Raises ValueError."""

    account_id: int | None = None
    domain_id: int | None = None
    stream: str | None = None
    destination: str | None = None
    """A recipient domain, as A-labels in lower case."""

    def __post_init__(self) -> None:
        if (self.account_id, self.domain_id, self.stream, self.destination) == (None,) * 4:
            raise ValueError("A scope names an account, a domain, a stream or a destination")

    @property
    def columns(self) -> dict[str, Any]:
        """The values of a `Scoped` row."""
        return {
            "account_id": self.account_id,
            "domain_id": self.domain_id,
            "stream": self.stream,
            "destination": self.destination,
        }


class Decision(StrEnum):
    """What a person says about an uncertain message."""

    SEND_AGAIN = "send_again"
    DELIVERED = "delivered"
    GIVE_UP = "give_up"


def pause(scope: Scope, *, reason: str = "", by: User | None = None) -> QueuePause:
    """From the next claim on nothing in the scope leaves. `reason` is shown to the accounts whose mail waits."""
    return QueuePause.objects.create(**scope.columns, reason=reason, set_by=by)


def resume(pause_id: int) -> bool:
    """Ends a pause and has what it held set free; False when there was none."""
    ended, _ = QueuePause.objects.filter(pk=pause_id).delete()
    wake.nudge(TEND, queue="upkeep")
    return bool(ended)


def hold(scope: Scope, *, reason: str = "", by: User | None = None) -> QueueOrder:
    """Parks what waits in the scope now; later mail is not meant (that is a pause)."""
    return _order(QueueOrder.Verb.HOLD, scope, reason, by)


def release(scope: Scope, *, reason: str = "", by: User | None = None) -> QueueOrder:
    """Makes held mail due. What still may not leave is held again at its claim; uncertain mail waits for a decision."""
    return _order(QueueOrder.Verb.RELEASE, scope, reason, by)


def cancel(scope: Scope, *, reason: str = "", by: User | None = None) -> QueueOrder:
    """Ends what waits or is held, uncertain mail excepted: that may have been delivered."""
    return _order(QueueOrder.Verb.CANCEL, scope, reason, by)


def requeue(scope: Scope, *, reason: str = "", by: User | None = None) -> QueueOrder:
    """Makes deferred mail due now."""
    return _order(QueueOrder.Verb.REQUEUE, scope, reason, by)


def decide_uncertain(
    account_id: int, decision: Decision, *, message_ids: Sequence[uuid.UUID] | None = None, by: str = ""
) -> int:
    """Decides about uncertain messages of an account that wait for it (None: all of them); returns how many.

    Of two people who decide about one message, the first has decided. `by` is kept with the event.
    """
    count = 0
    while done := _decide(account_id, decision, message_ids, by):
        count += done
        if done < MOST_AT_ONCE:
            break
    if count and decision is Decision.SEND_AGAIN:
        wake.nudge("sending.deliver", queue="deliveries")
    return count


def _order(verb: QueueOrder.Verb, scope: Scope, reason: str, by: User | None) -> QueueOrder:
    # The id of now: mail that comes later is not meant.
    order = QueueOrder.objects.create(verb=verb, **scope.columns, reason=reason, set_by=by, until=new_id())
    wake.nudge(TEND, queue="upkeep")
    return order


def _decide(account_id: int, decision: Decision, message_ids: Sequence[uuid.UUID] | None, by: str) -> int:
    now = timezone.now()
    parameters = {
        "account": account_id,
        "ids": None if message_ids is None else list(message_ids),
        "hold": Hold.UNCERTAIN.value,
        "limit": MOST_AT_ONCE,
        "now": now,
    }
    with transaction.atomic():
        cursor = raw_cursor()
        cursor.execute(_SEND_AGAIN if decision is Decision.SEND_AGAIN else _FINISH, parameters)
        details = {"decision": decision.value, "decided_by": by, **_DETAILS.get(decision, {})}
        changes = [Change(row[0], account_id, details) for row in cursor.fetchall()]
        record_changes(cursor, _EVENTS[decision], changes, at=now)
    return len(changes)


_EVENTS = {
    Decision.SEND_AGAIN: Event.Type.RELEASE,
    Decision.DELIVERED: Event.Type.DELIVERY,
    Decision.GIVE_UP: Event.Type.BOUNCE,
}
_DETAILS: dict[Decision, dict[str, Any]] = {
    Decision.GIVE_UP: {"gave_up": True, "bounce_category": "transientfail"},
}

_UNDECIDED = fragment("""ARRAY(
    SELECT message_id FROM {queue}
    WHERE hold = %(hold)s AND account_id = %(account)s AND (%(ids)s::uuid[] IS NULL OR message_id = ANY(%(ids)s))
    ORDER BY message_id LIMIT %(limit)s FOR UPDATE)""")
_SEND_AGAIN = statement(
    "UPDATE {queue} SET due_at = %(now)s, hold = NULL, pause_id = NULL "
    "WHERE message_id = ANY({undecided}) AND hold = %(hold)s RETURNING message_id",
    undecided=_UNDECIDED,
)
_FINISH = statement(
    "DELETE FROM {queue} WHERE message_id = ANY({undecided}) AND hold = %(hold)s RETURNING message_id",
    undecided=_UNDECIDED,
)
