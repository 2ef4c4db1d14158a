"""What a customer chooses for a domain: checked, kept whole or not at all, and audited."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Account, AuditEntry
from billing.models import Subscription
from domains import options
from domains.models import DnsRecord, SendingDomain
from domains.options import OptionInvalid, Problem, change
from mailtrap_site.testing.world import World


def pay(account: Account) -> None:
    Subscription.objects.create(account=account, plan_code="basic_10k", plan_generation=1, anchor=timezone.now())


def lose_link_record(domain: SendingDomain) -> None:
    domain.dns_records.filter(key="link_verification").update(status=DnsRecord.Status.MISSING)


def kept(domain: SendingDomain, name: str) -> Any:
    return getattr(SendingDomain.objects.get(pk=domain.pk), name)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("open_tracking_enabled", False),
        ("tracking_opt_out_enabled", True),
        ("auto_unsubscribe_link_enabled", True),
        ("require_tls", True),
        ("health_alerts_enabled", False),
        ("critical_alerts_enabled", False),
        ("suspended_streams", ["bulk"]),
        ("alert_recipient", "ops@acme.test"),
    ],
)
def test_each_option_is_kept_and_audited_with_what_it_was(world: World, name: str, value: object) -> None:
    before = getattr(world.domain, name)
    change(world.domain, {name: value}, user=world.bob)
    assert kept(world.domain, name) == value
    entry = AuditEntry.objects.get(action="domain.settings_changed")
    assert entry.changes == {name: {"from": before, "to": value}}
    assert (entry.actor, entry.account, entry.target_name) == (world.bob, world.account, "example.test")


@pytest.mark.django_db
def test_what_stays_as_it_is_leaves_no_trace(world: World) -> None:
    change(world.domain, {"open_tracking_enabled": True, "suspended_streams": []})
    assert not AuditEntry.objects.filter(action="domain.settings_changed").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("open_tracking_enabled", "yes"),
        ("require_tls", None),
        ("require_tls", 1),
        ("suspended_streams", "bulk"),
        ("suspended_streams", ["bulk", "sms"]),
        ("suspended_streams", [["bulk"]]),
        ("alert_recipient", "ops at acme"),
        ("alert_recipient", ["ops@acme.test"]),
        ("alert_recipient", "o" * 60 + "@" + "a" * 60 + "." + "b" * 60 + "." + "c" * 60 + "." + "d" * 60 + ".test"),
        ("alert_recipient", "ops@acme.test\nbcc: all@acme.test"),
    ],
)
def test_one_bad_value_keeps_all_from_changing_and_is_named(world: World, name: str, value: object) -> None:
    with pytest.raises(OptionInvalid) as refused:
        change(world.domain, {"tracking_opt_out_enabled": True, name: value})
    assert refused.value.errors == {name: ["is invalid"]}
    assert kept(world.domain, "tracking_opt_out_enabled") is False


@pytest.mark.django_db
def test_what_is_no_option_is_refused_by_its_name(world: World) -> None:
    with pytest.raises(OptionInvalid) as refused:
        change(world.domain, {"compliance_status": "compliant"})
    assert refused.value.problems == {"compliance_status": Problem.UNKNOWN}


@pytest.mark.django_db
def test_the_free_plan_has_neither_clicks_nor_links_under_an_own_name(world: World) -> None:
    with pytest.raises(OptionInvalid) as refused:
        change(world.domain, {"click_tracking_enabled": True, "custom_domain_tracking_enabled": True})
    assert refused.value.problems == dict.fromkeys(options.PAID, Problem.NOT_IN_PLAN)


@pytest.mark.django_db
def test_who_had_it_on_before_the_plan_ended_may_change_the_rest_and_switch_it_off(world: World) -> None:
    SendingDomain.objects.filter(pk=world.domain.pk).update(click_tracking_enabled=True)
    change(world.domain, {"click_tracking_enabled": True, "require_tls": True})
    assert kept(world.domain, "require_tls") is True
    change(world.domain, {"click_tracking_enabled": False})
    with pytest.raises(OptionInvalid):
        change(world.domain, {"click_tracking_enabled": True})


@pytest.mark.django_db
def test_links_under_an_own_name_need_their_record(world: World) -> None:
    pay(world.account)
    lose_link_record(world.domain)
    with pytest.raises(OptionInvalid) as refused:
        change(world.domain, {"custom_domain_tracking_enabled": True})
    assert refused.value.problems == {"custom_domain_tracking_enabled": Problem.NO_LINK_RECORD}
    world.domain.dns_records.filter(key="link_verification").update(status=DnsRecord.Status.PASS)
    change(world.domain, {"custom_domain_tracking_enabled": True})
    assert kept(world.domain, "custom_domain_tracking_enabled") is True


@pytest.mark.django_db
@pytest.mark.parametrize("has_record", [True, False])
def test_click_tracking_brings_links_under_an_own_name_where_the_record_stands(world: World, has_record: bool) -> None:
    pay(world.account)
    if not has_record:
        lose_link_record(world.domain)
    change(world.domain, {"click_tracking_enabled": True})
    assert kept(world.domain, "custom_domain_tracking_enabled") is has_record


@pytest.mark.django_db
def test_who_says_no_to_links_under_an_own_name_gets_none(world: World) -> None:
    pay(world.account)
    change(world.domain, {"click_tracking_enabled": True, "custom_domain_tracking_enabled": False})
    assert kept(world.domain, "custom_domain_tracking_enabled") is False


@pytest.mark.django_db
def test_a_deleted_domain_has_no_options(world: World) -> None:
    SendingDomain.objects.filter(pk=world.domain.pk).update(deleted_at=timezone.now())
    with pytest.raises(SendingDomain.DoesNotExist):
        change(world.domain, {"require_tls": True})


@pytest.mark.django_db(transaction=True)
def test_two_who_change_different_options_at_once_both_get_theirs(world: World) -> None:
    def set_one(item: tuple[str, object]) -> None:
        try:
            change(world.domain, dict([item]))
        finally:
            connection.close()

    wanted = {"require_tls": True, "open_tracking_enabled": False, "suspended_streams": ["bulk"]}
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(set_one, wanted.items()))
    row = SendingDomain.objects.get(pk=world.domain.pk)
    assert {name: getattr(row, name) for name in wanted} == wanted
    assert AuditEntry.objects.filter(action="domain.settings_changed").count() == 3
