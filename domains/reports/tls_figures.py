"""What others reported about TLS towards the domain's own mail servers, summed up."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, QuerySet, Sum

from domains.models import TlsReport
from domains.reports.figures import Period

MOST_FAILING = 500
"""Reports with failures that are looked into."""
NAMED = 3


@dataclass(frozen=True, slots=True)
class PolicyFigures:
    """Sessions by the policy that applied to them."""

    policy_type: str
    reports: int
    senders: int
    successes: int
    failures: int
    ends_at: datetime

    @property
    def share(self) -> float | None:
        whole = self.successes + self.failures
        return self.successes / whole if whole else None


@dataclass(frozen=True, slots=True)
class FailureFigures:
    """Sessions that failed in one way; `servers` are those of the domain where it happened most."""

    result_type: str
    sessions: int
    servers: tuple[str, ...]


def policies(period: Period) -> list[PolicyFigures]:
    """By policy, the one with the most sessions first."""
    rows = (
        _reports(period)
        .values("policy_type")
        .annotate(
            reports=Count("pk"),
            senders=Count("organization", distinct=True),
            good=Sum("successes"),
            bad=Sum("failures"),
            last=Max("ends_at"),
        )
    )
    found = [
        PolicyFigures(
            row["policy_type"], row["reports"], row["senders"], int(row["good"]), int(row["bad"]), row["last"]
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: -(one.successes + one.failures))


def failures(period: Period) -> list[FailureFigures]:
    """By result type, the most frequent first; of the newest `MOST_FAILING` reports with failures."""
    failing = _reports(period).filter(failures__gt=0).order_by("-begins_at")
    sessions: Counter[str] = Counter()
    servers: dict[str, Counter[str]] = {}
    for details in failing.values_list("details", flat=True)[:MOST_FAILING]:
        for one in details:
            sessions[one["result_type"]] += one["emails"]
            servers.setdefault(one["result_type"], Counter())[one["mx"]] += one["emails"]
    return [
        FailureFigures(kind, count, tuple(name for name, _count in servers[kind].most_common(NAMED) if name))
        for kind, count in sessions.most_common()
    ]


def _reports(period: Period) -> QuerySet[TlsReport]:
    return TlsReport.objects.filter(domain=period.domain, begins_at__gte=period.since)
