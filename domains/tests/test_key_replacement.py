"""A signing key is replaced without a moment in which mail is signed by a key that DNS does not give."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import AuditEntry, Notification
from domains import keys, verification
from domains.dkim import Algorithm
from domains.key_states import SETTLES_IN, STAYS_FOR, KeyState
from domains.keys import KeyMode, KeyRefusal
from domains.models import DkimKey, SendingDomain
from domains.nameserver import Record
from domains.tests.key_story import BothZones, keys_of, other_of, pass_time
from mailtrap_site.testing.fake_dns import FailingZones, resolving
from mailtrap_site.testing.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def domain(world: World) -> SendingDomain:
    return world.domain


@pytest.fixture
def dns(domain: SendingDomain) -> Iterator[BothZones]:
    zones = BothZones(domain)
    with resolving(zones):
        yield zones


def test_a_new_domain_signs_with_the_first_key_and_holds_a_spare(domain: SendingDomain) -> None:
    ring = keys_of(domain)
    assert (ring.signer.selector, ring.other_state, ring.pending) == ("mt1", KeyState.SPARE, [])
    assert ring.other.selector == "mt2"
    assert ring.retired == ()


def test_the_fresh_key_is_published_at_once_and_signs_once_caches_are_empty(
    domain: SendingDomain, dns: BothZones
) -> None:
    before = keys_of(domain)
    fresh = keys.replace(domain)
    assert fresh.selector == "mt2"
    assert fresh.key_id == before.other.key_id
    assert fresh.public_key != before.other.public_key
    assert keys_of(domain).other_state is KeyState.WAITS
    assert keys.stands(domain, fresh)
    # Too early: a resolver may still hold what stood there before.
    assert keys.settle(domain.pk) == []
    assert keys_of(domain).signer == before.signer
    pass_time(domain, SETTLES_IN)
    assert keys.settle(domain.pk) == [fresh]
    after = keys_of(domain)
    assert (after.signer, after.other, after.other_state) == (fresh, before.signer, KeyState.STAYS)
    # Both verify: what is sent now, and what is under way.
    assert keys.stands(domain, after.signer)
    assert keys.stands(domain, other_of(domain))
    assert keys.settle(domain.pk) == []


def test_nothing_signs_while_dns_does_not_give_it(domain: SendingDomain, dns: BothZones) -> None:
    name = f"mt2._domainkey.{domain.name}"
    published = dns.names.pop(name)
    before = keys_of(domain).signer
    keys.replace(domain)
    pass_time(domain, SETTLES_IN)
    assert keys.settle(domain.pk) == []
    with resolving(FailingZones({})):
        assert keys.settle(domain.pk) == []
    dns.names[name] = [Record("TXT", "v=DKIM1; k=rsa; p=somebodyelses")]
    assert keys.settle(domain.pk) == []
    assert keys_of(domain).signer == before
    dns.names[name] = published
    assert len(keys.settle(domain.pk)) == 1


def test_one_replacement_at_a_time_and_none_before_the_former_key_has_stayed(
    domain: SendingDomain, dns: BothZones
) -> None:
    keys.replace(domain)
    with pytest.raises(KeyRefusal, match="already going on"):
        keys.replace(domain)
    pass_time(domain, SETTLES_IN)
    keys.settle(domain.pk)
    with pytest.raises(KeyRefusal, match="stay for a week"):
        keys.replace(domain)
    pass_time(domain, STAYS_FOR)
    assert keys.replace(domain).selector == "mt1"
    assert DkimKey.objects.filter(domain=domain).count() == 4
    assert DkimKey.objects.filter(domain=domain, retired_at=None).count() == 2


def test_a_crash_between_two_steps_leaves_a_replacement_that_goes_on(
    domain: SendingDomain, dns: BothZones, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = keys.replace(domain)
    pass_time(domain, SETTLES_IN)

    def ended(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(keys, "rewrite_records", ended)
        with pytest.raises(SystemExit):
            keys.settle(domain.pk)
    assert keys_of(domain).waiting == fresh
    assert keys.settle(domain.pk) == [fresh]


def test_two_workers_settle_and_replace_once(domain: SendingDomain, dns: BothZones) -> None:
    stale = other_of(domain)
    fresh = keys.replace(domain)
    pass_time(domain, SETTLES_IN)
    assert keys.settle(domain.pk) == [fresh]
    began = DkimKey.objects.get(pk=fresh.pk).signs_since
    assert not keys._begin(fresh, timezone.now())
    assert DkimKey.objects.get(pk=fresh.pk).signs_since == began
    with pytest.raises(KeyRefusal, match="just changed"):
        keys._succeed(stale, keys.generate())
    assert AuditEntry.objects.filter(action="dkim_key.replaced").count() == 1


def test_a_finished_replacement_stands_in_the_dashboard_and_writes_no_letter(
    world: World, domain: SendingDomain, dns: BothZones
) -> None:
    keys.replace(domain, user=world.alice)
    pass_time(domain, SETTLES_IN)
    keys.settle(domain.pk)
    entry = AuditEntry.objects.get(action="dkim_key.replacement_began")
    assert (entry.actor, entry.changes) == (world.alice, {"selector": {"from": "mt1", "to": "mt2"}})
    told = Notification.objects.filter(kind="dkim_key.replaced")
    assert {one.user for one in told} == {world.alice, world.bob}
    assert "mt2 signs from now on. mt1 stays published" in told[0].body
    assert mail.outbox == []


def test_an_unverified_or_deleted_domain_gets_no_new_key(domain: SendingDomain) -> None:
    SendingDomain.objects.filter(pk=domain.pk).update(dns_verified_at=None)
    with pytest.raises(KeyRefusal, match="not verified"):
        keys.replace(domain)
    SendingDomain.objects.filter(pk=domain.pk).update(deleted_at=timezone.now())
    with pytest.raises(KeyRefusal, match="deleted"):
        keys.replace(domain)
    assert keys.settle(domain.pk) == []


def test_a_leaked_key_stops_signing_at_once_and_leaves_dns(domain: SendingDomain, dns: BothZones) -> None:
    leaked, spare = keys_of(domain).signer, keys_of(domain).other
    assert keys.give_up(domain) == spare
    after = keys_of(domain)
    assert (after.signer, after.other_state) == (spare, KeyState.SPARE)
    assert (after.other.selector, after.other.key_id) == (leaked.selector, leaked.key_id)
    assert not keys.stands(domain, leaked)
    assert keys.stands(domain, other_of(domain))
    assert [key.pk for key in after.retired] == [leaked.pk]
    # The fresh key is a spare: nothing switches back to it by itself, and the next replacement may begin.
    pass_time(domain, SETTLES_IN)
    assert keys.settle(domain.pk) == []
    assert keys.replace(domain).selector == leaked.selector


def test_a_key_that_leaks_during_a_replacement_hands_over_to_the_one_that_waits(
    domain: SendingDomain, dns: BothZones
) -> None:
    fresh = keys.replace(domain)
    assert keys.give_up(domain) == fresh
    assert keys_of(domain).signer == fresh
    assert keys_of(domain).pending == []


def test_a_leaked_key_is_kept_while_no_other_one_stands(domain: SendingDomain, dns: BothZones) -> None:
    before = keys_of(domain)
    del dns.names[f"mt2._domainkey.{domain.name}"]
    with pytest.raises(KeyRefusal, match="Nothing was changed"):
        keys.give_up(domain)
    assert keys_of(domain) == before


def test_with_txt_records_the_customer_publishes_the_new_key_and_loses_nothing_meanwhile(
    domain: SendingDomain, dns: BothZones
) -> None:
    keys.choose_mode(domain, KeyMode.DIRECT)
    dns.publish(domain)
    assert verification.check(domain.pk).dns_verified_at
    first = keys_of(domain).signer
    fresh = keys.replace(domain)
    waiting = domain.dns_records.get(key="dkim2")
    assert (waiting.type, waiting.required, waiting.status) == ("TXT", False, "unchecked")
    assert waiting.value == f"v=DKIM1; k=rsa; p={fresh.public_key}"
    pass_time(domain, SETTLES_IN)
    assert keys.settle(domain.pk) == []
    checked = verification.check(domain.pk)
    assert checked.dns_verified_at
    assert domain.dns_records.get(key="dkim2").status == "fail"
    dns.publish(domain)
    assert keys.settle(domain.pk) == [fresh]
    assert dict(domain.dns_records.filter(key__in=["dkim1", "dkim2"]).values_list("key", "required")) == {
        "dkim1": False,
        "dkim2": True,
    }
    assert verification.check(domain.pk).dns_verified_at
    assert keys_of(domain).other == first


def test_the_way_to_txt_records_and_back_keeps_the_domain_verified(domain: SendingDomain, dns: BothZones) -> None:
    keys.choose_mode(domain, KeyMode.DIRECT)
    record = domain.dns_records.get(key="dkim1")
    assert (record.type, record.status) == ("TXT", "unchecked")
    # The CNAME that still stands leads to the same key.
    assert verification.check(domain.pk).dns_verified_at
    assert domain.dns_records.get(key="dkim1").status == "pass"
    dns.publish(domain)
    assert verification.check(domain.pk).dns_verified_at
    with pytest.raises(KeyRefusal, match=f"mt1._domainkey.{domain.name} is no CNAME"):
        keys.choose_mode(domain, KeyMode.DELEGATED)
    for key in DkimKey.objects.filter(domain=domain):
        target = f"{key.selector}.{key.key_id}.dkim.{dns.platform.domain}"
        dns.names[f"{key.selector}._domainkey.{domain.name}"] = [Record("CNAME", target)]
    assert verification.check(domain.pk).dns_verified_at
    keys.choose_mode(domain, KeyMode.DELEGATED)
    assert verification.check(domain.pk).dns_verified_at
    assert [entry.changes["key_mode"]["to"] for entry in AuditEntry.objects.filter(action="domain.key_mode_changed")]
    assert domain.dns_records.get(key="dkim1").type == "CNAME"


def test_ed25519_signs_once_its_record_stands_and_not_without(domain: SendingDomain, dns: BothZones) -> None:
    keys.choose_ed25519(domain, enabled=True)
    record = domain.dns_records.get(key="dkim_ed25519")
    assert (record.type, record.name, record.required) == ("CNAME", "mt3._domainkey", False)
    assert keys.settle(domain.pk) == []
    dns.publish(domain)
    [second] = keys.settle(domain.pk)
    assert second.algorithm == Algorithm.ED25519
    assert keys_of(domain).ed25519_state is KeyState.SIGNS
    assert verification.check(domain.pk).dns_verified_at
    del dns.names["mt3._domainkey." + domain.name]
    assert verification.check(domain.pk).dns_verified_at
    assert keys.withdraw_ed25519(domain.pk)
    assert not keys.withdraw_ed25519(domain.pk)
    assert keys_of(domain).ed25519_state is KeyState.WAITS
    dns.publish(domain)
    assert keys.settle(domain.pk) == [second]


def test_ed25519_ends_at_once_and_begins_again_with_the_same_key(domain: SendingDomain, dns: BothZones) -> None:
    keys.choose_ed25519(domain, enabled=True)
    dns.publish(domain)
    [second] = keys.settle(domain.pk)
    stored = SendingDomain.objects.get(pk=domain.pk)
    keys.choose_ed25519(stored, enabled=False)
    assert not domain.dns_records.filter(key="dkim_ed25519").exists()
    assert keys_of(domain).ed25519_state is KeyState.RESTS
    keys.choose_ed25519(stored, enabled=True)
    assert keys_of(domain).ed25519 == second
    assert keys_of(domain).ed25519_state is KeyState.WAITS
    assert keys.settle(domain.pk) == [second]


def test_a_replacement_takes_the_ed25519_key_with_it(domain: SendingDomain, dns: BothZones) -> None:
    keys.choose_ed25519(domain, enabled=True)
    dns.publish(domain)
    [second] = keys.settle(domain.pk)
    keys.replace(domain)
    assert keys_of(domain).ed25519_state is KeyState.WAITS
    pass_time(domain, SETTLES_IN + timedelta(seconds=1))
    begun = keys.settle(domain.pk)
    assert {key.selector for key in begun} == {"mt2", "mt3"}
    assert keys_of(domain).ed25519.public_key != second.public_key
