"""Each state of reverse DNS, greeting, SPF, blocklists and the zone, asked of a real name server with made-up zones."""

from dataclasses import replace

import pytest
from django.conf import settings as django_settings

from domains.nameserver import Record
from domains.platform_hosts import PlatformHosts
from domains.zones import fixed_records
from mailtrap_site.delivery_settings import Source
from mailtrap_site.operator import checks, spf
from mailtrap_site.operator.finding import State
from mailtrap_site.operator.senders import Sender, senders
from mailtrap_site.testing.fake_dns import FailingZones, StoredZones, resolving, resolving_at, serving

pytestmark = pytest.mark.django_db

ADDRESS, NAME, LIST = "8.8.4.4", "out1.platform.test", "bl.lists.test"
POINTER, OWN = "4.4.8.8.in-addr.arpa", f"4.4.8.8.{LIST}"
"""Of an address that is public: those kept for documentation are not."""


def a(*addresses):
    return [Record("A", one, 60) for one in addresses]


def txt(value):
    return [Record("TXT", value, 60)]


RIGHT = {
    **fixed_records("platform.test", ADDRESS, PlatformHosts()),
    POINTER: [Record("PTR", NAME, 60)],
    NAME: a(ADDRESS),
    f"2.0.0.127.{LIST}": a("127.0.0.2"),
}


@pytest.fixture
def ask(settings, monkeypatch):
    """The findings of all sections but the machine's, by subject, with RIGHT changed."""
    monkeypatch.setattr(checks.machine, "served_certificate", lambda *_, **__: None)

    def _ask(changes=(), without=(), **fields):
        domains = replace(django_settings.ENVIRONMENT.domains, address_blocklists=(LIST,))
        fields = {"source_addresses_transactional": (Source(ADDRESS, NAME),), "domains": domains, **fields}
        settings.ENVIRONMENT = replace(django_settings.ENVIRONMENT, platform_ipv4=ADDRESS, **fields)
        names = {name: records for name, records in (RIGHT | dict(changes)).items() if name not in without}
        with resolving(StoredZones(names)):
            report = checks.run()
        return {one.subject: one for section in report.sections for one in section.findings}

    return _ask


def state(found, subject):
    return found[subject].state


REVERSE, GREETING, SPF, LISTED = (
    f"Reverse DNS of {ADDRESS}",
    f"Greeting of {ADDRESS}",
    f"SPF for {ADDRESS}",
    f"{ADDRESS} on {LIST}",
)
MAIL, DELEGATION, RECORDS = "Mail to platform.test", "Delegation of platform.test", "Records of platform.test"


def test_where_all_is_right_nothing_is_to_be_done(ask):
    found = ask()
    for subject in (REVERSE, GREETING, SPF, LISTED, MAIL, "Mail to smtp.platform.test", DELEGATION, RECORDS):
        assert (state(found, subject), found[subject].advice) == (State.FINE, ""), subject


@pytest.mark.parametrize(
    ("changes", "without", "expected", "words"),
    [
        ({}, (POINTER,), State.FAILURE, "has no name"),
        ({POINTER: [Record("PTR", "elsewhere.test", 60)]}, (), State.FAILURE, "does not lead back"),
        ({NAME: a("8.8.8.8")}, (), State.FAILURE, "does not lead back"),
        ({POINTER: [Record("PTR", "h.test", 60)], "h.test": a(ADDRESS)}, (), State.WARNING, "calls itself out1"),
        ({POINTER: [Record("PTR", "h.test", 60), Record("PTR", NAME, 60)]}, (), State.FINE, "leads back"),
    ],
)
def test_an_address_has_a_name_that_leads_back_to_it(ask, changes, without, expected, words):
    finding = ask(changes, without)[REVERSE]
    assert finding.state is expected
    assert words in finding.found
    assert bool(finding.advice) is (expected is not State.FINE)


@pytest.mark.parametrize(
    ("changes", "without", "expected", "words"),
    [
        ({}, (NAME,), State.FAILURE, "has no address"),
        ({NAME: a("8.8.8.8")}, (), State.FAILURE, "leads to 8.8.8.8"),
        ({NAME: a("8.8.8.8", ADDRESS)}, (), State.FINE, "leads to"),
    ],
)
def test_the_name_in_the_greeting_leads_to_the_address(ask, changes, without, expected, words):
    finding = ask(changes, without)[GREETING]
    assert finding.state is expected
    assert words in finding.found


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (f"v=spf1 ip4:{ADDRESS} -all", spf.Result.PASS),
        ("v=spf1 ip4:8.8.4.0/24 -all", spf.Result.PASS),
        ("v=spf1 ip4:8.8.8.8 ~all", spf.Result.SOFTFAIL),
        ("v=spf1 ip4:8.8.8.8 -all", spf.Result.FAIL),
        ("v=spf1 ip4:8.8.8.8", spf.Result.NEUTRAL),
        ("v=spf1 ?all", spf.Result.NEUTRAL),
        (f"v=spf1 a:{NAME} -all", spf.Result.PASS),
        ("v=spf1 a:near.test/24 -all", spf.Result.PASS),
        ("v=spf1 mx:platform.test -all", spf.Result.PASS),
        ("v=spf1 include:part.test -all", spf.Result.PASS),
        ("v=spf1 include:nothing.test -all", spf.Result.PERMERROR),
        ("v=spf1 redirect=part.test", spf.Result.PASS),
        ("v=spf1 redirect=nothing.test", spf.Result.PERMERROR),
        ("v=spf1 include:loop.test -all", spf.Result.PERMERROR),
        ("v=spf1 ip4:no.address -all", spf.Result.PERMERROR),
        ("v=spf1 strange:x -all", spf.Result.PERMERROR),
        ("v=spf10 +all", spf.Result.NONE),
    ],
)
def test_the_spf_record_of_the_return_path_covers_the_address(ask, record, expected):
    others = {
        "part.test": txt(f"v=spf1 ip4:{ADDRESS} -all"),
        "loop.test": txt("v=spf1 include:loop.test -all"),
        "near.test": a("8.8.4.200"),
    }
    finding = ask({"smtp.platform.test": [*RIGHT["smtp.platform.test"][:2], *txt(record)], **others})[SPF]
    assert finding.state is (State.FINE if expected is spf.Result.PASS else State.FAILURE)
    if expected not in (spf.Result.PASS, spf.Result.PERMERROR, spf.Result.NONE):
        assert f"says {expected.value}" in finding.found


def test_two_spf_records_are_none_that_can_be_read(ask):
    twice = {"smtp.platform.test": [*RIGHT["smtp.platform.test"], *txt("v=spf1 +all")]}
    assert "cannot be read" in ask(twice)[SPF].found


@pytest.mark.parametrize(
    ("changes", "without", "expected", "words"),
    [
        ({OWN: a("127.0.0.3", "127.0.0.11")}, (), State.FAILURE, "is listed (127.0.0."),
        ({OWN: a("127.255.255.254")}, (), State.UNKNOWN, "does not answer this resolver"),
        ({f"2.0.0.127.{LIST}": a("127.255.255.254")}, (), State.UNKNOWN, "does not answer this resolver"),
        ({f"1.0.0.127.{LIST}": a("127.0.0.2"), OWN: a("127.0.0.2")}, (), State.UNKNOWN, "lists everything"),
        ({}, (f"2.0.0.127.{LIST}",), State.UNKNOWN, "answers mean nothing"),
        ({OWN: a("93.184.216.34")}, (), State.UNKNOWN, "no answer of a blocklist"),
        ({f"2.0.0.127.{LIST}": a("93.184.216.34")}, (), State.UNKNOWN, "answers mean nothing"),
    ],
)
def test_a_blocklist_is_believed_only_where_its_test_entries_are_right(ask, changes, without, expected, words):
    finding = ask(changes, without)[LISTED]
    assert finding.state is expected
    assert words in finding.found
    assert finding.advice


@pytest.mark.parametrize(
    ("changes", "without", "subject", "expected", "words"),
    [
        ({"mx.platform.test": a("8.8.8.8")}, (), MAIL, State.FAILURE, "does not lead to 8.8.4.4"),
        (
            {"smtp.platform.test": txt(f"v=spf1 ip4:{ADDRESS}")},
            (),
            "Mail to smtp.platform.test",
            State.FAILURE,
            "no MX",
        ),
        ({"t.platform.test": a("8.8.8.8")}, (), RECORDS, State.FAILURE, "t.platform.test A"),
        ({}, ("*._report._dmarc.platform.test",), RECORDS, State.FAILURE, "1 of"),
        ({"platform.test": RIGHT["platform.test"][2:]}, (), DELEGATION, State.WARNING, "no zone of its own"),
    ],
)
def test_the_zone_is_seen_by_the_world_as_it_is_meant(ask, changes, without, subject, expected, words):
    finding = ask(changes, without)[subject]
    assert finding.state is expected
    assert words in finding.found
    assert finding.advice


def test_what_dns_does_not_answer_is_not_called_wrong(settings, monkeypatch):
    monkeypatch.setattr(checks.machine, "served_certificate", lambda *_, **__: None)
    domains = replace(django_settings.ENVIRONMENT.domains, address_blocklists=(LIST,))
    settings.ENVIRONMENT = replace(django_settings.ENVIRONMENT, platform_ipv4=ADDRESS, domains=domains)
    with serving(FailingZones({})) as address, resolving_at(address):
        report = checks.run()
    by_subject = {one.subject: one.state for section in report.sections for one in section.findings}
    for subject in (REVERSE, GREETING, SPF, LISTED, MAIL, RECORDS):
        assert by_subject[subject] is State.UNKNOWN, subject
    # Here nobody answers for the zone itself.
    assert by_subject[DELEGATION] is State.FAILURE


def test_without_sources_of_their_own_mail_leaves_from_the_platforms_address(ask):
    found = ask(source_addresses_transactional=())
    assert found[REVERSE].state is State.WARNING
    assert "calls itself platform.test" in found[REVERSE].found


def test_private_addresses_are_a_failure_only_where_mail_leaves_from_them(settings, ask):
    sources = (Source("10.0.0.1"),)
    assert state(ask(source_addresses_transactional=sources), "Address 10.0.0.1") is State.SKIPPED
    settings.ROUTE = "mx"
    assert state(ask(source_addresses_transactional=sources), "Address 10.0.0.1") is State.FAILURE


def test_addresses_are_reversed_as_their_family_wants_it():
    assert Sender("192.0.2.7", "x").reversed_labels == "7.2.0.192"
    six = Sender("2001:db8::1", "x")
    assert six.reversed_labels == "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
    assert (six.pointer, six.record_type) == (f"{six.reversed_labels}.ip6.arpa", "AAAA")
    twice = senders([Source("8.8.8.8", "b.test"), Source("8.8.8.8", "b.test"), Source("::1")], "p.test", "8.8.4.4")
    assert [(one.address, one.name) for one in twice] == [("8.8.8.8", "b.test"), ("::1", "p.test")]
