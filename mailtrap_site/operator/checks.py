"""Asks about everything and judges it: what the operator's page and `manage.py doctor` show. DNS goes through
`domains.resolver`; nothing is asked inside a transaction."""

from collections.abc import Sequence
from itertools import islice

import msgspec
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from domains.nameserver import Record
from domains.records import return_path_target
from domains.resolver import lookup, lookup_many
from domains.zones import PlatformZone
from mailtrap_site.operator import blocklists, machine, names, spf, zone
from mailtrap_site.operator.finding import Finding, Report, Section, State
from mailtrap_site.operator.senders import Sender, senders

MOST_RECORDS = 40
"""Records of the zone that one run asks for."""
_KEPT = "operator-report"


def run() -> Report:
    """Asks now, and keeps the report for `last`. It takes seconds; with servers that do not answer, up to a minute."""
    report = Report(timezone.now(), [*_about_senders(), _about_zone(), _about_machine()])
    cache.set(_KEPT, msgspec.json.encode(report), None)
    return report


def last() -> Report | None:
    """What the last run found, whoever asked."""
    kept = cache.get(_KEPT)
    try:
        return msgspec.json.decode(kept, type=Report) if kept else None
    except msgspec.MsgspecError:
        # Another version's.
        return None


def _about_senders() -> list[Section]:
    environment = settings.ENVIRONMENT
    sources = (*environment.source_addresses_transactional, *environment.source_addresses_bulk)
    found = senders(sources, settings.PLATFORM_DOMAIN, environment.platform_ipv4)
    public = [one for one in found if one.is_public]
    hidden = [_hidden(one) for one in found if not one.is_public]
    return [
        Section(_("Names of the sending addresses"), hidden + [finding for one in public for finding in _named(one)]),
        Section(_("SPF"), [_spf_of(one) for one in public] or [_not_public()]),
        Section(_("Blocklists"), _listings(public)),
    ]


def _hidden(sender: Sender) -> Finding:
    is_needed = "mx" in (settings.ROUTE, settings.ENVIRONMENT.route_bulk)
    return Finding(
        _("Address %s") % sender.address,
        State.FAILURE if is_needed else State.SKIPPED,
        _("%s is no public address, so nobody can look it up.") % sender.address,
        _("Set PLATFORM_IPV4 or SOURCE_ADDRESSES_* to the addresses that receivers see.") if is_needed else "",
    )


def _not_public() -> Finding:
    return Finding(_("All addresses"), State.SKIPPED, _("Mail leaves from no public address."))


def _named(sender: Sender) -> list[Finding]:
    pointer, greeting = lookup_many([(sender.pointer, "PTR"), (sender.name, sender.record_type)])
    hosts = list(pointer.values)
    forward = dict(zip(hosts, lookup_many([(host, sender.record_type) for host in hosts]), strict=True))
    return [names.judge_reverse(sender, pointer, forward), names.judge_greeting(sender, greeting)]


def _spf_of(sender: Sender) -> Finding:
    domain = return_path_target(settings.PLATFORM_DOMAIN)
    return zone.judge_spf(sender, domain, spf.check(sender.address, domain, lookup))


def _listings(public: Sequence[Sender]) -> list[Finding]:
    lists = settings.ENVIRONMENT.domains.address_blocklists
    if not lists:
        return [Finding(_("Blocklists"), State.SKIPPED, _("ADDRESS_BLOCKLISTS names none."))]
    findings = []
    for blocklist in lists:
        tests = [f"{labels}.{blocklist}" for labels in (blocklists.LISTED_TEST, blocklists.CLEAN_TEST)]
        own = [f"{one.reversed_labels}.{blocklist}" for one in public]
        listed_test, clean_test, *answers = lookup_many([(name, "A") for name in tests + own])
        findings += [
            blocklists.judge_listing(blocklist, sender, listed_test, clean_test, answer)
            for sender, answer in zip(public, answers, strict=True)
        ]
    return findings or [_not_public()]


def _about_zone() -> Section:
    domain, own = settings.PLATFORM_DOMAIN, settings.ENVIRONMENT.platform_ipv4
    exchanged = (domain, return_path_target(domain))
    servers, *exchanges = lookup_many([(domain, "NS"), *((name, "MX") for name in exchanged)])
    findings = [zone.judge_delegation(domain, servers)]
    for name, answer in zip(exchanged, exchanges, strict=True):
        hosts = [value.partition(" ")[2] for value in answer.values]
        addresses = dict(zip(hosts, lookup_many([(host, "A") for host in hosts]), strict=True))
        findings.append(zone.judge_exchange(name, answer, addresses, own))
    exported = PlatformZone(domain, own).exported()
    # The wildcard is asked for by a name that it stands for.
    wanted = [
        (name.replace("*", "any.example"), record.type, record.value)
        for name, record in islice(exported, MOST_RECORDS)
        if record.type != "SOA"
    ]
    answers = lookup_many([(name, kind) for name, kind, _value in wanted])
    expected = [(name, kind, _as_answered(Record(kind, value, 0))) for name, kind, value in wanted]
    findings.append(zone.judge_records(domain, expected, answers))
    return Section(_("Zone of %s") % domain, findings)


def _about_machine() -> Section:
    environment, now = settings.ENVIRONMENT, timezone.now()
    in_file = machine.read_certificate(environment.tls_certificate)
    host = "127.0.0.1" if environment.smtp_host in ("0.0.0.0", "::", "") else environment.smtp_host  # noqa: S104
    findings = [machine.judge_certificate(environment.tls_certificate, in_file, now)]
    for port, implicit in ((environment.smtp_port, False), (environment.smtps_port, True)):
        shown = machine.served_certificate(host, port, implicit=implicit)
        findings.append(machine.judge_served(port, shown, in_file, now))
    findings.append(machine.judge_clock(_("Clock against the database's"), machine.ahead_of_database()))
    if environment.time_server:
        subject = _("Clock against %s") % environment.time_server
        findings.append(machine.judge_clock(subject, machine.ahead_of(environment.time_server)))
    else:
        findings.append(Finding(_("Clock against the world's"), State.SKIPPED, _("TIME_SERVER names none.")))
    findings += _knocks()
    return Section(_("This machine"), findings)


def _knocks() -> list[Finding]:
    environment = settings.ENVIRONMENT
    if not environment.port25_target:
        subject = _("Port %s outwards") % settings.OUTBOUND_PORT
        return [Finding(subject, State.SKIPPED, _("PORT25_TARGET names no server to knock at."))]
    sources = (*environment.source_addresses_transactional, *environment.source_addresses_bulk)
    # Without sources of their own, the system chooses.
    addresses = dict.fromkeys(one.address for one in sources) or {"0.0.0.0": None}  # noqa: S104
    return [machine.knock(environment.port25_target, settings.OUTBOUND_PORT, address) for address in addresses]


def _as_answered(record: Record) -> str:
    """A record's value as `domains.resolver` gives it."""
    return record.value.lower().rstrip(".") if record.type in ("NS", "CNAME", "MX") else record.value
