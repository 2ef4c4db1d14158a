"""Reads a DMARC aggregate report (RFC 7489 section 7.2 and appendix C; what RFC 9990 adds is tolerated).

Pure. Receivers differ: some leave out the version, put everything into a namespace, write results in capitals or name
no selector. What decides is required (domain, period, address, count); what explains may be missing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from ipaddress import IPv6Address, ip_address
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from domains.reports.refusal import Reason, ReportRefused

MOST_SOURCES = 20_000
MOST_DEPTH = 8
MOST_ELEMENTS = 2_000
"""In one record."""
MOST_RESULTS = 10
MOST_EMAILS = 10**12
LONGEST_PERIOD = timedelta(days=32)
LONGEST_NAME = 253
HEAD_OCTETS = 1_000
_SCHEMA = re.compile(rb"<xs:schema\b[^>]*>")
_ENCODING = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.-]+)["']""")
DISPOSITIONS = ("none", "quarantine", "reject")
POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True, slots=True)
class AuthResult:
    """What one DKIM signature or the SPF check gave; `selector` is empty for SPF and where none was named."""

    domain: str
    result: str
    selector: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """Why the receiver did other than the policy asks (`forwarded`, `mailing_list`, `local_policy` …)."""

    type: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ReportedSource:
    """Mail of one address: how much, whether DKIM and SPF passed *and* aligned, and what became of it."""

    address: str
    emails: int
    disposition: str
    dkim_aligned: bool
    spf_aligned: bool
    header_from: str
    """Lower case; empty where the receiver left it out."""
    dkim: tuple[AuthResult, ...] = ()
    spf: tuple[AuthResult, ...] = ()
    reasons: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedPolicy:
    """As the receiver read it; empty text for what it did not mention."""

    domain: str
    p: str = ""
    sp: str = ""
    pct: str = ""
    adkim: str = ""
    aspf: str = ""


@dataclass(frozen=True, slots=True)
class AggregateReport:
    """One receiver's report about one domain and period."""

    organization: str
    report_id: str
    begins_at: datetime
    ends_at: datetime
    policy: PublishedPolicy
    sources: tuple[ReportedSource, ...]


def parse_dmarc(data: bytes) -> AggregateReport:
    """The report in `data`. Raises ReportRefused."""
    try:
        return _report(_mended(data))
    except ReportRefused:
        raise
    except DefusedXmlException as problem:
        raise ReportRefused(Reason.UNSAFE) from problem
    except (ParseError, LookupError, ValueError) as problem:
        # The last two: a declared encoding that Python does not know, or knows to be no text.
        raise ReportRefused(Reason.DAMAGED) from problem


def _mended(data: bytes) -> bytes:
    """Without two mistakes that receivers make: the schema's own element before the report, which is never closed, and
    octets that are no UTF-8 where a header of the mail was copied."""
    head, rest = data[:HEAD_OCTETS], data[HEAD_OCTETS:]
    mended = _SCHEMA.sub(b"", head, count=1)
    data = mended + (rest if len(mended) == len(head) else rest.replace(b"</xs:schema>", b""))
    declared = _ENCODING.search(head)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or (declared and declared[1].lower() != b"utf-8"):
        return data
    return data.decode("utf-8", "replace").encode()


def _report(data: bytes) -> AggregateReport:
    metadata = policy = None
    sources: list[ReportedSource] = []
    for part in _parts(data):
        match _name(part):
            case "report_metadata":
                metadata = part
            case "policy_published":
                policy = _policy(part)
            case "record":
                if len(sources) == MOST_SOURCES:
                    raise ReportRefused(Reason.TOO_LARGE)
                sources.append(_source(part))
    if metadata is None or policy is None:
        raise ReportRefused(Reason.OTHER_DOCUMENT)
    begins_at, ends_at = _period(metadata)
    organization = _text(metadata, "org_name") or _text(metadata, "email").rpartition("@")[2]
    report_id = _text(metadata, "report_id") or f"{policy.domain}!{begins_at.timestamp():.0f}!{ends_at.timestamp():.0f}"
    return AggregateReport(
        organization[:LONGEST_NAME] or "?", report_id[:LONGEST_NAME], begins_at, ends_at, policy, tuple(sources)
    )


def _parts(data: bytes) -> Iterator[Element]:
    """The elements right under the root, each forgotten before the next is read. Checks the root's name and bounds."""
    depth = elements = 0
    root: Element | None = None
    for event, element in iterparse(BytesIO(data), events=("start", "end"), forbid_dtd=True):
        if event == "start":
            if root is None:
                root = element
                if _name(root) != "feedback":
                    raise ReportRefused(Reason.OTHER_DOCUMENT)
            depth, elements = depth + 1, elements + 1
            if depth > MOST_DEPTH or elements > MOST_ELEMENTS:
                raise ReportRefused(Reason.TOO_LARGE)
            continue
        depth -= 1
        if depth == 1 and root is not None:
            yield element
            root.clear()
            elements = 0


def _policy(part: Element) -> PublishedPolicy:
    domain = domain_name(_text(part, "domain"))
    if not domain:
        raise ReportRefused(Reason.DOMAIN)
    return PublishedPolicy(domain, *(_text(part, tag).lower()[:16] for tag in ("p", "sp", "pct", "adkim", "aspf")))


def _source(part: Element) -> ReportedSource:
    row, evaluated = _child(part, "row"), _child(part, "row", "policy_evaluated")
    results, identifiers = _child(part, "auth_results"), _child(part, "identifiers")
    disposition = _text(evaluated, "disposition").lower()
    return ReportedSource(
        address=_address(_text(row, "source_ip")),
        emails=_count(_text(row, "count")),
        disposition=disposition if disposition in DISPOSITIONS else "none",
        dkim_aligned=_text(evaluated, "dkim").lower() == "pass",
        spf_aligned=_text(evaluated, "spf").lower() == "pass",
        header_from=domain_name(_text(identifiers, "header_from")),
        dkim=tuple(_result(one) for one in _children(results, "dkim")),
        spf=tuple(_result(one) for one in _children(results, "spf")),
        reasons=tuple(
            Override(_text(one, "type").lower()[:32], _text(one, "comment")[:200])
            for one in _children(evaluated, "reason")
        ),
    )


def _result(part: Element) -> AuthResult:
    return AuthResult(
        domain_name(_text(part, "domain")), _text(part, "result").lower()[:16], _text(part, "selector").lower()[:63]
    )


def _period(metadata: Element) -> tuple[datetime, datetime]:
    """Seconds since 1970, of which some receivers make fractions."""
    dates = _child(metadata, "date_range")
    try:
        begin, end = (datetime.fromtimestamp(int(float(_text(dates, tag))), UTC) for tag in ("begin", "end"))
    except (ValueError, OverflowError, OSError) as problem:
        raise ReportRefused(Reason.DATES) from problem
    check_period(begin, end)
    return begin, end


def check_period(begin: datetime, end: datetime) -> None:
    """Whether one report may be about this. Raises ReportRefused."""
    if not timedelta() <= end - begin <= LONGEST_PERIOD or begin.year < 2010:
        raise ReportRefused(Reason.DATES)


def domain_name(text: str) -> str:
    """Lower case, without the final dot, as A-labels; empty for what is no domain name."""
    name = text.strip().rstrip(".").lower()
    if len(name) > LONGEST_NAME:
        return ""
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return name if 0 < len(name) <= LONGEST_NAME and not set(name) & set(" @<>/\\\0") else ""


def _address(text: str) -> str:
    """An IPv4 or IPv6 address; IPv4 in the clothes of IPv6 is undressed, zones are dropped."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError as problem:
        raise ReportRefused(Reason.ADDRESS) from problem
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _count(text: str) -> int:
    try:
        count = int(text)
    except ValueError as problem:
        raise ReportRefused(Reason.COUNT) from problem
    if not 0 <= count <= MOST_EMAILS:
        raise ReportRefused(Reason.COUNT)
    return count


def _name(element: Element) -> str:
    """The local name: some receivers put all into a namespace, DMARCbis asks for one."""
    tag: Any = element.tag
    return str(tag).rpartition("}")[2].lower()


def _children(element: Element | None, name: str) -> list[Element]:
    return [] if element is None else [one for one in element if _name(one) == name][:MOST_RESULTS]


def _child(element: Element | None, *path: str) -> Element | None:
    for name in path:
        element = next(iter(_children(element, name)), None)
    return element


def _text(element: Element | None, name: str) -> str:
    child = _child(element, name)
    return ((child.text if child is not None else "") or "").strip()
