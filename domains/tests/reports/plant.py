"""Reports of a period, saved as the intake would save them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from domains.models import DmarcReport, DmarcSource, DnsRecord, SendingDomain, TlsReport

OURS = "127.0.0.1"
"""PLATFORM_IPV4 of the tests."""
OUR_SIGNATURE = {"dkim": [{"domain": "example.test", "selector": "mt1", "result": "pass"}]}


def publish_dmarc(domain: SendingDomain, value: str) -> None:
    """As the last check of DNS saw it."""
    DnsRecord.objects.filter(domain=domain, key="dmarc").update(observed=[value])


def plant(
    domain: SendingDomain,
    *sources: dict[str, Any],
    days: int = 20,
    organization: str = "google.com",
    policy: str = "none",
) -> None:
    """One report for each of the last days, each with these sources."""
    today = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    reports = DmarcReport.objects.bulk_create(
        DmarcReport(
            domain=domain,
            organization=organization,
            report_id=f"{organization}-{step}",
            begins_at=today - timedelta(days=step),
            ends_at=today - timedelta(days=step) + timedelta(seconds=86_399),
            policy={"p": policy},
        )
        for step in range(1, days + 1)
    )
    DmarcSource.objects.bulk_create(source(report, **one) for report in reports for one in sources)


def source(
    report: DmarcReport,
    address: str = OURS,
    emails: int = 100,
    *,
    dkim: bool = True,
    spf: bool = True,
    disposition: str = "none",
    details: dict[str, Any] | None = None,
) -> DmarcSource:
    return DmarcSource(
        report=report,
        address=address,
        emails=emails,
        dkim_aligned=dkim,
        spf_aligned=spf,
        disposition=disposition,
        header_from=report.domain.name,
        details=details or {},
    )


def plant_tls(domain: SendingDomain, details: Sequence[dict[str, Any]] = (), successes: int = 100) -> TlsReport:
    begins_at: datetime = timezone.now() - timedelta(days=1)
    return TlsReport.objects.create(
        domain=domain,
        organization="Google Inc.",
        report_id="1",
        begins_at=begins_at,
        ends_at=begins_at,
        policy_type="sts",
        successes=successes,
        failures=sum(one["emails"] for one in details),
        details=list(details),
    )
