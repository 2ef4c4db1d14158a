"""Looks at how a domain's own mail servers ask for TLS: MTA-STS (RFC 8461) and TLS reports (RFC 8460).

Asked when somebody presses the button; the last answer is kept in the cache. Network, so never inside a transaction.
"""

import ssl
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache

from domains import resolver
from domains.answers import Answer, Outcome
from domains.models import SendingDomain
from domains.mta_sts_policy import MOST_OCTETS, Mode, PolicyRefused, covers, parse_policy, record_id
from domains.pinned_http import may_be_asked
from domains.policy_file import FetchFailed, Place, fetch

PATH = "/.well-known/mta-sts.txt"
KEPT = timedelta(days=30)
NOT_TWICE_WITHIN = timedelta(seconds=10)
SHORT_MAX_AGE = 86_400
MOST_MX = 20


@dataclass(frozen=True, slots=True)
class InboundTls:
    """What was found. `mode` is empty without a policy; `problem` names what is wrong and `detail` its evidence."""

    checked_at: datetime
    mx: tuple[str, ...] = ()
    mode: str = ""
    problem: str = ""
    detail: str = ""
    max_age: int = 0
    patterns: tuple[str, ...] = ()
    reports_to: tuple[str, ...] = ()
    """Where TLS reports about the domain go (`_smtp._tls`)."""


def last_seen(domain: SendingDomain) -> InboundTls | None:
    """What the last check found; None when nobody asked lately."""
    kept: dict[str, Any] | None = cache.get(_key(domain))
    return InboundTls(**kept) if kept else None


def look(domain: SendingDomain, now: datetime) -> InboundTls:
    """Ask now and remember; whoever presses twice gets the same answer. Takes up to about twenty seconds."""
    last = last_seen(domain)
    if last is not None and now - last.checked_at < NOT_TWICE_WITHIN:
        return last
    found = inspect(domain.name, now)
    remember(domain, found)
    return found


def remember(domain: SendingDomain, found: InboundTls) -> None:
    """Keeps what a check found, for all processes."""
    cache.set(_key(domain), asdict(found), KEPT.total_seconds())


def inspect(name: str, now: datetime, *, port: int = 443, context: ssl.SSLContext | None = None) -> InboundTls:
    """What DNS and the policy host say about `name` now."""
    host = f"mta-sts.{name}"
    record, mx, reports, ipv4, ipv6 = resolver.lookup_many(
        [(f"_mta-sts.{name}", "TXT"), (name, "MX"), (f"_smtp._tls.{name}", "TXT"), (host, "A"), (host, "AAAA")]
    )
    found = InboundTls(now, mx=_exchangers(mx), reports_to=_report_addresses(reports))
    if record.outcome.is_failure or mx.outcome.is_failure:
        return replace(found, problem="dns")
    identity = record_id(record.values)
    if identity is None:
        return replace(found, problem=_without_record(record))
    addresses = tuple(one for one in (*ipv4.values, *ipv6.values) if may_be_asked(one))
    if not addresses:
        return replace(found, problem="not_public" if ipv4.values or ipv6.values else "no_host")
    try:
        data = fetch(Place(host, PATH, addresses, port), most_octets=MOST_OCTETS, context=context)
        policy = parse_policy(data)
    except FetchFailed as failure:
        return replace(found, problem=failure.problem.value, detail=failure.detail)
    except PolicyRefused as refusal:
        return replace(found, problem="policy", detail=refusal.key)
    found = replace(found, mode=policy.mode.value, max_age=policy.max_age, patterns=policy.mx)
    problem, detail = _complaint(found, identity)
    return replace(found, problem=problem, detail=detail)


def _complaint(found: InboundTls, identity: str) -> tuple[str, str]:
    """The first thing that is wrong with a policy that could be read, and its evidence."""
    uncovered = [host for host in found.mx if not covers(found.patterns, host)]
    if not identity:
        return "record_id", ""
    if found.mode == Mode.NONE:
        return "", ""
    if not found.mx:
        return "no_mx", ""
    if uncovered:
        return "uncovered", ", ".join(uncovered[:3])
    return ("short_max_age", str(found.max_age)) if found.max_age < SHORT_MAX_AGE else ("", "")


def _exchangers(answer: Answer) -> tuple[str, ...]:
    hosts = (value.partition(" ")[2] for value in answer.values)
    return tuple(sorted({host for host in hosts if host}))[:MOST_MX]


def _report_addresses(answer: Answer) -> tuple[str, ...]:
    """RFC 8460 section 3: exactly one record counts; `rua` holds mailto: and https: addresses with commas."""
    records = [value for value in answer.values if value.partition(";")[0].replace(" ", "") == "v=TLSRPTv1"]
    if len(records) != 1:
        return ()
    tags = dict(part.strip().partition("=")[::2] for part in records[0].split(";"))
    return tuple(uri.strip().removeprefix("mailto:")[:320] for uri in tags.get("rua", "").split(",") if uri.strip())[:5]


def _without_record(answer: Answer) -> str:
    several = sum(value.startswith("v=STSv1") for value in answer.values) > 1
    return "several_records" if answer.outcome is Outcome.FOUND and several else "no_record"


def _key(domain: SendingDomain) -> str:
    return f"inbound-tls:{domain.pk}:{domain.name}"


def covered(found: InboundTls) -> Sequence[tuple[str, bool]]:
    """Each mail server of the domain, and whether the policy names it."""
    return [(host, covers(found.patterns, host)) for host in found.mx]
