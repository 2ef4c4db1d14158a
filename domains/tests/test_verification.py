"""Verification asks DNS, stores what it said, and changes a verdict only for a reason that is certain."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, Notification
from domains import resolver, verification
from domains.models import DnsRecord, SendingDomain, ZoneRecord
from domains.nameserver import Record
from domains.setup import delete_domain, publish_in_demo_zone
from domains.zones import DemoZone, Zones
from mailtrap_site.testing.fake_dns import (
    FailingZones,
    StoredZones,
    resolving,
    resolving_at,
    serving,
    silent_server,
)
from mailtrap_site.testing.world import World, make_domain

pytestmark = pytest.mark.django_db


@pytest.fixture
def domain(world: World) -> SendingDomain:
    return make_domain(world.account, "shop.test", verified=False)


@pytest.fixture
def zone(domain: SendingDomain) -> Iterator[StoredZones]:
    """A registrar's zone in which every record of `domain` was published."""
    names = {record.fqdn: [Record(record.type, record.value)] for record in domain.dns_records.all()}
    zone = StoredZones(names)
    with resolving(zone):
        yield zone


def statuses(domain: SendingDomain) -> dict[str, str]:
    return dict(domain.dns_records.values_list("key", "status"))


def test_a_domain_whose_records_all_stand_is_verified_and_its_people_are_told(
    world: World, domain: SendingDomain, zone: StoredZones
) -> None:
    checked = verification.check(domain.pk)
    assert checked is not None
    assert checked.may_send().allowed
    assert set(statuses(domain).values()) == {"pass"}
    domain.refresh_from_db()
    assert domain.compliance_status == SendingDomain.Compliance.COMPLIANT
    assert domain.checked_at is not None
    entry = AuditEntry.objects.get(action="domain.verified")
    assert entry.changes == {"compliance_status": {"from": "unverified_dns", "to": "compliant"}}
    told = Notification.objects.filter(kind="domain.verified")
    assert {notification.user for notification in told} == {world.alice, world.bob}
    assert "shop.test" in told[0].title
    verification.check(domain.pk)
    assert AuditEntry.objects.filter(action="domain.verified").count() == 1


@pytest.mark.parametrize("key", ["verification", "dkim1", "dkim2", "dmarc"])
def test_each_required_record_that_was_never_published_keeps_the_domain_unverified(
    domain: SendingDomain, zone: StoredZones, key: str
) -> None:
    del zone.names[domain.dns_records.get(key=key).fqdn]
    checked = verification.check(domain.pk)
    assert checked is not None
    assert checked.may_send().code == "domain_not_verified"
    assert checked.compliance_status == SendingDomain.Compliance.UNVERIFIED_DNS
    assert [name for name, status in statuses(domain).items() if status == "missing"] == [key]
    assert not Notification.objects.exists()


def test_the_optional_record_may_be_missing(domain: SendingDomain, zone: StoredZones) -> None:
    del zone.names["mt-link.shop.test"]
    checked = verification.check(domain.pk)
    assert checked is not None
    assert checked.may_send().allowed
    assert statuses(domain)["link_verification"] == "missing"


def test_a_different_value_is_kept_with_what_was_found(domain: SendingDomain, zone: StoredZones) -> None:
    record = domain.dns_records.get(key="dkim2")
    zone.names[record.fqdn] = [Record("CNAME", f"{record.value}.shop.test")]
    verification.check(domain.pk)
    record.refresh_from_db()
    assert (record.status, record.advice) == ("fail", "value_doubled")
    assert record.observed == [f"{record.value}.shop.test"]


def test_a_record_under_the_doubled_name_is_found_out(domain: SendingDomain, zone: StoredZones) -> None:
    record = domain.dns_records.get(key="verification")
    zone.names[f"{record.fqdn}.shop.test"] = zone.names.pop(record.fqdn)
    verification.check(domain.pk)
    record.refresh_from_db()
    assert (record.status, record.advice) == ("fail", "name_doubled")


def test_a_failure_of_dns_takes_nothing_away(domain: SendingDomain, zone: StoredZones) -> None:
    verification.check(domain.pk)
    with resolving(FailingZones({})):
        checked = verification.check(domain.pk)
    assert checked is not None
    assert checked.may_send().allowed
    assert set(statuses(domain).values()) == {"network_error"}
    assert not AuditEntry.objects.filter(action="domain.unverified").exists()


def test_a_silent_dns_verifies_nothing(domain: SendingDomain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "LIFETIME", 0.2)
    with silent_server() as address, resolving_at(address):
        checked = verification.check(domain.pk)
    assert checked is not None
    assert not checked.may_send().allowed
    assert set(domain.dns_records.values_list("advice", flat=True)) == {"timeout"}


def test_a_suspended_domain_stays_suspended_whatever_dns_says(domain: SendingDomain, zone: StoredZones) -> None:
    SendingDomain.objects.filter(pk=domain.pk).update(compliance_status=SendingDomain.Compliance.SUSPENDED)
    for _time in range(2):
        checked = verification.check(domain.pk)
        assert checked is not None
        assert checked.may_send().code == "domain_suspended"
        zone.names.clear()


def test_a_deleted_or_unknown_domain_is_not_checked(domain: SendingDomain, zone: StoredZones) -> None:
    delete_domain(domain)
    assert verification.check(domain.pk) is None
    assert verification.check(0) is None
    assert set(statuses(domain).values()) == {"unchecked"}


def test_an_answer_to_an_older_question_changes_nothing(domain: SendingDomain, zone: StoredZones) -> None:
    later = timezone.now() + timedelta(seconds=5)
    SendingDomain.objects.filter(pk=domain.pk).update(checked_at=later)
    verification.check(domain.pk)
    assert set(statuses(domain).values()) == {"unchecked"}


def test_only_domains_whose_time_has_come_are_checked(world: World, domain: SendingDomain, zone: StoredZones) -> None:
    future = timezone.now() + timedelta(minutes=30)
    SendingDomain.objects.exclude(pk=domain.pk).update(next_check_at=future)
    assert verification.check_due() == 1
    assert verification.check_due() == 0
    domain.refresh_from_db()
    assert domain.dns_verified_at is not None
    assert timedelta(minutes=53) < domain.next_check_at - timezone.now() < timedelta(minutes=67)


@pytest.mark.parametrize(
    ("age", "verified", "drifting", "seconds"),
    [
        (timedelta(seconds=5), False, False, 30),
        (timedelta(minutes=20), False, False, 120),
        (timedelta(days=9), False, False, 3600),
        (timedelta(seconds=5), True, False, 3600),
        (timedelta(days=9), True, True, 720),
    ],
)
def test_a_new_domain_is_looked_at_often_a_verified_one_hourly_and_a_drifting_one_in_between(
    age, verified, drifting, seconds
) -> None:
    assert verification.interval(age, verified=verified, drifting=drifting) == timedelta(seconds=seconds)


@pytest.mark.django_db(transaction=True)
def test_published_in_the_demo_zone_it_verifies_and_a_deleted_record_starts_the_grace(world: World) -> None:
    domain = make_domain(world.account, "shop.test", verified=False)
    with serving(Zones(DemoZone(), kept_seconds=0)) as address, resolving_at(address):
        before = verification.check(domain.pk)
        publish_in_demo_zone(domain)
        after = verification.check(domain.pk)
        ZoneRecord.objects.get(name=domain.return_path_domain).delete()
        warned = verification.check(domain.pk)
    assert [one.may_send().allowed for one in (before, after, warned) if one] == [False, True, True]
    assert warned is not None
    assert warned.records_gone_since is not None
    record = domain.dns_records.get(key="verification")
    assert record.status == DnsRecord.Status.MISSING
    # The demo zone is asked directly, as the servers of a real one are.
    assert [(one["server"], one["kind"]) for one in record.seen] == [
        ("ns1.test", "authoritative"),
        ("127.0.0.1", "resolver"),
    ]
    domain.refresh_from_db()
    assert domain.nameservers == ["ns1.test"]


def served_by_itself(domain: SendingDomain) -> StoredZones:
    """`shop.test` as a zone with a name server on the loopback, and every record of `domain` in it."""
    names = {record.fqdn: [Record(record.type, record.value)] for record in domain.dns_records.all()}
    own = {"shop.test": [Record("NS", "ns1.shop.test"), Record("TXT", "v=spf1 +all")]}
    return StoredZones({**names, **own, "ns1.shop.test": [Record("A", "127.0.0.1")]}, ["shop.test"])


def test_name_servers_and_findings_are_kept_and_a_blind_check_leaves_them(domain: SendingDomain) -> None:
    with resolving(served_by_itself(domain)):
        verification.check(domain.pk)
    domain.refresh_from_db()
    assert domain.nameservers == ["ns1.shop.test"]
    assert domain.dns_findings == [
        {"code": "zone", "params": {"apex": "shop.test"}},
        {"code": "spf_allows_all", "params": {"name": "shop.test"}},
    ]
    with resolving(FailingZones({})):
        verification.check(domain.pk)
    domain.refresh_from_db()
    assert domain.nameservers == ["ns1.shop.test"]
    assert len(domain.dns_findings) == 2


def test_a_late_resolver_takes_no_verification_and_gives_none(domain: SendingDomain) -> None:
    zone = served_by_itself(domain)
    with serving(zone) as own, serving(StoredZones({})) as late, resolving_at(own, public=[late]):
        checked = verification.check(domain.pk)
        assert checked is not None
        assert checked.may_send().allowed
        assert set(domain.dns_records.values_list("advice", flat=True)) == {"stale"}
        gone = zone.names.pop(domain.return_path_domain)
        taken = verification.check(domain.pk)
        assert taken is not None
        assert taken.records_gone_since is not None
    remembering = StoredZones({**zone.names, domain.return_path_domain: gone}, ["shop.test"])
    with serving(remembering) as late, serving(zone) as own, resolving_at(own, public=[late]):
        still = verification.check(domain.pk)
    assert still is not None
    assert still.records_gone_since is not None
