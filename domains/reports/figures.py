"""What the health page shows of a period: days, sources and receivers, each summed up by the database."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from domains.models import DmarcReport, DmarcSource, SendingDomain
from domains.reports.sources import Source, kind_of, share_of
from mailtrap_site.web.charts import Bar, Series, StackedChart
from mailtrap_site.web.wording import figure_words

JUDGED = 500
"""Sources of which the kind is found out for the page; the file has up to `EXPORTED`."""
EXPORTED = 5_000
RECEIVERS = 20
MOST_DETAILS = 2_000
_PASSED = Q(dkim_aligned=True) | Q(spf_aligned=True)


@dataclass(frozen=True, slots=True)
class Period:
    """The last `days` days (UTC) up to today."""

    domain: SendingDomain
    days: int
    now: datetime

    @property
    def first(self) -> date:
        return self.now.astimezone(UTC).date() - timedelta(days=self.days - 1)

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, datetime.min.time(), UTC)


@dataclass(frozen=True, slots=True)
class Day:
    """What was reported about one day."""

    passed: int
    failed: int


@dataclass(frozen=True, slots=True)
class Totals:
    """All mail of a period; `sources` are different addresses."""

    emails: int
    passed: int
    failed: int
    dkim: int
    spf: int
    quarantined: int
    rejected: int
    sources: int

    def share(self, part: int) -> float | None:
        return share_of(part, self.emails)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who reported: any name may be claimed, since anybody can send a report."""

    name: str
    reports: int
    emails: int
    ends_at: datetime


def by_day(period: Period) -> dict[date, Day]:
    """The days about which there are reports; a report counts on the day that it begins."""
    day = TruncDate("report__begins_at", tzinfo=UTC)
    rows = _sources(period).values(day=day).annotate(mails=Sum("emails"), passed=Sum("emails", filter=_PASSED))
    found = ((row["day"], int(row["mails"]), int(row["passed"] or 0)) for row in rows)
    return {day: Day(passed, emails - passed) for day, emails, passed in found}


def totals(period: Period) -> Totals:
    """The sums of the period."""
    sums = _sources(period).aggregate(**_sums(), sources=Count("address", distinct=True))
    return Totals(emails=int(sums.pop("mails")), **{name: int(value) for name, value in sums.items()})


def sources(period: Period, *, limit: int = JUDGED) -> list[Source]:
    """By address, those that failed most first, then the largest."""
    grouped: Any = _sources(period).values("address")
    rows = list(grouped.annotate(**_sums()).order_by("-failed", "-mails", "address")[:limit])
    details = _details(period, [row["address"] for row in rows])
    ours = own_addresses()
    selectors = set(period.domain.dkim_keys.values_list("selector", flat=True))
    return [_source(row, details.get(row["address"], []), ours, period.domain.name, selectors) for row in rows]


def receivers(period: Period) -> list[Receiver]:
    """Who reported, with the most reports first."""
    reports = _reports(period).values("organization")
    counted = reports.annotate(reports=Count("pk", distinct=True), mails=Sum("sources__emails"), last=Max("ends_at"))
    return [
        Receiver(row["organization"], row["reports"], int(row["mails"] or 0), row["last"])
        for row in counted.order_by("-reports", "organization")[:RECEIVERS]
    ]


def newest_policy(period: Period) -> dict[str, Any]:
    """As the newest report read it; empty without reports."""
    return _reports(period).order_by("-begins_at").values_list("policy", flat=True).first() or {}


def own_addresses() -> frozenset[str]:
    """Where this instance's mail comes from, as far as its settings say."""
    environment = settings.ENVIRONMENT
    own = (*environment.source_addresses_transactional, *environment.source_addresses_bulk)
    return frozenset({environment.platform_ipv4, *(source.address for source in own)})


def daily_chart(period: Period, days: dict[date, Day]) -> StackedChart:
    """A bar for each day; receivers report about yesterday, so the last one or two are empty."""
    bars = tuple(
        _bar(day, days.get(day, Day(0, 0))) for day in (period.first + timedelta(step) for step in range(period.days))
    )
    passed, failed = (sum(bar.values[layer] for bar in bars) for layer in (0, 1))
    series = (Series("delivered", _("Passed DMARC"), passed), Series("bounced", _("Failed"), failed))
    return StackedChart(_("Emails that receivers reported, by day"), series, bars)


def _bar(day: date, figures: Day) -> Bar:
    words = date_format(day, "j M")
    title = _("%(day)s: %(passed)s passed, %(failed)s failed") % {
        "day": words,
        "passed": figure_words(figures.passed),
        "failed": figure_words(figures.failed),
    }
    return Bar(words, (figures.passed, figures.failed), title=title)


def _reports(period: Period) -> QuerySet[DmarcReport]:
    return DmarcReport.objects.filter(domain=period.domain, begins_at__gte=period.since)


def _sources(period: Period) -> QuerySet[DmarcSource]:
    return DmarcSource.objects.filter(report__domain=period.domain, report__begins_at__gte=period.since)


def _sums() -> dict[str, Sum]:
    return {
        "passed": Sum("emails", filter=_PASSED, default=0),
        "failed": Sum("emails", filter=~_PASSED, default=0),
        "dkim": Sum("emails", filter=Q(dkim_aligned=True), default=0),
        "spf": Sum("emails", filter=Q(spf_aligned=True), default=0),
        "quarantined": Sum("emails", filter=Q(disposition="quarantine"), default=0),
        "rejected": Sum("emails", filter=Q(disposition="reject"), default=0),
        "mails": Sum("emails", default=0),
    }


def _details(period: Period, addresses: list[str]) -> dict[str, list[dict[str, Any]]]:
    """What receivers saw of the mails of these addresses, each kind once."""
    rows = _sources(period).filter(address__in=addresses).values_list("address", "details").distinct()
    found: dict[str, list[dict[str, Any]]] = {}
    for address, details in rows[:MOST_DETAILS]:
        found.setdefault(address, []).append(details)
    return found


def _source(
    row: dict[str, Any], details: list[dict[str, Any]], ours: Collection[str], domain: str, selectors: set[str]
) -> Source:
    passes = [one for each in details for one in each.get("dkim", []) if one["result"] == "pass"]
    reasons = {one["type"] for each in details for one in each.get("reasons", [])}
    signed_by_us = any(one["domain"] == domain and one["selector"] in selectors for one in passes)
    emails, passed = int(row["mails"]), int(row["passed"])
    share = passed / emails if emails else 1.0
    return Source(
        address=row["address"],
        emails=emails,
        passed=passed,
        dkim=int(row["dkim"]),
        spf=int(row["spf"]),
        quarantined=int(row["quarantined"]),
        rejected=int(row["rejected"]),
        signers=tuple(sorted({one["domain"] for one in passes if one["domain"]}))[:3],
        kind=kind_of(row["address"], share, ours=ours, signed_by_us=signed_by_us, reasons=reasons),
    )
