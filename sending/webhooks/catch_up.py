"""What an endpoint is told, read by whoever missed it: from the feed, by number, under the endpoint's filters."""

from collections.abc import Sequence
from dataclasses import dataclass

from sending.events import feed
from sending.models import WebhookEndpoint
from sending.webhooks import audit_log
from sending.webhooks.batches import Line
from sending.webhooks.fan_out import messages_of, rendered, wants


@dataclass(frozen=True, slots=True)
class Page:
    """`last` goes into the next call; where it is what was asked for, there is nothing new."""

    lines: Sequence[Line]
    last: int


def events_after(endpoint: WebhookEndpoint, after: int, most: int) -> Page:
    """The events above the number `after`, in order. It looks at `most` of the account, of which fewer may pass the
    filters; those whose mail retention has taken are left out."""
    if endpoint.type == WebhookEndpoint.Type.AUDIT_LOG:
        lines = audit_log.entries_after(endpoint.account_id, after, most)
        return Page(lines, lines[-1].number if lines else after)
    events, last = feed.look(endpoint.account_id, after, most)
    messages = messages_of(events)
    chosen = [event for event in events if wants(endpoint, event, messages.get(event.message_id))]
    lines_by_id = rendered(chosen, messages)
    return Page([lines_by_id[event.id] for event in chosen], last)
