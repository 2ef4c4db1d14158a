"""A verified domain whose records go is warned, goes on sending, and is stopped if they stay away."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEntry, Notification
from domains import verification
from domains.models import SendingDomain
from domains.nameserver import Record
from mailtrap_site.testing.fake_dns import FailingZones, StoredZones, resolving
from mailtrap_site.testing.world import World, make_domain

pytestmark = pytest.mark.django_db

GRACE = settings.ENVIRONMENT.domains.drift_grace


@pytest.fixture
def domain(world: World) -> SendingDomain:
    return make_domain(world.account, "shop.test")


@pytest.fixture
def zone(domain: SendingDomain) -> Iterator[StoredZones]:
    """Every record stands but one."""
    zone = StoredZones({record.fqdn: [Record(record.type, record.value)] for record in domain.dns_records.all()})
    del zone.names["_dmarc.shop.test"]
    with resolving(zone):
        yield zone


def look(domain: SendingDomain) -> SendingDomain:
    checked = verification.check(domain.pk)
    assert checked is not None
    return checked


def gone_for(domain: SendingDomain, time: timedelta) -> None:
    """As if records had been away for so long, and had been looked at until a moment ago."""
    now = timezone.now()
    SendingDomain.objects.filter(pk=domain.pk).update(
        records_gone_since=now - time, checked_at=now - timedelta(minutes=12)
    )
    with audit.erasing():
        AuditEntry.objects.filter(action="domain.records_gone").update(at=now - time)


def told(kind: str) -> list[Notification]:
    return list(Notification.objects.filter(kind=kind).order_by("user_id"))


def test_the_first_look_warns_and_mail_goes_on(
    world: World, domain: SendingDomain, zone: StoredZones, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        checked = look(domain)
    assert checked.may_send().allowed
    assert checked.checked_at is not None
    assert checked.records_gone_since == checked.checked_at
    warning, _another = told("domain.records_gone")
    assert {one.user for one in told("domain.records_gone")} == {world.alice, world.bob}
    assert (warning.level, warning.title) == ("warning", "DNS records of shop.test are gone")
    ends_at = checked.checked_at + GRACE
    assert f"accepted until {ends_at.day} {ends_at:%b %Y, %H:%M:%S UTC} and refused after that" in warning.body
    assert [letter.subject for letter in mail.outbox] == ["DNS records of shop.test are gone"] * 2
    assert AuditEntry.objects.get(action="domain.records_gone").changes == {}
    look(domain)
    assert len(told("domain.records_gone")) == 2


def test_it_is_looked_at_every_ten_to_fifteen_minutes(domain: SendingDomain, zone: StoredZones) -> None:
    for _time in range(20):
        checked = look(domain)
        assert checked.checked_at is not None
        assert timedelta(minutes=10) <= checked.next_check_at - checked.checked_at <= timedelta(minutes=15)


def test_a_day_before_the_end_it_is_warned_once_more(domain: SendingDomain, zone: StoredZones) -> None:
    look(domain)
    gone_for(domain, GRACE - timedelta(hours=23))
    assert look(domain).may_send().allowed
    warnings = told("domain.records_still_gone")
    assert [one.level for one in warnings] == ["critical"] * 2
    assert "shop.test stops sending within a day" in warnings[0].title
    look(domain)
    assert len(told("domain.records_still_gone")) == 2


def test_at_the_end_its_mail_is_refused(domain: SendingDomain, zone: StoredZones) -> None:
    look(domain)
    gone_for(domain, GRACE)
    stopped = look(domain)
    assert stopped.may_send().code == "domain_not_verified"
    assert (stopped.dns_verified_at, stopped.records_gone_since) == (None, None)
    assert stopped.compliance_status == SendingDomain.Compliance.UNVERIFIED_DNS
    assert told("domain.unverified")[0].level == "critical"
    assert AuditEntry.objects.get(action="domain.unverified").changes == {
        "compliance_status": {"from": "compliant", "to": "unverified_dns"}
    }
    zone.names["_dmarc.shop.test"] = [Record("TXT", "v=DMARC1; p=reject")]
    assert look(domain).may_send().allowed
    assert told("domain.verified")


def test_dns_that_fails_ends_no_grace(domain: SendingDomain, zone: StoredZones) -> None:
    look(domain)
    gone_for(domain, GRACE * 2)
    with resolving(FailingZones({})):
        checked = look(domain)
    assert checked.may_send().allowed
    assert not told("domain.unverified")
    # The minutes that nobody could see are given back.
    assert checked.records_gone_since is not None
    seen = timezone.now() - checked.records_gone_since
    assert GRACE * 2 - timedelta(minutes=13) < seen < GRACE * 2 - timedelta(minutes=11)


def test_records_that_return_are_good_news(domain: SendingDomain, zone: StoredZones) -> None:
    look(domain)
    zone.names["_dmarc.shop.test"] = [Record("TXT", "v=DMARC1; p=reject")]
    checked = look(domain)
    assert (checked.may_send().allowed, checked.records_gone_since) == (True, None)
    assert checked.dns_verified_at == domain.dns_verified_at
    (news, _another) = told("domain.records_back")
    assert (news.level, news.title) == ("info", "The DNS records of shop.test are back")
    assert timedelta(minutes=50) < checked.next_check_at - timezone.now() < timedelta(minutes=70)


def test_a_second_drift_has_both_warnings_of_its_own(domain: SendingDomain, zone: StoredZones) -> None:
    for _time in range(2):
        zone.names.pop("_dmarc.shop.test", None)
        look(domain)
        gone_for(domain, GRACE - timedelta(hours=23))
        with audit.erasing():
            AuditEntry.objects.filter(action="domain.records_still_gone").update(at=timezone.now() - 2 * GRACE)
        look(domain)
        zone.names["_dmarc.shop.test"] = [Record("TXT", "v=DMARC1; p=none")]
        look(domain)
    for kind in ("domain.records_gone", "domain.records_still_gone", "domain.records_back"):
        assert len(told(kind)) == 4, kind


def test_a_new_domain_without_records_is_never_warned(world: World, zone: StoredZones) -> None:
    waiting = make_domain(world.account, "new.test", verified=False)
    assert look(waiting).records_gone_since is None
    assert not Notification.objects.exists()


def test_the_pages_say_until_when(world: World, domain: SendingDomain, zone: StoredZones) -> None:
    look(domain)
    gone_for(domain, timedelta(hours=1))
    client = Client()
    client.force_login(world.alice)
    page = client.get(reverse("domains:detail", args=[world.account.pk, domain.pk])).content.decode()
    assert "DNS records of shop.test are gone" in page
    ends_at = timezone.now() + GRACE - timedelta(hours=1)
    assert f"Mail is accepted until {ends_at.day}\N{NO-BREAK SPACE}{ends_at:%b, %H:%M}" in page
    assert "hx-trigger" in page
    listed = client.get(reverse("domains:list", args=[world.account.pk])).content.decode()
    assert "Records gone" in listed
    assert "Publish the records again by" in listed
