"""From the feed to what waits for each endpoint: a reader of the feed, so each event is queued exactly once."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.utils import timezone

from domains.models import SendingDomain
from mailtrap_site.wake import nudge
from sending.events.counting import is_machine
from sending.events.feed import FedEvent
from sending.models import Message, Submission, WebhookEndpoint
from sending.webhooks.batches import Line, append
from sending.webhooks.payloads import NAMES, SUBSCRIPTION_OF, Told, render


def take(events: Sequence[FedEvent]) -> None:
    """Queues the events for whoever wants them, in the caller's transaction. Those of paused endpoints too."""
    told = [event for event in events if event.type in NAMES]
    endpoints = _endpoints({event.account_id for event in told})
    if not endpoints:
        return
    told = [event for event in told if event.account_id in endpoints]
    messages = _messages(told)
    wanted: dict[int, list[FedEvent]] = {}
    for endpoint in (one for of_account in endpoints.values() for one in of_account):
        of_account = (event for event in told if event.account_id == endpoint.account_id)
        if chosen := [event for event in of_account if wants(endpoint, event, messages.get(event.message_id))]:
            wanted[endpoint.pk] = chosen
    _queue(wanted, messages)


def wants(endpoint: WebhookEndpoint, event: FedEvent, message: Message | None) -> bool:
    """Whether the endpoint's filters let the event pass; one whose message is gone is nobody's, and so is what a
    program opened or clicked."""
    return (
        message is not None
        and not is_machine(event.details)
        and SUBSCRIPTION_OF.get(event.type) in endpoint.event_types
        and message.stream == endpoint.stream
        and endpoint.domain_id in (None, message.domain_id)
    )


def rendered(events: Sequence[FedEvent], messages: dict[uuid.UUID, Message]) -> dict[uuid.UUID, Line]:
    """The line of each event, by its id."""
    of_events = {event.message_id: messages[event.message_id] for event in events}.values()
    submissions = _submissions({one.submission_id for one in of_events})
    names = dict(SendingDomain.objects.filter(pk__in={one.domain_id for one in of_events}).values_list("pk", "name"))
    return {
        event.id: Line(
            event.number,
            NAMES[event.type],
            render(_told(event, messages[event.message_id], submissions, names)),
        )
        for event in events
    }


def messages_of(events: Iterable[FedEvent]) -> dict[uuid.UUID, Message]:
    """Their messages, those that are still there."""
    return _messages(list(events))


def _endpoints(accounts: set[int]) -> dict[int, list[WebhookEndpoint]]:
    found = defaultdict(list)
    for endpoint in WebhookEndpoint.objects.filter(
        account_id__in=accounts, type=WebhookEndpoint.Type.EMAIL_SENDING
    ).order_by("pk"):
        found[endpoint.account_id].append(endpoint)
    return found


def _queue(wanted: dict[int, list[FedEvent]], messages: dict[uuid.UUID, Message]) -> None:
    if not wanted:
        return
    every = {event.id: event for chosen in wanted.values() for event in chosen}
    lines, now = rendered(list(every.values()), messages), timezone.now()
    # One order for all who lock several.
    for endpoint in WebhookEndpoint.objects.select_for_update().filter(pk__in=wanted).order_by("pk"):
        append(endpoint, [lines[event.id] for event in wanted[endpoint.pk]], now)
    nudge("sending.post_webhooks", queue="webhooks")


def _messages(events: Sequence[FedEvent]) -> dict[uuid.UUID, Message]:
    """The bounds let PostgreSQL leave out partitions that hold none of them."""
    ids = {event.message_id for event in events}
    if not ids:
        return {}
    return {one.pk: one for one in Message.objects.filter(pk__in=ids, pk__gte=min(ids), pk__lte=max(ids))}


def _submissions(ids: set[uuid.UUID]) -> dict[uuid.UUID, Submission]:
    if not ids:
        return {}
    found = Submission.objects.filter(pk__in=ids, pk__gte=min(ids), pk__lte=max(ids)).only("id", "custom_variables")
    return {one.pk: one for one in found}


def _told(event: FedEvent, message: Message, submissions: dict[uuid.UUID, Submission], names: dict[int, str]) -> Told:
    submission = submissions.get(message.submission_id)
    return Told(
        number=event.number,
        event_id=event.id,
        type=event.type,
        occurred_at=event.occurred_at,
        details=event.details,
        message_id=message.pk,
        recipient=message.recipient,
        stream=message.stream,
        domain_name=names.get(message.domain_id, message.from_address.rpartition("@")[2]),
        category=message.category,
        variables=submission.custom_variables if submission else {},
    )
