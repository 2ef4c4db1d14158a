"""Asks DNS whether a domain's records stand: the one writer of record states and of `dns_verified_at`.

DNS is asked outside any transaction. A failure of the way to DNS changes no verdict: it proves nothing about a record.
"""

import random
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, notices
from accounts.models import Notification
from domains import resolver
from domains.answers import Answer
from domains.models import DnsRecord, SendingDomain
from domains.names import display_name
from domains.records import (
    ExpectedRecord,
    Judgement,
    RecordKey,
    RecordStatus,
    RecordType,
    doubled_name,
    judge,
)

log = structlog.get_logger(__name__)

RECHECK_EVERY = timedelta(hours=1)
SHORTEST_INTERVAL = timedelta(seconds=30)
CLAIMED_AT_ONCE = 5
CLAIM_LASTS = timedelta(minutes=5)

Compliance = SendingDomain.Compliance
Observed = tuple[Judgement, list[str]]


def check(domain_id: int) -> SendingDomain | None:
    """Ask DNS about every record of the domain and store what it said; None when the domain is gone, and for a demo
    domain, whose records are ours.

    Takes up to ten seconds when DNS is silent.
    """
    domain = SendingDomain.objects.filter(pk=domain_id, deleted_at=None, is_demo=False).first()
    if domain is None:
        return None
    asked_at = timezone.now()
    observed = _observe([expectation(record) for record in domain.dns_records.select_related("domain")])
    return _store(domain_id, observed, asked_at)


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


def interval(age: timedelta, *, verified: bool) -> timedelta:
    """How long until the next check: hourly, and sooner while somebody is probably at work on a new domain."""
    if verified:
        return RECHECK_EVERY
    return min(max(age / 10, SHORTEST_INTERVAL), RECHECK_EVERY)


def _observe(expected: Sequence[ExpectedRecord]) -> dict[str, Observed]:
    answers = resolver.lookup_many([(record.fqdn, record.type) for record in expected])
    missing = [
        record
        for record, answer in zip(expected, answers, strict=True)
        if judge(record, answer).status is RecordStatus.MISSING
    ]
    elsewhere = resolver.lookup_many([(doubled_name(record), record.type) for record in missing])
    doubled: dict[RecordKey, Answer] = {record.key: answer for record, answer in zip(missing, elsewhere, strict=True)}
    return {
        record.key: (judge(record, answer, doubled.get(record.key)), list(answer.values))
        for record, answer in zip(expected, answers, strict=True)
    }


@transaction.atomic
def _store(domain_id: int, observed: dict[str, Observed], asked_at: datetime) -> SendingDomain | None:
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
        if record.key in observed:
            judgement, record.observed = observed[record.key]
            record.status, record.advice, record.checked_at = judgement.status, judgement.advice, asked_at
    DnsRecord.objects.bulk_update(records, ["status", "advice", "observed", "checked_at"])
    verdict = _verdict([record.status for record in records if record.required])
    _apply(domain, verdict, asked_at)
    return domain


def _verdict(statuses: Sequence[str]) -> bool | None:
    """True: all stand. False: at least one certainly does not. None: nobody knows, so nothing changes."""
    if all(status == RecordStatus.PASSED for status in statuses):
        return True
    unknown = (RecordStatus.PASSED, RecordStatus.NETWORK_ERROR, RecordStatus.UNCHECKED)
    return None if all(status in unknown for status in statuses) else False


def _apply(domain: SendingDomain, verdict: bool | None, asked_at: datetime) -> None:
    was_verified = domain.dns_verified_at is not None
    before = domain.compliance_status
    if verdict is True and not was_verified:
        domain.dns_verified_at = asked_at
    elif verdict is False:
        domain.dns_verified_at = None
    is_verified = domain.dns_verified_at is not None
    if is_verified and before == Compliance.UNVERIFIED_DNS:
        domain.compliance_status = Compliance.COMPLIANT
    elif not is_verified and before == Compliance.COMPLIANT:
        domain.compliance_status = Compliance.UNVERIFIED_DNS
    domain.checked_at = asked_at
    wait = interval(asked_at - domain.created_at, verified=is_verified)
    # The jitter spreads domains that were added together over the hour.
    domain.next_check_at = asked_at + wait * random.uniform(0.9, 1.1)  # noqa: S311
    domain.save(update_fields=["dns_verified_at", "compliance_status", "checked_at", "next_check_at"])
    if is_verified != was_verified:
        _tell(domain, is_verified, before)


def _tell(domain: SendingDomain, is_verified: bool, before: str) -> None:
    action = "domain.verified" if is_verified else "domain.unverified"
    changes = {"compliance_status": {"from": before, "to": domain.compliance_status}}
    audit.record(action, account=domain.account, target=domain, changes=changes)
    log.info(action.replace(".", "_"), domain_id=domain.pk, account_id=domain.account_id)
    name = {"name": display_name(domain.name)}
    if is_verified:
        title = _("%(name)s is verified") % name
        body = _("All records were found, so %(name)s may send now.") % name
    else:
        title = _("%(name)s may no longer send") % name
        body = _("A record of %(name)s is missing or has changed. Its mail is refused until the record is back.") % name
    level = Notification.Level.INFO if is_verified else Notification.Level.CRITICAL
    path = reverse("domains:detail", args=[domain.account_id, domain.pk])
    notices.notify(domain.account, action, title, body, path=path, level=level)


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
