"""Asks DNS whether a domain's records stand: the one writer of record states, `dns_verified_at`, `records_gone_since`.

DNS is asked outside any transaction. A failure of the way to DNS changes no verdict: it proves nothing about a record.
"""

import random
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from domains import drift, news
from domains.compliance import status
from domains.doctor.examination import Examination, examine
from domains.models import DnsRecord, SendingDomain
from domains.records import ExpectedRecord, RecordKey, RecordStatus, RecordType

RECHECK_EVERY = timedelta(hours=1)
RECHECK_DRIFTING = timedelta(minutes=12)
SHORTEST_INTERVAL = timedelta(seconds=30)
CLAIMED_AT_ONCE = 5
CLAIM_LASTS = timedelta(minutes=5)


def check(domain_id: int) -> SendingDomain | None:
    """Ask DNS about every record of the domain and store what it said; None when the domain is gone, and for a demo
    domain, whose records are ours.

    Takes up to ten seconds when DNS is silent.
    """
    domain = SendingDomain.objects.filter(pk=domain_id, deleted_at=None, is_demo=False).first()
    if domain is None:
        return None
    asked_at = timezone.now()
    expected = [expectation(record) for record in domain.dns_records.select_related("domain")]
    return _store(domain_id, examine(domain.name, expected), {one.key: one.value for one in expected}, asked_at)


def check_due(seconds: float = 20.0) -> int:
    """Check the domains whose time has come, for about so many seconds; returns how many."""
    checked = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until and (due := _claim_due()):
        for domain_id in due:
            check(domain_id)
            checked += 1
    return checked


def expectation(record: DnsRecord) -> ExpectedRecord:
    """The stored record as the pure rooms know it."""
    return ExpectedRecord(
        RecordKey(record.key), RecordType(record.type), record.name, record.fqdn, record.value, record.required
    )


def interval(age: timedelta, *, verified: bool, drifting: bool = False) -> timedelta:
    """How long until the next check: hourly, and sooner while somebody is probably at work on a new domain, or should
    be because records of a verified one are gone."""
    if drifting:
        return RECHECK_DRIFTING
    if verified:
        return RECHECK_EVERY
    return min(max(age / 10, SHORTEST_INTERVAL), RECHECK_EVERY)


@transaction.atomic
def _store(
    domain_id: int, examination: Examination, asked: Mapping[RecordKey, str], asked_at: datetime
) -> SendingDomain | None:
    domain = (
        SendingDomain.objects.select_for_update(of=("self",))
        .select_related("account")
        .filter(pk=domain_id, deleted_at=None)
        .first()
    )
    # Two checks may cross: the later question wins.
    if domain is None or (domain.checked_at is not None and domain.checked_at > asked_at):
        return domain
    records = list(domain.dns_records.all())
    for record in records:
        if record.value != asked.get(RecordKey(record.key)):
            # Another key took its place while DNS was asked: what was said is about the value before.
            continue
        if (conclusion := examination.conclusions.get(record.key)) is not None:
            judgement, record.observed, record.seen = conclusion.judgement, conclusion.observed, conclusion.seen
            record.status, record.advice, record.checked_at = judgement.status, judgement.advice, asked_at
    DnsRecord.objects.bulk_update(records, ["status", "advice", "observed", "seen", "checked_at"])
    if not examination.saw_nothing:
        domain.nameservers, domain.dns_findings = examination.name_servers, examination.findings
        domain.save(update_fields=["nameservers", "dns_findings"])
    verdict = _verdict([record.status for record in records if record.required])
    _apply(domain, verdict, asked_at)
    return domain


def _verdict(statuses: Sequence[str]) -> bool | None:
    """True: all stand. False: at least one certainly does not. None: nobody knows, so nothing changes."""
    if all(one == RecordStatus.PASSED for one in statuses):
        return True
    unknown = (RecordStatus.PASSED, RecordStatus.SOFTFAIL, RecordStatus.NETWORK_ERROR, RecordStatus.UNCHECKED)
    return None if all(one in unknown for one in statuses) else False


def _apply(domain: SendingDomain, verdict: bool | None, asked_at: datetime) -> None:
    before = domain.compliance_status
    grace = settings.ENVIRONMENT.domains.drift_grace
    standing, turn = drift.after(
        drift.Standing(domain.dns_verified_at, domain.records_gone_since),
        verdict,
        asked_at,
        grace,
        looked_at=domain.checked_at,
        warned_twice=news.was_told_since(domain, drift.Turn.STILL_GONE, domain.records_gone_since),
    )
    domain.dns_verified_at, domain.records_gone_since = standing.verified_at, standing.gone_since
    is_verified = domain.dns_verified_at is not None
    status.refresh(domain)
    domain.checked_at = asked_at
    drifts = standing.gone_since is not None
    wait = interval(asked_at - domain.created_at, verified=is_verified, drifting=drifts)
    # The jitter spreads domains that were added together over the hour.
    domain.next_check_at = asked_at + wait * random.uniform(0.9, 1.1)  # noqa: S311
    domain.save(
        update_fields=["dns_verified_at", "records_gone_since", "compliance_status", "checked_at", "next_check_at"]
    )
    news.tell(domain, turn, before, standing.gone_since + grace if standing.gone_since else None)


@transaction.atomic
def _claim_due() -> list[int]:
    now = timezone.now()
    due = list(
        SendingDomain.objects.select_for_update(skip_locked=True)
        .filter(deleted_at=None, next_check_at__lte=now, is_demo=False)
        .order_by("next_check_at")
        .values_list("pk", flat=True)[:CLAIMED_AT_ONCE]
    )
    SendingDomain.objects.filter(pk__in=due).update(next_check_at=now + CLAIM_LASTS)
    return due
