"""Adding and deleting a domain: its label, keys and records, and who may have a name."""

import pytest
from django.conf import settings

from accounts.models import AuditEntry
from domains.dkim import keys
from domains.models import DkimKey, SendingDomain, ZoneRecord
from domains.names import NameRefusal
from domains.setup import add_domain, delete_domain, publish_in_demo_zone
from mailtrap_site.testing.roomy import Term, make_roomy
from mailtrap_site.testing.world import World, make_platform

pytestmark = pytest.mark.django_db


def test_a_new_domain_has_two_sealed_keys_and_five_records_to_publish(world: World) -> None:
    make_roomy(world.account, Term.DOMAINS)
    domain, name = add_domain(world.account, "https://Shop.Example.test/", user=world.alice)
    assert (domain.name, name.ascii, domain.created_by) == ("shop.example.test", "shop.example.test", world.alice)
    assert domain.may_send().code == "domain_not_verified"
    first, second = domain.dkim_keys.order_by("selector")
    assert first.public_key != second.public_key
    assert keys.load(first.private_key.encode()).key_size == 2048
    stored = DkimKey.objects.filter(pk=first.pk).extra(select={"raw": "private_key"}).values_list("raw", flat=True)
    assert "PRIVATE KEY" not in stored[0]
    assert [(record.key, record.status) for record in domain.dns_records.all()] == [
        (key, "unchecked") for key in ("verification", "dkim1", "dkim2", "dmarc", "link_verification")
    ]
    record = domain.dns_records.get(key="dkim1")
    assert record.value == f"{first.selector}.{first.key_id}.dkim.{settings.PLATFORM_DOMAIN}"
    assert AuditEntry.objects.get(action="domain.added").target_name == "shop.example.test"


def test_two_accounts_may_add_the_same_name_and_their_records_differ(world: World) -> None:
    make_roomy(world.account, Term.DOMAINS)
    make_roomy(world.stranger_account, Term.DOMAINS)
    ours, _ = add_domain(world.account, "shared.test")
    theirs, _ = add_domain(world.stranger_account, "shared.test")
    for key in ("verification", "dkim1", "dkim2"):
        ours_record, theirs_record = (domain.dns_records.get(key=key) for domain in (ours, theirs))
        assert (ours_record.name, ours_record.value) != (theirs_record.name, theirs_record.value)


def test_one_account_adds_a_name_once_until_it_deletes_it(world: World) -> None:
    make_roomy(world.account, Term.DOMAINS)
    domain, _ = add_domain(world.account, "shop.test")
    with pytest.raises(NameRefusal) as refusal:
        add_domain(world.account, "SHOP.test.")
    assert refusal.value.code == "already_added"
    assert delete_domain(domain, user=world.alice)
    assert not delete_domain(domain, user=world.alice)
    again, _ = add_domain(world.account, "shop.test")
    assert again.verification_label != domain.verification_label
    domain.refresh_from_db()
    assert domain.may_send().code == "domain_deleted"
    assert AuditEntry.objects.filter(action="domain.deleted").count() == 1


def test_a_refused_name_leaves_nothing_behind(world: World) -> None:
    before = SendingDomain.objects.count()
    for text in ("www.shop.test", "gmail.com", "192.0.2.1", settings.PLATFORM_DOMAIN, f"x.{settings.PLATFORM_DOMAIN}"):
        with pytest.raises(NameRefusal):
            add_domain(world.account, text)
    assert SendingDomain.objects.count() == before


def test_only_the_platform_account_may_add_the_platform_domain() -> None:
    account = make_platform()
    SendingDomain.objects.filter(account=account).delete()
    domain, _ = add_domain(account, settings.PLATFORM_DOMAIN)
    assert domain.name == settings.PLATFORM_DOMAIN


def test_publishing_writes_the_demo_zone_and_nothing_else(world: World) -> None:
    make_roomy(world.account, Term.DOMAINS)
    domain, _ = add_domain(world.account, "shop.test")
    ZoneRecord.objects.create(name="_dmarc.shop.test", type="TXT", value="v=DMARC1; p=reject")
    for _time in range(2):
        publish_in_demo_zone(domain)
        published = set(ZoneRecord.objects.values_list("name", "type", "value"))
        assert published == {(record.fqdn, record.type, record.value) for record in domain.dns_records.all()}
    domain.refresh_from_db()
    assert domain.dns_verified_at is None
    assert set(domain.dns_records.values_list("status", flat=True)) == {"unchecked"}
