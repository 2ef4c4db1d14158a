"""The general API's webhooks (contract 2.9), and what goes beyond it: tests, secrets, the log, replays, catching up."""

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from django.http import Http404
from ninja import Body, Query, Router

from accounts.api_auth import ApiRequest, access_level, account_of, require_level
from accounts.scopes import ADMIN, READ
from mailtrap_site.web.json_api import Invalid, instant
from sending.api.webhook_bodies import EventsOut, ReplayIn, SecretIn, WebhookBody, WebhookChangeBody, replay
from sending.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from sending.webhooks import catch_up, endpoints
from sending.webhooks.batches import waiting_events
from sending.webhooks.endpoints import By, Refused, Wanted
from sending.webhooks.signatures import standard_secret
from sending.webhooks.trial import run_test

router = Router(tags=["Webhooks"])

PAGE = 100
LARGEST = 2**63 - 1
OVERLAP = 24
"""Hours in which both secrets sign, unless the request says otherwise."""
Number = Annotated[int, Query(ge=0, le=LARGEST)]


@router.get("/webhooks", response=dict[str, Any])
def list_webhooks(request: ApiRequest, account_id: int) -> dict[str, Any]:
    """All webhooks of the account, oldest first. The password within a URL is shown to tokens that may change it."""
    account = account_of(request, account_id)
    require_level(request, READ)
    found = list(account.webhooks.order_by("id"))
    waiting = waiting_events(endpoint.pk for endpoint in found)
    return {"data": [_shown(request, endpoint, waiting.get(endpoint.pk, 0)) for endpoint in found]}


@router.post("/webhooks", response=dict[str, Any])
def create_webhook(request: ApiRequest, account_id: int, body: WebhookBody) -> dict[str, Any]:
    """Adds a webhook. `signing_secret` is in this answer only; `standard_secret` is the same for libraries of Standard
    Webhooks."""
    account = account_of(request, account_id)
    require_level(request, ADMIN)
    given = body.webhook
    wanted = Wanted(
        url=given.url or "",
        webhook_type=given.webhook_type or "",
        payload_format=given.payload_format or WebhookEndpoint.Format.JSON,
        sending_stream=given.sending_stream or "",
        domain_id=given.domain_id,
        event_types=given.event_types or (),
    )
    if wanted.webhook_type in ("campaigns", "inbound_receiving"):
        raise Invalid({"webhook_type": [f"{wanted.webhook_type} is not offered here: this service has no such events"]})
    try:
        endpoint = endpoints.create(account, wanted, _by(request), active=given.active is not False)
    except Refused as refused:
        raise Invalid(refused.errors) from refused
    return {"data": _secrets(endpoint.secret) | _shown(request, endpoint, 0)}


@router.get("/webhooks/{int:webhook_id}", response=dict[str, Any])
def get_webhook(request: ApiRequest, account_id: int, webhook_id: int) -> dict[str, Any]:
    """One webhook, without its secret."""
    endpoint = _find(request, account_id, webhook_id, READ)
    return {"data": _now(request, endpoint)}


@router.patch("/webhooks/{int:webhook_id}", response=dict[str, Any])
def update_webhook(request: ApiRequest, account_id: int, webhook_id: int, body: WebhookChangeBody) -> dict[str, Any]:
    """Changes what is given. `active: false` pauses: events queue for 14 days. `active: true` sends all that waits."""
    endpoint = _find(request, account_id, webhook_id, ADMIN)
    given = body.webhook.dict(exclude_unset=True)
    wanted = Wanted(
        url=given.get("url", endpoint.url) or "",
        payload_format=given.get("payload_format", endpoint.format) or "",
        sending_stream=endpoint.stream,
        domain_id=endpoint.domain_id,
        event_types=given.get("event_types", endpoint.event_types) or (),
    )
    try:
        endpoints.change(endpoint, wanted, _by(request))
    except Refused as refused:
        raise Invalid(refused.errors) from refused
    if given.get("active") is not None:
        act = endpoints.resume if given["active"] else endpoints.pause
        act(endpoint, _by(request))
    return {"data": _now(request, _find(request, account_id, webhook_id, ADMIN))}


@router.delete("/webhooks/{int:webhook_id}", response=dict[str, Any])
def delete_webhook(request: ApiRequest, account_id: int, webhook_id: int) -> dict[str, Any]:
    """Deletes it with its log and what waits for it."""
    endpoint = _find(request, account_id, webhook_id, ADMIN)
    shown = _now(request, endpoint)
    endpoints.delete(endpoint, _by(request))
    return {"data": shown}


@router.post("/webhooks/{int:webhook_id}/test", response=dict[str, Any])
def test_webhook(request: ApiRequest, account_id: int, webhook_id: int) -> dict[str, Any]:
    """Posts a made-up event of each kind now, and says what the server answered. Takes up to 10 seconds."""
    endpoint = _find(request, account_id, webhook_id, ADMIN)
    posted = run_test(endpoint)
    return {
        "data": {
            "success": posted.counts,
            "status": posted.status,
            "problem": posted.problem or None,
            "milliseconds": posted.milliseconds,
            "answer": posted.answer_body,
        }
    }


@router.post("/webhooks/{int:webhook_id}/signing_secret", response=dict[str, Any])
def replace_signing_secret(
    request: ApiRequest, account_id: int, webhook_id: int, body: Annotated[SecretIn | None, Body()] = None
) -> dict[str, Any]:
    """A new secret. For `overlap_hours` (24; 0: none) the old one signs `Mailtrap-Signature`, the new one
    `Mailtrap-Signature-Next`, and both sign `webhook-signature`; then the new one alone."""
    endpoint = _find(request, account_id, webhook_id, ADMIN)
    hours = OVERLAP if body is None else body.overlap_hours
    secret = endpoints.replace_secret(endpoint, timedelta(hours=hours), _by(request))
    return {"data": _secrets(secret) | _now(request, _find(request, account_id, webhook_id, ADMIN))}


@router.get("/webhooks/{int:webhook_id}/deliveries", response=dict[str, Any])
def list_webhook_deliveries(
    request: ApiRequest, account_id: int, webhook_id: int, before: Number = LARGEST
) -> dict[str, Any]:
    """What was sent or waits, newest first, 100 a page; `next_before` goes into `before` of the next call."""
    endpoint = _find(request, account_id, webhook_id, READ)
    found = list(endpoint.deliveries.filter(pk__lt=before).defer("payload").order_by("-pk")[: PAGE + 1])
    attempts = WebhookAttempt.objects.filter(delivery__in=found[:PAGE]).order_by("id")
    last = {attempt.delivery_id: attempt for attempt in attempts.defer("answer_body", "request_head")}
    return {
        "data": [_delivery(one, last.get(one.pk)) for one in found[:PAGE]],
        "next_before": found[PAGE - 1].pk if len(found) > PAGE else None,
    }


@router.post("/webhooks/{int:webhook_id}/replays", response=dict[str, Any])
def replay_webhook(request: ApiRequest, account_id: int, webhook_id: int, body: ReplayIn) -> dict[str, Any]:
    """Sends again: one delivery (`delivery_id`), those of a time (`from`, `until`), or an event and all after it
    (`since_event_id`). They go behind what waits."""
    endpoint = _find(request, account_id, webhook_id, ADMIN)
    return {"data": {"events": replay(endpoint, body, _by(request))}}


@router.get("/webhooks/{int:webhook_id}/events", response=EventsOut)
def list_webhook_events(
    request: ApiRequest,
    account_id: int,
    webhook_id: int,
    after: Number = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 500,
) -> dict[str, Any]:
    """What this webhook is told, to catch up: the events above the number `after`, in order. `last_number` goes into
    `after` of the next call; where it is what you asked with, there is nothing new. A page may be empty although more
    follows: it looks at `limit` events of the account, before the filters. Kept 30 days, no longer than the mail."""
    endpoint = _find(request, account_id, webhook_id, READ)
    page = catch_up.events_after(endpoint, after, limit)
    return {"data": [msgspec.json.decode(line.json) for line in page.lines], "last_number": page.last}


def _find(request: ApiRequest, account_id: int, webhook_id: int, level: int) -> WebhookEndpoint:
    account = account_of(request, account_id)
    require_level(request, level)
    endpoint = account.webhooks.filter(pk=webhook_id).first()
    if endpoint is None:
        raise Http404
    return endpoint


def _by(request: ApiRequest) -> By:
    return By(request=request, name=request.auth.name)


def _secrets(secret: str) -> dict[str, str]:
    return {"signing_secret": secret, "standard_secret": standard_secret(secret)}


def _now(request: ApiRequest, endpoint: WebhookEndpoint) -> dict[str, Any]:
    return _shown(request, endpoint, waiting_events([endpoint.pk]).get(endpoint.pk, 0))


def _shown(request: ApiRequest, endpoint: WebhookEndpoint, waiting: int) -> dict[str, Any]:
    may_change = access_level(request.auth, "account", endpoint.account_id) >= ADMIN
    return {
        "id": endpoint.pk,
        "url": endpoint.url if may_change else endpoint.shown_url,
        "active": endpoint.paused_at is None,
        "webhook_type": endpoint.type,
        "payload_format": endpoint.format,
        "sending_stream": endpoint.stream or None,
        "domain_id": endpoint.domain_id,
        "inbound_inbox_id": None,
        "event_types": endpoint.event_types,
        "state": endpoint.state,
        "failing_since": instant(endpoint.failing_since) if endpoint.failing_since else None,
        "next_try_at": instant(endpoint.due_at) if endpoint.due_at and endpoint.paused_at is None else None,
        "waiting_events": waiting,
    }


def _delivery(delivery: WebhookDelivery, attempt: WebhookAttempt | None) -> dict[str, Any]:
    return {
        "id": delivery.pk,
        "webhook_message_id": str(delivery.message_id),
        "kind": delivery.kind,
        "state": delivery.state,
        "events_count": delivery.event_count,
        "events": delivery.names,
        "first_number": delivery.first_number,
        "last_number": delivery.last_number,
        "created_at": instant(delivery.created_at),
        "finished_at": instant(delivery.finished_at) if delivery.finished_at else None,
        "tries": delivery.tries,
        "last_status": attempt.status if attempt else None,
        "last_problem": (attempt.problem or None) if attempt else None,
        "last_milliseconds": attempt.milliseconds if attempt else None,
    }
