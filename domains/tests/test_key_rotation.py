"""By schedule: keys fall due, a run finishes what waits and begins what is due, within its time."""

from collections.abc import Iterator
from dataclasses import replace as changed
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from domains import rotation
from domains.key_states import SETTLES_IN, KeyState
from domains.keys import KeyMode
from domains.models import DkimKey, SendingDomain
from domains.tasks import rotate_keys
from domains.tests.key_story import BothZones, keys_of, pass_time
from mailtrap_site.testing.fake_dns import resolving
from mailtrap_site.testing.world import World, make_domain

pytestmark = pytest.mark.django_db(transaction=True)

EVERY = timedelta(days=180)


@pytest.fixture
def domain(world: World) -> Iterator[SendingDomain]:
    zones = BothZones(world.domain)
    zones.publish(world.stranger_domain)
    with resolving(zones):
        yield world.domain


def due() -> list[str]:
    return [domain.name for domain in rotation.due(EVERY)]


def test_a_domain_goes_from_key_to_key_over_the_years(domain: SendingDomain) -> None:
    signed = [keys_of(domain).signer.selector]
    for _half_year in range(4):
        rotate_keys()
        assert keys_of(domain).pending == []
        pass_time(domain, EVERY)
        rotate_keys()
        assert keys_of(domain).other_state is KeyState.WAITS
        rotate_keys()
        assert keys_of(domain).signer.selector == signed[-1]
        pass_time(domain, SETTLES_IN)
        rotate_keys()
        signed.append(keys_of(domain).signer.selector)
    assert signed == ["mt1", "mt2", "mt1", "mt2", "mt1"]
    assert DkimKey.objects.filter(domain=domain).count() == 6
    assert DkimKey.objects.filter(domain=domain, retired_at=None).count() == 2


def test_who_is_due(world: World, domain: SendingDomain) -> None:
    assert due() == []
    pass_time(domain, EVERY)
    assert due() == [domain.name]
    pass_time(world.stranger_domain, 2 * EVERY)
    assert due() == [world.stranger_domain.name, domain.name]


@pytest.mark.parametrize(
    "fact",
    [
        {"key_mode": KeyMode.DIRECT},
        {"dns_verified_at": None},
        {"deleted_at": timezone.now()},
        {"records_gone_since": timezone.now()},
    ],
)
def test_who_is_left_alone(domain: SendingDomain, fact: dict[str, object]) -> None:
    pass_time(domain, EVERY)
    SendingDomain.objects.filter(pk=domain.pk).update(**fact)
    assert due() == []


def test_a_domain_whose_replacement_waits_is_not_due_again(domain: SendingDomain) -> None:
    pass_time(domain, EVERY)
    rotation.keys.replace(domain)
    assert due() == []
    rotation.keys.give_up(domain)
    pass_time(domain, EVERY)
    assert due() == [domain.name]


def test_a_run_has_an_end_and_one_domains_trouble_is_its_own(
    world: World, domain: SendingDomain, monkeypatch: pytest.MonkeyPatch
) -> None:
    pass_time(domain, EVERY)
    rotation.rotate(seconds=-1)
    assert keys_of(domain).pending == []
    broken = make_domain(world.account, "broken.test")
    pass_time(broken, 2 * EVERY)
    DkimKey.objects.filter(domain=broken, selector="mt2").update(selector="mt1", retired_at=timezone.now())
    rotation.rotate()
    assert keys_of(domain).other_state is KeyState.WAITS


def test_the_schedule_can_be_switched_off(domain: SendingDomain, settings_without_schedule: None) -> None:
    pass_time(domain, EVERY)
    rotation.rotate()
    assert keys_of(domain).pending == []


@pytest.fixture
def settings_without_schedule(settings) -> None:
    domains = changed(settings.ENVIRONMENT.domains, rotate_keys_every=None)
    settings.ENVIRONMENT = changed(settings.ENVIRONMENT, domains=domains)


def test_the_default_is_half_a_year() -> None:
    assert settings.ENVIRONMENT.domains.rotate_keys_every == EVERY
