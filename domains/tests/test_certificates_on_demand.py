"""What an HTTPS proxy may have certificates issued for: names of tracked links that a customer switched on, no more."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import rate_limits
from accounts.shared_windows import SharedWindows
from domains.models import DnsRecord, SendingDomain
from domains.views import acme
from mailtrap_site.testing.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "_windows", SharedWindows(None))


@pytest.fixture
def domain(world: World) -> SendingDomain:
    SendingDomain.objects.update(custom_domain_tracking_enabled=True)
    return world.domain


def ask(name: str) -> int:
    answer = Client().get("/acme/ask", {"domain": name}, headers={"host": "127.0.0.1"})
    assert answer.content == b""
    assert not answer.cookies
    return answer.status_code


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("mt-link.example.test", 200),
        ("MT-Link.Example.TEST", 200),
        ("mt-link.example.test.", 200),
        ("mt-link.stranger.test", 200),
        ("example.test", 404),
        ("www.example.test", 404),
        ("mt1._domainkey.example.test", 404),
        ("mt-link.sub.example.test", 404),
        ("mt-link.mt-link.example.test", 404),
        ("mt-link.unknown.test", 404),
        ("mt-link.", 404),
        ("mt-link", 404),
        ("", 404),
        ("mt-link.example.test\0", 404),
        ("mt-link.exämple.test", 404),
        ("mt-link." + "a" * 250 + ".test", 404),
        ("mt-link.example.test/x", 404),
    ],
)
def test_only_the_name_of_tracked_links_has_one(domain: SendingDomain, name: str, status: int) -> None:
    assert ask(name) == status


@pytest.mark.parametrize(
    "change",
    [
        {"custom_domain_tracking_enabled": False},
        {"deleted_at": timezone.now()},
        {"compliance_status": SendingDomain.Compliance.SUSPENDED},
    ],
    ids=lambda change: next(iter(change)),
)
def test_who_did_not_switch_it_on_or_may_not_have_it_gets_none(domain: SendingDomain, change: dict[str, Any]) -> None:
    SendingDomain.objects.filter(pk=domain.pk).update(**change)
    assert ask("mt-link.example.test") == 404


@pytest.mark.parametrize("status", [one for one in DnsRecord.Status if one != DnsRecord.Status.PASS])
def test_a_record_that_does_not_stand_has_none(domain: SendingDomain, status: str) -> None:
    domain.dns_records.filter(key="link_verification").update(status=status)
    assert ask("mt-link.example.test") == 404


def test_it_answers_without_a_name_and_takes_no_other_method(domain: SendingDomain) -> None:
    assert Client().get("/acme/ask").status_code == 404
    assert Client().post("/acme/ask?domain=mt-link.example.test").status_code == 405


def test_invented_names_are_bounded(domain: SendingDomain, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, rate_limit_factor=1)
    monkeypatch.setattr(acme, "CERTIFICATES", replace(rate_limits.CERTIFICATES, requests=3, seconds=600))
    assert [ask(f"x{number}.test") for number in range(3)] == [404] * 3
    assert ask("mt-link.example.test") == 429
