"""All that the health page of a domain says: is mail that says it is from us authenticated, and what to do next."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from domains.models import DnsRecord, SendingDomain
from domains.names import display_name
from domains.records import DMARC_POLICIES, RecordKey
from domains.reports import figures, tls_figures, tls_words
from domains.reports.advice import Facts, counsel
from domains.reports.advice_words import EXPLAINED, KINDS, OURS_FAILS, AdviceWords, advice_words, answer
from domains.reports.dmarc_record import dmarc_record, reports_to, tags
from domains.reports.figures import Period, Receiver, Totals
from domains.reports.mailboxes import dmarc_address, tls_address
from domains.reports.sources import Source, SourceKind, share_of
from domains.reports.tls_figures import PolicyFigures
from mailtrap_site.web.charts import StackedChart
from mailtrap_site.web.statuses import Look

PERIODS = (7, 30, 90)
USUAL_PERIOD = 30
LISTED = 50
NAMED_SIGNERS = 2


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One line of the table, or of the file."""

    source: Source
    look: Look
    explained: str
    signers: str

    @property
    def dkim(self) -> float | None:
        return share_of(self.source.dkim, self.source.emails)

    @property
    def spf(self) -> float | None:
        return share_of(self.source.spf, self.source.emails)


@dataclass(frozen=True, slots=True)
class TlsRow:
    """One way in which sessions failed, with what to do about it."""

    result_type: str
    sessions: int
    servers: str
    explained: str


@dataclass(frozen=True, slots=True)
class Health:
    """`answer` is empty while nothing was reported; `record` is what DNS answered last at `_dmarc`."""

    name: str
    days: int
    record: str
    report_address: str
    reports_come_here: bool
    answer: str
    advice: AdviceWords
    totals: Totals
    chart: StackedChart | None
    sources: list[SourceRow]
    forwarded: bool
    receivers: list[Receiver]
    newest: datetime | None
    tls_policies: list[tuple[str, PolicyFigures]]
    tls_failures: list[TlsRow]
    tls_record: str

    @property
    def shares(self) -> dict[str, float | None]:
        """Of all emails."""
        return {name: self.totals.share(getattr(self.totals, name)) for name in ("passed", "dkim", "spf")}

    @property
    def more_sources(self) -> bool:
        return self.totals.sources > len(self.sources)


def health(domain: SendingDomain, days: int, now: datetime) -> Health:
    """The figures of the last `days` days; about ten queries, however much was reported."""
    period = Period(domain, days, now)
    record = _record(domain)
    address = dmarc_address(settings.PLATFORM_DOMAIN)
    totals, sources, by_day = figures.totals(period), figures.sources(period), figures.by_day(period)
    facts = _facts(period, record, totals, sources, len(by_day))
    receivers = figures.receivers(period)
    failing = sum(source.is_trouble for source in sources)
    return Health(
        name=display_name(domain.name),
        days=days,
        record=record,
        report_address=address,
        reports_come_here=facts.reports_come_here,
        answer=answer(facts, days, failing) if totals.emails else "",
        advice=advice_words(counsel(facts), facts, record, address),
        totals=totals,
        chart=figures.daily_chart(period, by_day) if totals.emails else None,
        sources=[_row(source) for source in sources[:LISTED]],
        forwarded=any(source.kind is SourceKind.FORWARDED for source in sources),
        receivers=receivers,
        newest=max((receiver.ends_at for receiver in receivers), default=None),
        tls_policies=[(str(tls_words.POLICIES[one.policy_type]), one) for one in tls_figures.policies(period)],
        tls_failures=[_tls_row(one) for one in tls_figures.failures(period)],
        tls_record=f"v=TLSRPTv1; rua=mailto:{tls_address(settings.PLATFORM_DOMAIN)}",
    )


def source_lines(domain: SendingDomain, days: int, now: datetime) -> Iterator[list[str | int]]:
    """The table of sources as lines of a file, with its head."""
    yield [
        "address", "kind", "emails", "passed", "dkim_aligned", "spf_aligned", "quarantined", "rejected", "signed_by"
    ]  # fmt: skip
    for source in figures.sources(Period(domain, days, now), limit=figures.EXPORTED):
        counts = (source.emails, source.passed, source.dkim, source.spf, source.quarantined, source.rejected)
        yield [source.address, source.kind.value, *counts, _plain(" ".join(source.signers))]


def _facts(period: Period, record: str, totals: Totals, sources: list[Source], days: int) -> Facts:
    found = tags(record)
    if not found and totals.emails:
        # DNS was not asked yet, or does not answer; then a receiver's word for it will do.
        found = figures.newest_policy(period)
    policy = found.get("p", "").lower()
    # RFC 9989 has a test mode, in which the policy is applied to nothing, in place of a percentage.
    percent = "0" if found.get("t", "").lower() == "y" else found.get("pct", "")
    return Facts(
        policy=policy if policy in DMARC_POLICIES else "",
        percent=int(percent) if percent.isdigit() and len(percent) <= 3 else 100,
        reports_come_here=dmarc_address(settings.PLATFORM_DOMAIN) in reports_to(record),
        days=days,
        emails=totals.emails,
        passed=totals.passed,
        sources=sources,
    )


def _record(domain: SendingDomain) -> str:
    stored = DnsRecord.objects.filter(domain=domain, key=RecordKey.DMARC).values_list("observed", flat=True).first()
    return dmarc_record(stored or [])


def _row(source: Source) -> SourceRow:
    signers = ", ".join(source.signers[:NAMED_SIGNERS])
    look = OURS_FAILS if source.kind is SourceKind.OURS and source.is_trouble else KINDS[source.kind]
    return SourceRow(source, look, str(EXPLAINED[source.kind]), signers)


def _tls_row(one: tls_figures.FailureFigures) -> TlsRow:
    explained = tls_words.RESULTS.get(one.result_type, tls_words.UNKNOWN_RESULT)
    return TlsRow(one.result_type or _("not named"), one.sessions, ", ".join(one.servers), str(explained))


def _plain(text: str) -> str:
    """A reporter chooses these words; a spreadsheet must not take them for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
