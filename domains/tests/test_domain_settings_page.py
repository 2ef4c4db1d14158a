"""The settings page of a domain: what it shows to whom, what it keeps, and what it says about what it does not."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from billing.models import Subscription
from domains.models import DnsRecord, SendingDomain
from mailtrap_site.testing.world import World

pytestmark = pytest.mark.django_db


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(world: World) -> str:
    return reverse("domains:settings", args=[world.account.pk, world.domain.pk])


FRAGMENT: dict[str, Any] = {"HX-Request": "true", "HX-Target": "domain-settings"}


def control(page: str, name: str) -> str:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    assert found is not None
    return found[0]


def test_what_is_ticked_is_kept_and_what_is_not_is_switched_off(world: World) -> None:
    client = as_user(world.bob)
    chosen = {"require_tls": "on", "bulk": "on", "critical_alerts_enabled": "on", "alert_recipient": "ops@acme.test"}
    answer = client.post(url(world), chosen, follow=True)
    assert answer.redirect_chain == [(url(world), 302)]
    assert "The settings of example.test were saved." in answer.content.decode()
    domain = SendingDomain.objects.get(pk=world.domain.pk)
    assert (domain.require_tls, domain.suspended_streams, domain.alert_recipient) == (True, ["bulk"], "ops@acme.test")
    assert (domain.open_tracking_enabled, domain.health_alerts_enabled) == (False, False)
    page = answer.content.decode()
    assert "checked" in control(page, "require_tls")
    assert "checked" not in control(page, "transactional")


def test_an_address_that_is_none_is_named_at_its_field_and_nothing_is_kept(world: World) -> None:
    answer = as_user(world.alice).post(
        url(world), {"require_tls": "on", "alert_recipient": "ops at acme"}, headers=FRAGMENT
    )
    assert answer.status_code == 422
    fragment = answer.content.decode()
    assert "<html" not in fragment
    assert "This is no email address." in fragment
    assert 'aria-invalid="true"' in control(fragment, "alert_recipient")
    assert SendingDomain.objects.get(pk=world.domain.pk).require_tls is False


def test_the_free_plan_is_told_so_and_led_to_the_plans(world: World) -> None:
    client = as_user(world.alice)
    plan = reverse("billing:plan", args=[world.account.pk])
    assert f'<a href="{plan}">Compare the plans</a>' in client.get(url(world)).content.decode()
    answer = client.post(url(world), {"click_tracking_enabled": "on"})
    assert answer.status_code == 422
    assert "Your plan does not include click tracking." in answer.content.decode()


def test_a_paid_plan_without_the_record_is_shown_which_record_is_missing(world: World) -> None:
    Subscription.objects.create(account=world.account, plan_code="basic_10k", plan_generation=1, anchor=timezone.now())
    world.domain.dns_records.filter(key="link_verification").update(status=DnsRecord.Status.MISSING)
    client = as_user(world.alice)
    page = client.get(url(world)).content.decode()
    assert "Compare the plans" not in page
    assert "First publish the CNAME record mt-link.example.test with the value t." in page
    answer = client.post(url(world), {"custom_domain_tracking_enabled": "on"})
    assert answer.status_code == 422
    assert "The CNAME record mt-link was not found yet." in answer.content.decode()


def test_a_viewer_sees_all_and_changes_nothing(world: World) -> None:
    client = as_user(world.vera)
    page = client.get(url(world)).content.decode()
    assert "Save the settings" not in page
    assert "disabled" in control(page, "require_tls")
    assert client.post(url(world), {"require_tls": "on"}).status_code == 403
    assert SendingDomain.objects.get(pk=world.domain.pk).require_tls is False


def test_no_option_waits_for_later_work_of_the_service(world: World) -> None:
    page = as_user(world.alice).get(url(world)).content.decode()
    assert "takes effect when" not in page


def test_the_set_up_page_leads_to_the_settings_and_they_to_the_copies(world: World) -> None:
    client = as_user(world.alice)
    detail = client.get(reverse("domains:detail", args=[world.account.pk, world.domain.pk])).content.decode()
    assert f'href="{url(world)}"' in detail
    copies = reverse("sending:auto_bcc", args=[world.account.pk, world.domain.pk])
    assert copies in client.get(url(world)).content.decode()
    assert copies not in as_user(world.vera).get(url(world)).content.decode()


def test_the_demo_domain_has_no_settings(world: World) -> None:
    SendingDomain.objects.filter(pk=world.domain.pk).update(is_demo=True)
    assert as_user(world.alice).get(url(world)).status_code == 404


def test_the_pages_of_readers_get_a_name_a_colour_and_a_link(world: World) -> None:
    client = as_user(world.bob)
    chosen = {"brand_name": " Acme ", "brand_colour": "8A1C5A", "brand_url": "https://acme.test/"}
    client.post(url(world), {**chosen, "recipient_ips": "truncated"})
    kept = SendingDomain.objects.get(pk=world.domain.pk)
    assert (kept.brand_name, kept.brand_colour, kept.brand_url) == ("Acme", "#8a1c5a", "https://acme.test/")
    assert kept.recipient_ips == "truncated"
    for wrong, sentence in (
        ({"brand_colour": "#ffee00"}, "White words could not be read on this colour."),
        ({"brand_url": "javascript:alert(1)"}, "This is no web address."),
        ({"brand_name": "a\u202eb"}, "This name has letters that cannot be shown."),
    ):
        answer = client.post(url(world), wrong)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
