"""Keeps the captured mailboxes within their bounds. A sandbox keeps mail as long as its account keeps a log."""

import time
import uuid
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from billing.metering import plan_of
from billing.plans import PLANS
from sending.capture import store
from sending.models import CapturedMail, Sandbox
from sending.models.identifiers import id_floor


def tend(now: datetime, until: float) -> bool:
    """Deletes in pieces until the monotonic time `until`; whether there is more to do."""
    while store.trim(None) >= store.PIECE:
        if time.monotonic() > until:
            return True
    shortest = min(plan.log_days for plan in PLANS.plans)
    old = CapturedMail.objects.filter(sandbox=OuterRef("pk"), pk__lt=_floor(now, shortest))
    for sandbox in Sandbox.objects.filter(Exists(old)).iterator():
        floor = _floor(now, plan_of(sandbox.account_id).log_days)
        while _delete_below(sandbox, floor) >= store.PIECE:
            if time.monotonic() > until:
                return True
    return False


def _floor(now: datetime, days: int) -> uuid.UUID:
    return id_floor(now - timedelta(days=days))


def _delete_below(sandbox: Sandbox, floor: uuid.UUID) -> int:
    oldest = sandbox.mails.filter(pk__lt=floor).order_by("pk").values_list("pk", flat=True)[: store.PIECE]
    return CapturedMail.objects.filter(pk__in=list(oldest)).delete()[0]
