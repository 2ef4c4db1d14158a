"""One name in several accounts: whose records stand verifies, and the others are told without learning who it was."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from accounts.models import Account, AuditEntry, Notification
from domains import verification
from domains.models import SendingDomain
from domains.nameserver import Record
from domains.setup import delete_domain
from mailtrap_site.testing.fake_dns import StoredZones, resolving
from mailtrap_site.testing.world import World, make_domain

KIND = "domain.verified_elsewhere"


@pytest.fixture
def domain(world: World) -> SendingDomain:
    return make_domain(world.account, "shop.test", verified=False)


@pytest.fixture
def theirs(world: World) -> SendingDomain:
    return make_domain(world.stranger_account, "shop.test", verified=False)


@pytest.fixture
def zone(domain: SendingDomain) -> Iterator[StoredZones]:
    zone = StoredZones({record.fqdn: [Record(record.type, record.value)] for record in domain.dns_records.all()})
    with resolving(zone):
        yield zone


@pytest.mark.django_db
def test_the_others_are_told_and_stay_unverified(
    world: World, domain: SendingDomain, theirs: SendingDomain, zone: StoredZones
) -> None:
    verification.check(domain.pk)
    other = verification.check(theirs.pk)
    assert other is not None
    assert not other.may_send().allowed
    notice = Notification.objects.get(kind=KIND)
    assert (notice.account, notice.user) == (world.stranger_account, world.charlie)
    assert (notice.level, notice.title) == ("warning", "Another account has verified shop.test")
    assert notice.path == f"/a/{world.stranger_account.pk}/domains/{theirs.pk}/"
    assert world.account.name not in notice.title + notice.body
    verification.check(domain.pk)
    assert Notification.objects.filter(kind=KIND).count() == 1


@pytest.mark.django_db
def test_a_verified_account_whose_records_are_replaced_is_told_both(
    world: World, domain: SendingDomain, zone: StoredZones
) -> None:
    theirs = make_domain(world.stranger_account, "shop.test")
    verification.check(theirs.pk)
    assert Notification.objects.filter(kind="domain.records_gone", account=world.stranger_account).exists()
    verification.check(domain.pk)
    notice = Notification.objects.get(kind=KIND)
    assert notice.account == world.stranger_account
    assert "Your records of shop.test are gone and those of the other account stand." in notice.body


@pytest.mark.django_db
def test_who_has_verified_deleted_or_named_another_is_not_told(
    world: World, domain: SendingDomain, zone: StoredZones
) -> None:
    make_domain(world.stranger_account, "shop.test")
    delete_domain(make_domain(Account.objects.create(name="Gone"), "shop.test", verified=False))
    make_domain(world.stranger_account, "www2.shop.test", verified=False)
    verification.check(domain.pk)
    assert not Notification.objects.filter(kind=KIND).exists()


@pytest.mark.django_db(transaction=True)
def test_checks_that_cross_verify_once_and_tell_the_others_once(
    world: World, domain: SendingDomain, theirs: SendingDomain, zone: StoredZones
) -> None:
    start = Barrier(6)

    def look(domain_id: int) -> None:
        try:
            start.wait(10)
            verification.check(domain_id)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(look, [domain.pk, theirs.pk] * 3))
    standing = dict(SendingDomain.objects.filter(name="shop.test").values_list("account_id", "dns_verified_at"))
    assert {account for account, since in standing.items() if since} == {world.account.pk}
    assert AuditEntry.objects.filter(action="domain.verified").count() == 1
    assert Notification.objects.filter(kind=KIND).count() == 1
