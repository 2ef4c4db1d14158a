"""Claims what is due and records what came of it. Each is a transaction of its own, with the network between them.

A claim is a lease on the endpoint: at most one delivery of it is under way, whoever sends. What was posted but not
recorded is posted again once the lease has passed: at least once, never lost.
"""

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.notices import notify
from sending.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from sending.webhooks import KEPT, MOST_TRIES, RETRY_AFTER
from sending.webhooks.batches import lines_of
from sending.webhooks.payloads import CONTENT_TYPES, body_of
from sending.webhooks.posting import Posted, Request

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=90)
"""Longer than a request with its look-ups takes."""
OF_ONE_ACCOUNT = 4
"""Requests under way in one process."""
LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class Claim:
    """One delivery that this sender alone may post now."""

    endpoint_id: int
    account_id: int
    delivery_id: int
    owner: uuid.UUID
    number: int
    request: Request


def claim(now: datetime, *, most: int, busy: Mapping[int, int] | None = None) -> list[Claim]:
    """Up to `most` endpoints whose next delivery is due, those that wait longest first; of one account at most
    `OF_ONE_ACCOUNT` with the `busy` ones, so that one with many slow servers leaves room for others."""
    if most <= 0:
        return []
    due = WebhookEndpoint.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=now), paused_at=None, due_at__lte=now
    ).order_by("due_at", "pk")
    chosen: list[int] = []
    counts = Counter(busy or {})
    for pk, account_id in due.values_list("pk", "account_id")[:LOOKED_AT]:
        counts[account_id] += 1
        if counts[account_id] <= OF_ONE_ACCOUNT and len(chosen) < most:
            chosen.append(pk)
    if not chosen:
        return []
    with transaction.atomic():
        # The conditions hold again for the rows as they are now.
        claims = [_claim(one, now) for one in due.filter(pk__in=chosen).select_for_update(skip_locked=True)]
    return [one for one in claims if one is not None]


def record(one: Claim, posted: Posted, now: datetime) -> bool:
    """Writes the attempt and decides what is next. False where the lease was lost or the endpoint is gone: then another
    sender has the delivery."""
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=one.endpoint_id, lease_owner=one.owner).first()
        if endpoint is None:
            log.info("webhook_lease_lost", endpoint=one.endpoint_id, delivery=one.delivery_id)
            return False
        write_attempt(endpoint, one.delivery_id, one.number, posted)
        if posted.counts:
            _delivered(endpoint, one.delivery_id, now)
        elif endpoint.paused_at is None:
            _failed(endpoint, one.number, now)
        endpoint.lease_owner = endpoint.lease_until = None
        endpoint.save(
            update_fields=[
                "lease_owner", "lease_until", "failures", "failing_since", "due_at", "paused_at", "pause_reason"
            ]
        )  # fmt: skip
    log.info("webhook_posted", endpoint=endpoint.pk, delivery=one.delivery_id, status=posted.status or posted.problem)
    return True


def write_attempt(endpoint: WebhookEndpoint, delivery_id: int, number: int, posted: Posted) -> None:
    """The line of the log."""
    WebhookAttempt.objects.create(
        endpoint=endpoint,
        delivery_id=delivery_id,
        number=number,
        started_at=posted.started_at,
        milliseconds=posted.milliseconds,
        status=posted.status,
        problem=posted.problem,
        detail=posted.detail,
        address=posted.address,
        request_head=posted.request_head,
        answer_head=posted.answer_head,
        answer_body=posted.answer_body,
    )


def request_of(endpoint: WebhookEndpoint, delivery: WebhookDelivery, now: datetime) -> Request:
    """What is posted, by the settings of this moment."""
    secret, next_secret = endpoint.secrets_at(now)
    return Request(
        url=endpoint.url,
        content_type=CONTENT_TYPES[endpoint.format],
        body=body_of(endpoint.format, lines_of(delivery)),
        message_id=str(delivery.message_id),
        secret=secret,
        next_secret=next_secret,
    )


def _claim(endpoint: WebhookEndpoint, now: datetime) -> Claim | None:
    delivery = endpoint.deliveries.filter(state=WebhookDelivery.State.WAITING).order_by("id").first()
    if delivery is None:
        # What waited has been skipped or was older than we keep it.
        endpoint.due_at, endpoint.failures, endpoint.failing_since = None, 0, None
        endpoint.save(update_fields=["due_at", "failures", "failing_since"])
        return None
    endpoint.lease_owner, endpoint.lease_until = uuid.uuid4(), now + LEASE
    endpoint.save(update_fields=["lease_owner", "lease_until"])
    WebhookDelivery.objects.filter(pk=delivery.pk).update(tries=F("tries") + 1)
    request = request_of(endpoint, delivery, now)
    number = endpoint.failures + 1
    return Claim(endpoint.pk, endpoint.account_id, delivery.pk, endpoint.lease_owner, number, request)


def _delivered(endpoint: WebhookEndpoint, delivery_id: int, now: datetime) -> None:
    # It may have been skipped meanwhile; it was delivered all the same.
    WebhookDelivery.objects.filter(pk=delivery_id).update(state=WebhookDelivery.State.DELIVERED, finished_at=now)
    waits = endpoint.deliveries.filter(state=WebhookDelivery.State.WAITING).exists()
    endpoint.failures, endpoint.failing_since, endpoint.due_at = 0, None, now if waits else None


def _failed(endpoint: WebhookEndpoint, number: int, now: datetime) -> None:
    endpoint.failures = number
    endpoint.failing_since = endpoint.failing_since or now
    endpoint.due_at = now + RETRY_AFTER
    if number >= MOST_TRIES:
        endpoint.paused_at, endpoint.pause_reason = now, WebhookEndpoint.Pause.FAILURES
        _tell_paused(endpoint)


def _tell_paused(endpoint: WebhookEndpoint) -> None:
    account = endpoint.account
    audit.record("webhook.paused", account=account, target=endpoint, changes={"failures": {"to": endpoint.failures}})
    body = _(
        "%(url)s has not answered 200 in %(count)s tries, so we no longer send to it.\n\n"
        "Nothing is lost so far: new events are queued and kept for %(days)s days. Once your server answers again, "
        "open the webhook and choose Resume; all that waits is sent in order."
    )
    notify(
        account,
        "webhook.paused",
        _("A webhook was paused"),
        body % {"url": endpoint.shown_url, "count": endpoint.failures, "days": KEPT.days},
        path=reverse("sending:webhook", args=[account.pk, endpoint.pk]),
        level="warning",
        domain_id=endpoint.domain_id,
    )
