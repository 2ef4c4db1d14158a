"""Sends again what was sent: one delivery, those of a time, or everything since an event. From the payloads as kept."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit
from mailtrap_site.wake import nudge
from sending.models import WebhookDelivery, WebhookEndpoint
from sending.models.content import pack
from sending.models.identifiers import time_of
from sending.models.statements import raw_cursor, statement
from sending.webhooks.batches import FILLED_FOR, lines_of
from sending.webhooks.endpoints import By

SEARCHED = 5000
"""Deliveries that are looked into for one event."""


class NotReplayed(Exception):
    """`reason`: `nothing` is kept of it, or what somebody asked for before is `still_waiting`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def send_again(endpoint: WebhookEndpoint, delivery: WebhookDelivery, by: By) -> int:
    """Queues a copy behind what waits; how many events. Its `webhook-id` stays. Raises NotReplayed."""
    where = "id = %(low)s AND state <> 'waiting'"
    return _copy(endpoint, where, {"low": delivery.pk}, by, {"delivery": {"to": str(delivery.message_id)}})


def send_range_again(endpoint: WebhookEndpoint, begin: datetime, end: datetime, by: By) -> int:
    """The same for all that was queued from `begin` until before `end`. Raises NotReplayed."""
    where = "created_at >= %(begin)s AND created_at < %(end)s"
    changes = {"from": {"to": begin.isoformat()}, "until": {"to": end.isoformat()}}
    return _copy(endpoint, f"{where} AND {_REPEATABLE}", {"begin": begin, "end": end}, by, changes)


def send_since_again(endpoint: WebhookEndpoint, event_id: uuid.UUID, by: By) -> int:
    """The same for this event and all that came after it. Raises NotReplayed."""
    found = _holding(endpoint, event_id)
    if found is None:
        raise NotReplayed("nothing")
    delivery, place = found
    where, values = f"id > %(low)s AND {_REPEATABLE}", {"low": delivery.pk}
    return _copy(endpoint, where, values, by, {"since": {"to": str(event_id)}}, first=(delivery, place))


def _copy(
    endpoint: WebhookEndpoint,
    where: str,
    values: dict[str, Any],
    by: By,
    changes: dict[str, Any],
    first: tuple[WebhookDelivery, int] | None = None,
) -> int:
    with transaction.atomic():
        locked = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        waiting = locked.deliveries.filter(state=WebhookDelivery.State.WAITING, kind=WebhookDelivery.Kind.REPLAY)
        if waiting.exists():
            raise NotReplayed("still_waiting")
        now, cursor = timezone.now(), raw_cursor()
        newest = locked.deliveries.order_by("-id").values_list("id", flat=True).first() or 0
        count = _queue_rest(locked, *first, now) if first else 0
        cursor.execute(
            _COPY + where.encode() + _IN_ORDER, values | {"endpoint": locked.pk, "now": now, "newest": newest}
        )
        count += sum(row[0] for row in cursor.fetchall())
        if not count:
            raise NotReplayed("nothing")
        locked.due_at = locked.due_at or now
        locked.save(update_fields=["due_at"])
        audit.record(
            "webhook.sent_again",
            account=locked.account,
            actor=by.user,
            target=locked,
            changes=changes | {"events": {"to": count}},
            request=by.request,
            actor_name=by.name,
        )
        nudge("sending.post_webhooks", queue="webhooks")
    return count


def _queue_rest(endpoint: WebhookEndpoint, delivery: WebhookDelivery, place: int, now: datetime) -> int:
    """The part of a delivery that begins with its line `place`: another body, so a delivery of its own."""
    lines = lines_of(delivery)[place:]
    WebhookDelivery.objects.create(
        endpoint=endpoint,
        kind=WebhookDelivery.Kind.REPLAY,
        event_count=len(lines),
        names=delivery.names,
        first_number=delivery.first_number,
        last_number=delivery.last_number,
        payload=pack(b"\n".join(lines)),
        size=sum(len(line) + 1 for line in lines),
        created_at=now,
    )
    return len(lines)


def _holding(endpoint: WebhookEndpoint, event_id: uuid.UUID) -> tuple[WebhookDelivery, int] | None:
    """The delivery that holds the event, and on which line. An event is never queued before its id was made."""
    wanted = f'"event_id":"{event_id}"'.encode()
    try:
        begin = time_of(event_id) - timedelta(seconds=10)
    except (OverflowError, ValueError):
        return None
    candidates = endpoint.deliveries.filter(
        kind=WebhookDelivery.Kind.LIVE, created_at__gte=begin - FILLED_FOR
    ).order_by("id")
    for delivery in candidates[:SEARCHED].iterator(chunk_size=50):
        for place, line in enumerate(lines_of(delivery)):
            if wanted in line:
                return delivery, place
    return None


_REPEATABLE = "kind = 'live' AND state <> 'waiting'"
"""What waits is sent anyway; tests and what was sent again would come twice."""
# `newest`: what this statement itself adds is not copied again. `webhook-id` stays, so that receivers know it again.
_COPY = statement("""
INSERT INTO {webhook_delivery} (endpoint_id, message_id, kind, state, event_count, names, first_number, last_number,
    payload, size, created_at, tries)
SELECT endpoint_id, message_id, 'replay', 'waiting', event_count, names, first_number, last_number, payload, size,
    %(now)s, 0
FROM {webhook_delivery} WHERE endpoint_id = %(endpoint)s AND id <= %(newest)s AND """)
_IN_ORDER = b" ORDER BY id RETURNING event_count"
