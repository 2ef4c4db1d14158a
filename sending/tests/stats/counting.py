"""Counters for the tests of what is made of them, added by the reader itself from events."""

from datetime import UTC, datetime
from itertools import count

from domains.models import SendingDomain
from sending.events.feed import FedEvent
from sending.models import Event, Message, Submission
from sending.models.identifiers import id_at, new_id
from sending.stats import counters

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
_KINDS = {
    "delivered": (Event.Type.DELIVERY, {}),
    "bounced": (Event.Type.BOUNCE, {}),
    "soft_bounced": (Event.Type.SOFT_BOUNCE, {}),
    "rejected": (Event.Type.REJECT, {}),
    "opened": (Event.Type.OPEN, {"first": True}),
    "clicked": (Event.Type.CLICK, {"first": True}),
    "spam": (Event.Type.SPAM, {}),
    "unsubscribed": (Event.Type.UNSUBSCRIBE, {}),
}
_numbers = count(1)


def happen(
    domain: SendingDomain,
    at: datetime = NOON,
    *,
    stream: str = "transactional",
    category: str | None = None,
    provider: str | None = None,
    **counts: int,
) -> None:
    """So many messages of a domain were `delivered`, `bounced`, `opened` … at this moment, by the columns' names."""
    messages, events = [], []
    for name, number in counts.items():
        kind, details = _KINDS[name]
        for _ in range(number):
            message = Message(
                id=id_at(at),
                submission=Submission(id=new_id()),
                account_id=domain.account_id,
                domain=domain,
                stream=stream,
                category=category,
                provider=provider,
                kind="to",
                recipient="rita@far.test",
                from_address=f"shop@{domain.name}",
                subject="News",
            )
            messages.append(message)
            told = (next(_numbers), new_id(), message.pk, domain.account_id, kind.value, at, None, dict(details))
            events.append(FedEvent(*told))
    Message.objects.bulk_create(messages)
    counters.take(events)
