"""What became of a message, in sentences: the answer first, then what it means and what can be done."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from sending.events.lifecycle import ContractStatus, contract_status
from sending.log.explanation import Explanation, explain
from sending.models import TLS_REQUIRED, Attempt, Event, Message, MessageStatus, QueueEntry, Submission
from sending.models.identifiers import id_floor
from sending.models.statements import raw_cursor
from sending.suppressions.check import Asked, suppressed

CLOCKS_DIFFER = timedelta(hours=1)
"""How far the machine that delivers may be behind the one that accepted."""


@dataclass(frozen=True, slots=True)
class Story:
    """All that the page of one message tells. `state` is a key of `mailtrap_site.web.statuses.MESSAGES`."""

    message: Message
    submission: Submission | None
    state: str
    events: list[Event]
    attempts: list[Attempt]
    explanation: Explanation | None
    is_suppressed: bool = False
    """Whether the recipient gets no more mail of this domain and stream now; asked only where it explains something."""

    @property
    def category(self) -> str:
        """The bounce category of the last refusal; empty where nobody refused."""
        details = (event.details.get("bounce_category") for event in reversed(self.events))
        return next((str(one) for one in details if one), "")

    @property
    def told(self) -> Mapping[str, Any]:
        """The details of the last event that stopped, refused or lost it; empty without one."""
        return next((event.details for event in reversed(self.events) if event.type in _TELLING), {})

    @property
    def needs_tls(self) -> bool:
        """Whether it waits, or was given up, because its domain will not send in the clear."""
        tries = (event.details for event in reversed(self.events) if event.details.get("bounce_category"))
        last = next(tries, None)
        return last is not None and last.get("rule") == TLS_REQUIRED

    @property
    def variables(self) -> str:
        """The custom variables as JSON for reading; empty where there are none."""
        held = self.submission.custom_variables if self.submission else {}
        return json.dumps(held, indent=2, ensure_ascii=False) if held else ""

    @property
    def finished_after(self) -> float | None:
        """Seconds from when on it was to leave to the final answer."""
        if self.message.finished_at is None:
            return None
        return max((self.message.finished_at - self.message.leaves_since).total_seconds(), 0.0)

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will happen by itself, so that a live page may stop asking."""
        return self.message.finished_at is not None


def tell(message: Message, now: datetime) -> Story:
    """The story of a message as far as it is known at `now`."""
    events = list(events_of(message))
    attempts = list(Attempt.objects.filter(message=message, pk__gte=_oldest_news(message)).order_by("pk"))
    submission = Submission.objects.filter(pk=message.submission_id).first()
    is_suppressed = _is_suppressed(message)
    return Story(
        message=message,
        submission=submission,
        state=_state(message, events, leased=message.pk in being_sent([message], now)),
        events=events,
        attempts=attempts,
        explanation=explain(message, events, is_suppressed=is_suppressed),
        is_suppressed=is_suppressed,
    )


def events_of(message: Message) -> QuerySet[Event]:
    """The events of a message, oldest first."""
    return Event.objects.filter(message=message, pk__gte=_oldest_news(message)).order_by("pk")


def _oldest_news(message: Message) -> uuid.UUID:
    """News are younger than their message, as far as clocks agree: the bound leaves out older partitions."""
    return id_floor(message.sent_at - CLOCKS_DIFFER)


def being_sent(messages: Sequence[Message], now: datetime) -> set[object]:
    """The ids of those that a sender holds at `now`: "sending" is no stored status, but a lease."""
    may_leave = (MessageStatus.SCHEDULED, MessageStatus.QUEUED, MessageStatus.DEFERRED)
    waiting = [one.pk for one in messages if one.status in may_leave]
    if not waiting:
        return set()
    leased = Q(lease_owner__isnull=False, lease_until__gt=now)
    return set(QueueEntry.objects.filter(leased, pk__in=waiting).values_list("pk", flat=True))


def state_of(message: Message, sending: set[object]) -> str:
    """The state that a list shows."""
    if contract_status(message.status, message.opted_out_at) is ContractStatus.OPTED_OUT:
        return "opted_out"
    return "sending" if message.pk in sending else str(message.status)


def _state(message: Message, events: Sequence[Event], *, leased: bool) -> str:
    state = state_of(message, {message.pk} if leased else set())
    if state == "opted_out" and any(event.type == Event.Type.SPAM for event in events):
        return "spam"
    return state


def _is_suppressed(message: Message) -> bool:
    told = message.status in (MessageStatus.BOUNCED, MessageStatus.REJECTED) or message.opted_out_at is not None
    if not told:
        return False
    asked = Asked(message.pk, message.account_id, message.domain_id, message.stream, message.recipient)
    return bool(suppressed(raw_cursor(), [asked]))


_TELLING = (Event.Type.BOUNCE, Event.Type.SOFT_BOUNCE, Event.Type.SUSPENSION, Event.Type.REJECT)
