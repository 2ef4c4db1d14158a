"""The page of a domain's keys: what it says in each state, what its buttons do, and who may press them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from domains import keys
from domains.key_states import SETTLES_IN, STAYS_FOR, KeyState
from domains.keys import KeyMode
from domains.models import DkimKey, SendingDomain
from domains.nameserver import Record
from domains.tests.key_story import BothZones, keys_of, pass_time
from mailtrap_site.testing.fake_dns import resolving
from mailtrap_site.testing.world import World

pytestmark = pytest.mark.django_db(transaction=True)

ACTS = ("keys_replacement", "keys_leak", "keys_ed25519", "keys_mode", "keys_check")


@pytest.fixture
def domain(world: World) -> SendingDomain:
    return world.domain


@pytest.fixture
def dns(domain: SendingDomain) -> Iterator[BothZones]:
    zones = BothZones(domain)
    with resolving(zones):
        yield zones


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(name: str, domain: SendingDomain) -> str:
    return reverse(f"domains:{name}", args=[domain.account_id, domain.pk])


def shown(world: World, domain: SendingDomain) -> str:
    response = as_user(world.alice).get(address("keys", domain))
    assert response.status_code == 200
    return response.content.decode()


def press(world: World, domain: SendingDomain, name: str, **fields: str) -> str:
    response = as_user(world.alice).post(address(name, domain), fields, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_says_which_key_signs_and_when_the_next_comes(world: World, domain: SendingDomain) -> None:
    page = shown(world, domain)
    assert "mt1 signs the mail of example.test" in page
    assert "We replace it by ourselves about" in page
    assert "Published and unused. It takes over at once if the other one leaks." in page
    for record in domain.dns_records.filter(key__startswith="dkim"):
        assert record.value in page
    assert "Earlier keys" not in page


def test_a_replacement_is_asked_for_begun_and_finished_on_the_page(
    world: World, domain: SendingDomain, dns: BothZones
) -> None:
    question = as_user(world.alice).get(address("keys_replacement", domain)).content.decode()
    assert "We make a new key for mt2." in question
    assert "You need not change a record." in question
    page = press(world, domain, "keys_replacement")
    assert "mt2 takes over from mt1" in page
    assert "Waits for DNS" in page
    assert "Replace the signing key…" not in page
    pass_time(domain, SETTLES_IN)
    page = press(world, domain, "keys_check")
    assert "mt2 signs from now on." in page
    assert "mt2 signs the mail of example.test" in page
    assert "It stays published, so that mail under way verifies." in page
    assert "The next one can be replaced from" in page
    assert "Earlier keys" in page
    refused = press(world, domain, "keys_replacement")
    assert "has to stay for a week" in refused
    pass_time(domain, STAYS_FOR)
    assert "Replace the signing key…" in shown(world, domain)


def test_a_leak_is_answered_at_once(world: World, domain: SendingDomain, dns: BothZones) -> None:
    assert (
        "others can sign mail in your name" in as_user(world.alice).get(address("keys_leak", domain)).content.decode()
    )
    page = press(world, domain, "keys_leak")
    assert "The other key signs now, and the leaked one is gone." in page
    assert "mt2 signs the mail of example.test" in page
    del dns.names[f"mt1._domainkey.{domain.name}"]
    assert "Nothing was changed" in press(world, domain, "keys_leak")
    assert keys_of(domain).signer.selector == "mt2"


def test_ed25519_is_switched_on_published_and_off(world: World, domain: SendingDomain, dns: BothZones) -> None:
    page = press(world, domain, "keys_ed25519", enabled="yes")
    assert "mt3._domainkey" in page
    assert "It is added once the record of mt3 above stands." in page
    dns.publish(domain)
    assert "Each email carries two signatures." in press(world, domain, "keys_check")
    page = press(world, domain, "keys_ed25519", enabled="no")
    assert "mt3._domainkey" not in page
    assert keys_of(domain).ed25519_state is KeyState.RESTS


def test_who_publishes_the_keys_is_chosen_on_the_page(world: World, domain: SendingDomain, dns: BothZones) -> None:
    assert (
        "You publish the keys as TXT records" in as_user(world.alice).get(address("keys_mode", domain)).content.decode()
    )
    page = press(world, domain, "keys_mode", mode="direct")
    assert "so you say when one is replaced" in page
    assert f"v=DKIM1; k=rsa; p={keys_of(domain).signer.public_key}" in page
    dns.publish(domain)
    question = as_user(world.alice).get(address("keys_mode", domain)).content.decode()
    targets = [f"{key.selector}.{key.key_id}.dkim.{dns.platform.domain}" for key in domain.dkim_keys.all()]
    assert all(target in question for target in targets)
    assert "is no CNAME to our name yet" in press(world, domain, "keys_mode", mode="delegated")
    for key, target in zip(domain.dkim_keys.all(), targets, strict=True):
        dns.names[f"{key.selector}._domainkey.{domain.name}"] = [Record("CNAME", target)]
    assert "We replace your keys now." in press(world, domain, "keys_mode", mode="delegated")
    assert as_user(world.alice).post(address("keys_mode", domain), {"mode": "other"}).status_code == 404


def test_with_txt_records_a_new_key_is_shown_to_be_published(
    world: World, domain: SendingDomain, dns: BothZones
) -> None:
    keys.choose_mode(domain, KeyMode.DIRECT)
    dns.publish(domain)
    press(world, domain, "keys_replacement")
    fresh = keys_of(domain).waiting
    page = shown(world, domain)
    assert f"v=DKIM1; k=rsa; p={fresh.public_key}" in page
    pass_time(domain, SETTLES_IN)
    assert "Publish its record below. It signs once that stands; we" in shown(world, domain)
    assert "mt2 takes over from mt1" in press(world, domain, "keys_check")
    dns.publish(domain)
    assert "mt2 signs from now on." in press(world, domain, "keys_check")


def test_an_unverified_domain_offers_no_replacement(world: World, domain: SendingDomain) -> None:
    SendingDomain.objects.filter(pk=domain.pk).update(dns_verified_at=None)
    page = shown(world, domain)
    assert "Nothing is sent before the domain is verified." in page
    assert "Replace the signing key…" not in page


def test_the_schedule_of_an_old_key_is_never_in_the_past(world: World, domain: SendingDomain) -> None:
    DkimKey.objects.filter(domain=domain, selector="mt1").update(signs_since=timezone.now() - timedelta(days=900))
    page = shown(world, domain)
    assert f"about {timezone.localtime():%-d}\N{NO-BREAK SPACE}{timezone.localtime():%b}." in page


def test_viewers_look_and_press_nothing(world: World, domain: SendingDomain) -> None:
    client = as_user(world.vera)
    page = client.get(address("keys", domain)).content.decode()
    assert "mt1 signs the mail of example.test" in page
    assert "The key has leaked" not in page
    assert 'method="post" action="' + address("keys_ed25519", domain) not in page
    for name in ACTS:
        assert client.post(address(name, domain)).status_code == 403
    assert DkimKey.objects.filter(domain=domain).count() == 2


def test_strangers_find_nothing(world: World, domain: SendingDomain) -> None:
    client = as_user(world.charlie)
    crossed = {
        name: reverse(f"domains:{name}", args=[world.stranger_account.pk, domain.pk]) for name in ("keys", *ACTS)
    }
    assert client.get(crossed["keys"]).status_code == 404
    for name in ACTS:
        assert client.post(address(name, domain)).status_code == 404
        assert client.post(crossed[name]).status_code == 404
    assert DkimKey.objects.filter(domain=domain).count() == 2
