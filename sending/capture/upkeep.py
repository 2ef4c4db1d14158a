"""Keeps the captured mailboxes within their bounds. A sandbox keeps mail as long as its account keeps a log."""

import time
import uuid
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from billing.models import QuotaOverride
from billing.plans import PLANS
from billing.terms import terms_of
from sending.capture import store
from sending.models import CapturedMail, Sandbox
from sending.models.identifiers import id_floor


def tend(now: datetime, until: float) -> bool:
    """Deletes in pieces until the monotonic time `until`; whether there is more to do."""
    while store.trim(None) >= store.PIECE:
        if time.monotonic() > until:
            return True
    granted = QuotaOverride.objects.filter(term=QuotaOverride.Term.LOG_DAYS, value__isnull=False)
    days = [one.value for one in granted if one.value is not None]
    shortest = min(plan.log_days for plan in PLANS.plans)
    old = CapturedMail.objects.filter(sandbox=OuterRef("pk"), pk__lt=_floor(now, min([shortest, *days])))
    for sandbox in Sandbox.objects.filter(Exists(old)).select_related("account").iterator():
        floor = _floor(now, terms_of(sandbox.account, now).log_days)
        while _delete_below(sandbox, floor) >= store.PIECE:
            if time.monotonic() > until:
                return True
    return False


def _floor(now: datetime, days: int) -> uuid.UUID:
    return id_floor(now - timedelta(days=days))


def _delete_below(sandbox: Sandbox, floor: uuid.UUID) -> int:
    oldest = sandbox.mails.filter(pk__lt=floor).order_by("pk").values_list("pk", flat=True)[: store.PIECE]
    return CapturedMail.objects.filter(pk__in=list(oldest)).delete()[0]
