"""Keeps reports, each once a domain, and forgets them in time.

What a report says is a claim: anybody can send one. So it is kept for domains alone that an account has proved to
own, and no more of it a day than receivers could have to say.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet

from domains.models import DmarcReport, DmarcSource, SendingDomain, TlsReport
from domains.reports.dmarc_xml import AggregateReport, ReportedSource
from domains.reports.tls_json import TlsReportDocument

log = structlog.get_logger(__name__)

MOST_REPORTS_A_DAY = 2_000
"""Of each kind, a domain."""
MOST_SOURCES_A_DAY = 100_000
LATEST = timedelta(days=31)
"""How long after its period a report may come."""
AHEAD = timedelta(days=2)
KEPT = timedelta(days=400)
PIECE = 1_000


class Fate(StrEnum):
    """What became of a report, for one domain."""

    KEPT = "kept"
    DUPLICATE = "duplicate"
    UNKNOWN_DOMAIN = "unknown_domain"
    OUT_OF_TIME = "out_of_time"
    TOO_MANY = "too_many"
    REFUSED = "refused"


def store_dmarc(report: AggregateReport, now: datetime) -> Counter[Fate]:
    """Keeps the report for each verified domain that it is about. Mail of a subdomain that is a sending domain itself
    counts there; all other mail counts at the domain whose policy was applied."""
    if not _is_in_time(report.begins_at, now):
        return Counter({Fate.OUT_OF_TIME: 1})
    top = report.policy.domain
    names = {source.header_from for source in report.sources if source.header_from.endswith(f".{top}")}
    domains = _verified({top, *names})
    known = {domain.name for domain in domains}
    fates: Counter[Fate] = Counter()
    shares: dict[str, list[ReportedSource]] = {}
    for source in report.sources:
        shares.setdefault(attributed(source.header_from, top, known), []).append(source)
    for domain in domains:
        if domain.name == top or domain.name in shares:
            fates[_keep_dmarc(domain, report, shares.get(domain.name, []), now)] += 1
    return fates or Counter({Fate.UNKNOWN_DOMAIN: 1})


def attributed(header_from: str, top: str, known: Iterable[str]) -> str:
    """The domain that mail is counted at: its own where that is `known`, else that of the policy; empty for mail of
    domains that the policy cannot have been about."""
    if header_from in known:
        return header_from
    return top if not header_from or header_from == top or header_from.endswith(f".{top}") else ""


def store_tls(report: TlsReportDocument, now: datetime) -> Counter[Fate]:
    """Keeps what the report says of each verified domain."""
    if not _is_in_time(report.begins_at, now):
        return Counter({Fate.OUT_OF_TIME: 1})
    domains = _verified({result.domain for result in report.results})
    fates: Counter[Fate] = Counter()
    for domain in domains:
        for result in (one for one in report.results if one.domain == domain.name):
            if _is_full(TlsReport.objects.filter(domain=domain), now):
                fates[Fate.TOO_MANY] += 1
                continue
            _row, is_new = TlsReport.objects.get_or_create(
                domain=domain,
                organization=report.organization,
                report_id=report.report_id,
                policy_type=result.policy_type,
                defaults={
                    "begins_at": report.begins_at,
                    "ends_at": report.ends_at,
                    "successes": result.successes,
                    "failures": result.failures,
                    "details": [asdict(one) for one in result.details],
                    "received_at": now,
                },
            )
            fates[Fate.KEPT if is_new else Fate.DUPLICATE] += 1
    return fates or Counter({Fate.UNKNOWN_DOMAIN: 1})


def prune(now: datetime) -> int:
    """Deletes the reports about periods that are over for longer than `KEPT`; returns how many."""
    before = now - KEPT
    gone = 0
    while old := list(DmarcReport.objects.filter(begins_at__lt=before).values_list("pk", flat=True)[:PIECE]):
        with transaction.atomic():
            DmarcSource.objects.filter(report__in=old).delete()
            gone += DmarcReport.objects.filter(pk__in=old).delete()[0]
    while stale := list(TlsReport.objects.filter(begins_at__lt=before).values_list("pk", flat=True)[:PIECE]):
        gone += TlsReport.objects.filter(pk__in=stale).delete()[0]
    if gone:
        log.info("reports_pruned", reports=gone)
    return gone


def _keep_dmarc(domain: SendingDomain, report: AggregateReport, sources: list[ReportedSource], now: datetime) -> Fate:
    reports = DmarcReport.objects.filter(domain=domain)
    if _is_full(reports, now) or _has_too_many_sources(domain, len(sources), now):
        log.warning("reports_too_many", domain_id=domain.pk)
        return Fate.TOO_MANY
    policy = {key: value for key, value in asdict(report.policy).items() if value and key != "domain"}
    with transaction.atomic():
        row, is_new = DmarcReport.objects.get_or_create(
            domain=domain,
            organization=report.organization,
            report_id=report.report_id,
            defaults={
                "begins_at": report.begins_at,
                "ends_at": report.ends_at,
                "policy": policy,
                "received_at": now,
            },
        )
        if is_new:
            DmarcSource.objects.bulk_create((_row(row, source) for source in sources), batch_size=PIECE)
    return Fate.KEPT if is_new else Fate.DUPLICATE


def _row(report: DmarcReport, source: ReportedSource) -> DmarcSource:
    details: dict[str, list[dict[str, Any]]] = {
        "dkim": [asdict(one) for one in source.dkim],
        "spf": [{"domain": one.domain, "result": one.result} for one in source.spf],
        "reasons": [asdict(one) for one in source.reasons],
    }
    return DmarcSource(
        report=report,
        address=source.address,
        emails=source.emails,
        disposition=source.disposition,
        dkim_aligned=source.dkim_aligned,
        spf_aligned=source.spf_aligned,
        header_from=source.header_from,
        details={key: value for key, value in details.items() if value},
    )


def _verified(names: Iterable[str]) -> list[SendingDomain]:
    """A name may be in several accounts; each that proved to own it sees its reports."""
    return list(
        SendingDomain.objects.filter(name__in=set(names), deleted_at=None, dns_verified_at__isnull=False).order_by("pk")
    )


def _is_in_time(begins_at: datetime, now: datetime) -> bool:
    return now - LATEST <= begins_at <= now + AHEAD


def _is_full(reports: "QuerySet[Any]", now: datetime) -> bool:
    """The period bounds what the index has to show."""
    lately = reports.filter(begins_at__gte=now - LATEST, received_at__gte=now - timedelta(days=1))
    return lately[:MOST_REPORTS_A_DAY].count() >= MOST_REPORTS_A_DAY


def _has_too_many_sources(domain: SendingDomain, more: int, now: datetime) -> bool:
    lately = DmarcSource.objects.filter(
        report__domain=domain, report__begins_at__gte=now - LATEST, report__received_at__gte=now - timedelta(days=1)
    )
    return lately[:MOST_SOURCES_A_DAY].count() + more > MOST_SOURCES_A_DAY
