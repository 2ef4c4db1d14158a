"""What an event does to a message's status, whatever the order in which news arrive; and the contract's four statuses.

Tables over code: a pair that the table does not name leaves the status as it is.
"""

from datetime import datetime
from enum import StrEnum
from itertools import product

from sending.models import Attempt, Event, MessageStatus


class ContractStatus(StrEnum):
    """The `status` of the contract's email log."""

    ENQUEUED = "enqueued"
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"
    OPTED_OUT = "opted_out"


UNFINISHED = frozenset(
    {
        MessageStatus.SCHEDULED,
        MessageStatus.QUEUED,
        MessageStatus.DEFERRED,
        MessageStatus.UNCERTAIN,
        MessageStatus.HELD,
    }
)
FINAL = frozenset(MessageStatus) - UNFINISHED
"""A message in one of these has no queue entry."""

EVENT_OF_OUTCOME = {
    Attempt.Outcome.DELIVERED: Event.Type.DELIVERY,
    Attempt.Outcome.DEFERRED: Event.Type.SOFT_BOUNCE,
    Attempt.Outcome.UNCERTAIN: Event.Type.SOFT_BOUNCE,
    Attempt.Outcome.BOUNCED: Event.Type.BOUNCE,
}
STATUS_OF_OUTCOME = {
    Attempt.Outcome.DELIVERED: MessageStatus.DELIVERED,
    Attempt.Outcome.DEFERRED: MessageStatus.DEFERRED,
    Attempt.Outcome.UNCERTAIN: MessageStatus.UNCERTAIN,
    Attempt.Outcome.BOUNCED: MessageStatus.BOUNCED,
}
OPTING_OUT = frozenset({Event.Type.UNSUBSCRIBE, Event.Type.SPAM})
"""These leave the status alone and set `opted_out_at`."""

_CONTRACT = {
    **dict.fromkeys(UNFINISHED, ContractStatus.ENQUEUED),
    MessageStatus.DELIVERED: ContractStatus.DELIVERED,
    MessageStatus.CAPTURED: ContractStatus.DELIVERED,
    MessageStatus.BOUNCED: ContractStatus.NOT_DELIVERED,
    MessageStatus.REJECTED: ContractStatus.NOT_DELIVERED,
    MessageStatus.CANCELLED: ContractStatus.NOT_DELIVERED,
}

_TRANSITIONS: dict[tuple[MessageStatus, Event.Type], MessageStatus] = {
    # A delivery that is known is the truth, even when someone cancelled or rejected meanwhile.
    **{
        (status, Event.Type.DELIVERY): MessageStatus.DELIVERED
        for status in (*UNFINISHED, MessageStatus.CANCELLED, MessageStatus.REJECTED)
    },
    **{(status, Event.Type.SOFT_BOUNCE): MessageStatus.DEFERRED for status in UNFINISHED},
    # A report may say long after the delivery that the mail came back.
    **{
        (status, Event.Type.BOUNCE): MessageStatus.BOUNCED
        for status in (*UNFINISHED, MessageStatus.DELIVERED, MessageStatus.CAPTURED)
    },
    **{(status, Event.Type.SUSPENSION): MessageStatus.HELD for status in UNFINISHED},
    **{(status, Event.Type.REJECT): MessageStatus.REJECTED for status in UNFINISHED},
    **{(status, Event.Type.CANCEL): MessageStatus.CANCELLED for status in UNFINISHED},
    **{(status, Event.Type.RELEASE): MessageStatus.QUEUED for status in (MessageStatus.HELD, MessageStatus.UNCERTAIN)},
    (MessageStatus.DEFERRED, Event.Type.REQUEUE): MessageStatus.QUEUED,
    (MessageStatus.SCHEDULED, Event.Type.REQUEUE): MessageStatus.QUEUED,
}

AHEAD = {MessageStatus.QUEUED: MessageStatus.SCHEDULED}
"""What a next status is instead while the time that was chosen for the message is still to come."""


def next_status(status: MessageStatus, event: Event.Type) -> MessageStatus:
    """The status of a message in `status` once `event` is known."""
    return _TRANSITIONS.get((status, event), status)


def changes() -> list[tuple[MessageStatus, Event.Type, MessageStatus]]:
    """Every (status, event, next status) in which the status moves; for statements that update in bulk."""
    return [
        (status, event, after)
        for status, event in product(MessageStatus, Event.Type)
        if (after := next_status(status, event)) is not status
    ]


def contract_status(status: str, opted_out_at: datetime | None) -> ContractStatus:
    """What the contract calls it; only delivered mail can be opted out of."""
    answer = _CONTRACT[MessageStatus(status)]
    if answer is ContractStatus.DELIVERED and opted_out_at is not None:
        return ContractStatus.OPTED_OUT
    return answer


def stored_statuses(status: ContractStatus) -> tuple[list[MessageStatus], bool | None]:
    """For filters: the stored statuses of a contract status, and whether `opted_out_at` must be set (None: any)."""
    if status is ContractStatus.OPTED_OUT:
        return stored_statuses(ContractStatus.DELIVERED)[0], True
    stored = [one for one in MessageStatus if _CONTRACT[one] is status]
    return stored, False if status is ContractStatus.DELIVERED else None
