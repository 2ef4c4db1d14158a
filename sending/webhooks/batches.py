"""What waits for an endpoint: appended in order, up to 500 events a request. The caller has locked the endpoint."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum

from sending.models import WebhookDelivery, WebhookEndpoint
from sending.models.content import pack, unpack
from sending.webhooks import MOST_EVENTS, MOST_OCTETS

FILLED_FOR = timedelta(hours=1)
"""So that no delivery holds events much younger than itself, whose age decides how long it is kept."""


@dataclass(frozen=True, slots=True)
class Line:
    """One event: its place, its name in the payload, and its JSON."""

    number: int
    name: str
    json: bytes


def append(endpoint: WebhookEndpoint, lines: Sequence[Line], now: datetime) -> None:
    """Adds events to what waits; what nobody has begun to send is filled up first."""
    if not lines:
        return
    lines = _filled_up(endpoint, lines, now)
    WebhookDelivery.objects.bulk_create(_delivery(endpoint, part, now) for part in split(lines))
    if endpoint.due_at is None:
        endpoint.due_at = now
        endpoint.save(update_fields=["due_at"])


def lines_of(delivery: WebhookDelivery) -> list[bytes]:
    """The JSON of its events."""
    return unpack(bytes(delivery.payload)).split(b"\n")


def waiting_events(endpoint_ids: Iterable[int]) -> dict[int, int]:
    """How many events wait for each of these endpoints; those without any are left out."""
    waiting = WebhookDelivery.objects.filter(endpoint__in=list(endpoint_ids), state=WebhookDelivery.State.WAITING)
    return dict(waiting.order_by().values_list("endpoint").annotate(events=Sum("event_count")))


def split(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """The parts that travel in one request each."""
    begin = octets = 0
    for place, line in enumerate(lines):
        if place > begin and (place - begin == MOST_EVENTS or octets + len(line.json) > MOST_OCTETS):
            yield lines[begin:place]
            begin, octets = place, 0
        octets += len(line.json) + 1
    if begin < len(lines):
        yield lines[begin:]


def _filled_up(endpoint: WebhookEndpoint, lines: Sequence[Line], now: datetime) -> Sequence[Line]:
    """What has no room in the last delivery. A test among them is none of the row."""
    last = endpoint.deliveries.exclude(kind=WebhookDelivery.Kind.TEST).order_by("-id").first()
    is_open = last is not None and last.state == WebhookDelivery.State.WAITING and last.tries == 0
    if last is None or not is_open or last.kind != WebhookDelivery.Kind.LIVE or last.created_at < now - FILLED_FOR:
        return lines
    count, octets, room = last.event_count, last.size, 0
    for line in lines:
        if count + room == MOST_EVENTS or octets + len(line.json) > MOST_OCTETS:
            break
        room, octets = room + 1, octets + len(line.json) + 1
    if not room:
        return lines
    added = lines[:room]
    last.payload = pack(b"\n".join([unpack(bytes(last.payload)), *(line.json for line in added)]))
    last.names = sorted({*last.names, *(line.name for line in added)})
    last.event_count, last.size, last.last_number = count + room, octets, added[-1].number
    last.save(update_fields=["payload", "names", "event_count", "size", "last_number"])
    return lines[room:]


def _delivery(endpoint: WebhookEndpoint, lines: Sequence[Line], now: datetime) -> WebhookDelivery:
    return WebhookDelivery(
        endpoint=endpoint,
        event_count=len(lines),
        names=sorted({line.name for line in lines}),
        first_number=lines[0].number,
        last_number=lines[-1].number,
        payload=pack(b"\n".join(line.json for line in lines)),
        size=sum(len(line.json) + 1 for line in lines),
        created_at=now,
    )
