"""Forgets what is older than we promise to keep, a bounded part at a time."""

import time
from datetime import datetime

import structlog

from sending.models import WebhookAttempt, WebhookDelivery
from sending.webhooks import KEPT

log = structlog.get_logger(__name__)

AT_ONCE = 500


def forget(now: datetime, until: float) -> bool:
    """Deletes old deliveries with their attempts, waiting ones too, until the monotonic time `until`; whether there is
    more."""
    old = WebhookDelivery.objects.filter(created_at__lt=now - KEPT).order_by("created_at")
    while time.monotonic() < until:
        found = list(old.values_list("pk", "state")[:AT_ONCE])
        if not found:
            return False
        ids = [pk for pk, _state in found]
        WebhookAttempt.objects.filter(delivery_id__in=ids)._raw_delete("default")
        WebhookDelivery.objects.filter(pk__in=ids)._raw_delete("default")
        if lost := sum(state == WebhookDelivery.State.WAITING for _pk, state in found):
            log.warning("webhook_deliveries_too_old", count=lost)
    return True
