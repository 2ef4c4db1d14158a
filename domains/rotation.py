"""Replaces DKIM keys by schedule, and lets those sign that wait for DNS. Each step may run twice or late."""

import random
import time
from collections.abc import Callable, Iterable
from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from domains import keys
from domains.key_states import Algorithm
from domains.keys import KeyMode, KeyRefusal
from domains.models import DkimKey, DnsRecord, SendingDomain

log = structlog.get_logger(__name__)

MOST_BEGUN = 50
"""Replacements that one run begins: thousands may fall due at once, and making a key takes the processor."""
MOST_SETTLED = 500
"""Domains whose DNS one run asks."""


def rotate(seconds: float = 60.0) -> None:
    """One run: what waits is finished before anything new is begun. Ends after about so many seconds."""
    until = time.monotonic() + seconds
    _each(_waiting_domains(), keys.settle, until)
    _each(_without_second_record(), keys.withdraw_ed25519, until)
    every = settings.ENVIRONMENT.domains.rotate_keys_every
    if every is not None:
        _each(due(every).values_list("pk", flat=True)[:MOST_BEGUN], _begin, until)


def due(every: timedelta) -> QuerySet[SendingDomain]:
    """Domains whose key has signed for so long and that leave keys to us, those with the oldest first."""
    signing = Q(dkim_keys__retired_at=None, dkim_keys__algorithm=Algorithm.RSA)
    verified = SendingDomain.objects.filter(
        deleted_at=None, dns_verified_at__isnull=False, key_mode=KeyMode.DELEGATED, records_gone_since=None
    )
    return (
        verified.annotate(signing_since=Max("dkim_keys__signs_since", filter=signing))
        .filter(signing_since__lte=timezone.now() - every)
        .exclude(Exists(_waiting().filter(domain=OuterRef("pk"))))
        .order_by("signing_since")
    )


def _waiting() -> QuerySet[DkimKey]:
    """Keys that a replacement made and that do not sign yet; `domains.key_states` says the same of one domain."""
    place = DkimKey.objects.filter(domain=OuterRef("domain"), algorithm=Algorithm.RSA)
    replaced = place.filter(selector=OuterRef("selector"), retired_at__isnull=False)
    signer = place.filter(retired_at=None, signs_since__lt=OuterRef("created_at"))
    fresh = DkimKey.objects.filter(algorithm=Algorithm.RSA, retired_at=None, signs_since=None)
    return fresh.filter(Exists(replaced), Exists(signer))


def _waiting_domains() -> list[int]:
    seconds = DkimKey.objects.filter(
        algorithm=Algorithm.ED25519, retired_at=None, signs_since=None, domain__ed25519_enabled=True
    )
    found: set[int] = set()
    for waiting in (_waiting(), seconds):
        found |= set(waiting.filter(domain__deleted_at=None).values_list("domain_id", flat=True))
    # By chance, so that those that wait for ever do not keep the others from their turn.
    return random.sample(sorted(found), min(len(found), MOST_SETTLED))


def _without_second_record() -> QuerySet[DkimKey, int]:
    """Domains whose Ed25519 key signs although the last check did not find its record."""
    gone = DnsRecord.objects.filter(
        domain=OuterRef("domain"), key="dkim_ed25519", status__in=[DnsRecord.Status.MISSING, DnsRecord.Status.FAIL]
    )
    signing = DkimKey.objects.filter(algorithm=Algorithm.ED25519, retired_at=None, signs_since__isnull=False)
    found = signing.filter(Exists(gone), domain__ed25519_enabled=True, domain__deleted_at=None)
    return found.values_list("domain_id", flat=True)[:MOST_SETTLED]


def _begin(domain_id: int) -> None:
    domain = SendingDomain.objects.filter(pk=domain_id, deleted_at=None).first()
    if domain is None:
        return
    try:
        keys.replace(domain)
    except KeyRefusal as refusal:
        log.info("dkim_replacement_refused", domain_id=domain_id, why=refusal.sentence)


def _each(domain_ids: Iterable[int], act: Callable[[int], object], until: float) -> None:
    for domain_id in domain_ids:
        if time.monotonic() > until:
            return
        try:
            act(domain_id)
        except Exception:
            # One domain's trouble must not end the turn of all others.
            log.exception("dkim_rotation_failed", domain_id=domain_id)
