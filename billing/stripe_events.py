"""Events of Stripe's: stored once, then worked off. An event only says where to look; what stands at Stripe counts, so
events may come twice, late, or in any order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.db.models import F, Q

from billing import invoices, stripe_gateway, stripe_sync
from billing.models import StripeEvent, Subscription
from mailtrap_site import wake

log = structlog.get_logger(__name__)

TASK = "billing.apply_events"
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=6)
MOST_AT_ONCE = 200
KEPT = timedelta(days=90)
"""Worked-off events; they hold names and addresses."""


def take(body: bytes, signature: str, now: datetime) -> StripeEvent:
    """Stores the event of a webhook call and wakes who works it off. Raises `stripe_gateway.Forged`."""
    found = stripe_gateway.read_event(body, signature)
    event, _new = StripeEvent.objects.get_or_create(
        stripe_id=found["id"],
        defaults={
            "type": found["type"],
            "customer_id": _customer_of(found["data"]["object"]),
            "payload": found,
            "created_at": datetime.fromtimestamp(found["created"], UTC),
            "received_at": now,
            "retry_at": now,
        },
    )
    wake.nudge(TASK, queue="upkeep")
    return event


def apply_due(now: datetime) -> int:
    """Works off what is due, oldest first; how many. One that fails waits, twice as long each time, for at most six
    hours."""
    due = StripeEvent.objects.filter(applied_at=None, retry_at__lte=now).order_by("pk")[:MOST_AT_ONCE]
    return sum(_try(event, now) for event in due)


def forget_old(now: datetime) -> None:
    """Removes what was worked off long ago."""
    StripeEvent.objects.filter(applied_at__lt=now - KEPT).delete()


def _try(event: StripeEvent, now: datetime) -> bool:
    mine = StripeEvent.objects.filter(pk=event.pk, attempts=event.attempts, applied_at=None)
    wait = min(FIRST_WAIT * 2 ** min(event.attempts, 10), LONGEST_WAIT)
    if not mine.update(attempts=F("attempts") + 1, retry_at=now + wait):
        return False
    try:
        _apply(event.type, event.payload["data"]["object"], now)
    except Exception as problem:  # whatever it is, the event is kept and tried again
        said = f"{type(problem).__name__}: {problem}"[:500]
        StripeEvent.objects.filter(pk=event.pk).update(problem=said)
        log.warning("stripe_event_waits", event_id=event.stripe_id, type=event.type, problem=type(problem).__name__)
        return False
    StripeEvent.objects.filter(pk=event.pk).update(applied_at=now, retry_at=None, problem="")
    return True


def _apply(kind: str, thing: dict[str, Any], now: datetime) -> None:
    if kind.startswith(("charge.refund", "charge.dispute.")):
        if thing.get("payment_intent"):
            invoices.note_taken_back(thing["payment_intent"])
        return
    if not kind.startswith(("customer.subscription.", "invoice.", "checkout.session.", "customer.deleted")):
        return
    row = Subscription.objects.select_related("account").filter(Q(stripe_customer_id=_customer_of(thing))).first()
    if row is None or not row.stripe_customer_id:
        return
    stripe_sync.sync(row.account, now)
    if thing["object"] == "invoice" and thing.get("id"):
        invoices.keep(row.account, stripe_gateway.invoice(thing["id"]))


def _customer_of(thing: dict[str, Any]) -> str:
    if thing.get("object") == "customer":
        return str(thing["id"])
    return str(thing.get("customer") or "")
