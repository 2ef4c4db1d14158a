"""Reads a TLS report (RFC 8460 section 4). Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from domains.reports.dmarc_xml import LONGEST_NAME, check_period, domain_name
from domains.reports.refusal import Reason, ReportRefused

MOST_POLICIES = 200
MOST_DETAILS = 100
"""Kinds of failure kept of one policy, the most frequent first."""
MOST_SESSIONS = 10**12
POLICY_TYPES = ("sts", "tlsa", "no-policy-found")


@dataclass(frozen=True, slots=True)
class TlsFailure:
    """Sessions that failed in one way; `emails` counts sessions, as the standard does."""

    result_type: str
    mx: str
    sending_ip: str
    emails: int


@dataclass(frozen=True, slots=True)
class TlsPolicyResult:
    """One policy of one domain: how many sessions had TLS as it asks, and how the others failed."""

    domain: str
    policy_type: str
    successes: int
    failures: int
    details: tuple[TlsFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class TlsReportDocument:
    """One sender's report about one period; `results` has each domain and type once."""

    organization: str
    report_id: str
    begins_at: datetime
    ends_at: datetime
    results: tuple[TlsPolicyResult, ...]


class _Dates(msgspec.Struct, rename="kebab"):
    start_datetime: str
    end_datetime: str


class _Policy(msgspec.Struct, rename="kebab"):
    policy_type: str = ""
    policy_domain: str = ""


class _Summary(msgspec.Struct, rename="kebab"):
    total_successful_session_count: int = 0
    total_failure_session_count: int = 0


class _Details(msgspec.Struct, rename="kebab"):
    result_type: str = ""
    sending_mta_ip: str | None = None
    receiving_mx_hostname: str | None = None
    receiving_ip: str | None = None
    failed_session_count: int = 0


class _Result(msgspec.Struct, rename="kebab"):
    policy: _Policy
    summary: _Summary = msgspec.field(default_factory=_Summary)
    failure_details: list[_Details] | None = None


class _Report(msgspec.Struct, rename="kebab"):
    date_range: _Dates
    policies: list[_Result]
    organization_name: str = ""
    report_id: str = ""


def parse_tls(data: bytes) -> TlsReportDocument:
    """The report in `data`. Raises ReportRefused."""
    try:
        report = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_Report, strict=False)
    except msgspec.ValidationError as problem:
        raise ReportRefused(Reason.OTHER_DOCUMENT) from problem
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise ReportRefused(Reason.DAMAGED) from problem
    begins_at, ends_at = _moment(report.date_range.start_datetime), _moment(report.date_range.end_datetime)
    check_period(begins_at, ends_at)
    if len(report.policies) > MOST_POLICIES:
        raise ReportRefused(Reason.TOO_LARGE)
    merged: dict[tuple[str, str], list[_Result]] = {}
    for one in report.policies:
        merged.setdefault((_domain(one), _type(one)), []).append(one)
    results = tuple(_result(domain, kind, parts) for (domain, kind), parts in merged.items())
    report_id = report.report_id or f"{begins_at.timestamp():.0f}!{ends_at.timestamp():.0f}"
    return TlsReportDocument(_clean(report.organization_name) or "?", _clean(report_id), begins_at, ends_at, results)


def _result(domain: str, kind: str, parts: list[_Result]) -> TlsPolicyResult:
    failures: dict[tuple[str, str, str], int] = {}
    for part in parts:
        for one in part.failure_details or []:
            key = (
                _clean(one.result_type).lower()[:64],
                domain_name(one.receiving_mx_hostname or one.receiving_ip or ""),
                _clean(one.sending_mta_ip)[:45],
            )
            failures[key] = failures.get(key, 0) + _count(one.failed_session_count)
    most = sorted(failures.items(), key=lambda one: (-one[1], one[0]))[:MOST_DETAILS]
    return TlsPolicyResult(
        domain,
        kind,
        _count(sum(_count(part.summary.total_successful_session_count) for part in parts)),
        _count(sum(_count(part.summary.total_failure_session_count) for part in parts)),
        tuple(TlsFailure(*key, emails) for key, emails in most),
    )


def _domain(result: _Result) -> str:
    name = domain_name(result.policy.policy_domain)
    if not name:
        raise ReportRefused(Reason.DOMAIN)
    return name


def _type(result: _Result) -> str:
    kind = result.policy.policy_type.strip().lower()
    return kind if kind in POLICY_TYPES else "no-policy-found"


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as problem:
        raise ReportRefused(Reason.DATES) from problem


def _count(count: int) -> int:
    if not 0 <= count <= MOST_SESSIONS:
        raise ReportRefused(Reason.COUNT)
    return count


def _clean(text: Any) -> str:
    """Without what PostgreSQL does not take."""
    return "".join(one for one in str(text or "") if one.isprintable()).strip()[:LONGEST_NAME]
