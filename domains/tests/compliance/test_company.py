"""Sender information: one validation for page and API, once an account, one switch of its level."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from domains import company
from domains.company import CompanyInvalid
from domains.models import CompanyInfo
from domains.tests.compliance.people import COMPANY
from mailtrap_site.testing.world import World, make_domain

pytestmark = pytest.mark.django_db


def page(world: World, query: str = "") -> str:
    return reverse("domains:company", args=[world.account.pk]) + query


def as_user(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_what_is_saved_stands_once_for_the_account_and_is_written_down(world: World) -> None:
    first = company.save(world.account, COMPANY, user=world.alice)
    second = company.save(world.account, {"name": "Acme  Limited ", "phone": "+47 55"}, actor_name="API token Shop")
    assert second.pk == first.pk
    info = CompanyInfo.objects.get()
    assert (info.name, info.phone, info.city, info.info_level) == ("Acme Limited", "+47 55", "Bergen", "business")
    entries = AuditEntry.objects.filter(action="company_info.saved").order_by("pk")
    assert [entry.actor_name for entry in entries] == ["alice@acme.test", "API token Shop"]
    assert entries[1].changes["name"] == {"from": "Acme Shop", "to": "Acme Limited"}
    company.save(world.account, {"name": "Acme Limited"})
    assert AuditEntry.objects.filter(action="company_info.saved").count() == 2


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"name": " "}, {"name": ["can't be blank"]}),
        ({"website_url": ""}, {"website_url": ["can't be blank", "is invalid"]}),
        ({"website_url": "no page"}, {"website_url": ["is invalid"]}),
        ({"website_url": "ftp://acme.test"}, {"website_url": ["is invalid"]}),
        ({"website_url": "javascript:alert(1)//"}, {"website_url": ["is invalid"]}),
        ({"privacy_policy_url": "?"}, {"privacy_policy_url": ["is invalid"]}),
        ({"info_level": "club"}, {"info_level": ["is invalid"]}),
        ({"zip_code": "1" * 33}, {"zip_code": ["is too long"]}),
        ({"country": "", "city": ""}, {"country": ["can't be blank"], "city": ["can't be blank"]}),
    ],
)
def test_what_does_not_stand_is_said_in_the_contracts_words_and_changes_nothing(world, changed, errors) -> None:
    with pytest.raises(CompanyInvalid) as raised:
        company.save(world.account, COMPANY | changed)
    assert raised.value.errors == errors
    assert not CompanyInfo.objects.exists()


def test_optional_fields_may_be_empty_and_a_missing_scheme_is_put_right(world: World) -> None:
    info = company.save(world.account, COMPANY | {"website_url": "acme.test/shop", "phone": ""})
    assert (info.website_url, info.phone, info.privacy_policy_url) == ("https://acme.test/shop", "", "")


def test_business_and_individual_are_exchanged_once(world: World) -> None:
    company.save(world.account, COMPANY)
    assert company.save(world.account, {"info_level": "individual"}).level_switched
    with pytest.raises(CompanyInvalid) as raised:
        company.save(world.account, {"info_level": "business"})
    assert raised.value.errors == {"info_level": ["has been changed once already"]}
    assert company.save(world.account, {"info_level": "individual", "city": "Oslo"}).city == "Oslo"


def test_saving_begins_the_reviews_of_verified_domains_alone(world: World) -> None:
    waiting = make_domain(world.account, "acme.test", approved=False)
    unverified = make_domain(world.account, "later.test", verified=False, approved=False)
    company.save(world.account, COMPANY)
    waiting.refresh_from_db()
    unverified.refresh_from_db()
    assert (waiting.compliance_status, waiting.reviews.count()) == ("under_review", 1)
    assert (unverified.compliance_status, unverified.reviews.count()) == ("unverified_dns", 0)
    world.domain.refresh_from_db()
    assert world.domain.compliance_status == "compliant"


def test_the_form_saves_and_returns_to_the_domain_that_asked(world: World) -> None:
    client = as_user(world.bob)
    shown = client.get(page(world, f"?next={world.domain.pk}")).text
    assert "example.test" in shown
    assert '<option value="Norway">Norway</option>' in shown
    saved = client.post(page(world, f"?next={world.domain.pk}"), COMPANY | {"info_level": "business"})
    assert saved["Location"] == reverse("domains:detail", args=[world.account.pk, world.domain.pk])
    assert CompanyInfo.objects.get().account == world.account
    again = client.get(page(world)).text
    assert 'value="Acme Shop"' in again
    assert '<option value="Norway" selected>' in again


@pytest.mark.parametrize("next_", ["", "x", "//evil.example", "0", "9" * 30, "٣"])
def test_it_leads_nowhere_else(world: World, next_: str) -> None:
    answer = as_user(world.alice).post(page(world, f"?next={next_}"), COMPANY | {"info_level": "business"})
    assert answer["Location"] == page(world)
    stranger_domain = f"?next={world.stranger_domain.pk}"
    assert "stranger.test" not in as_user(world.alice).get(page(world, stranger_domain)).text


def test_the_page_says_what_is_missing_in_sentences(world: World) -> None:
    answer = as_user(world.alice).post(page(world), COMPANY | {"name": "", "website_url": "no page", "country": "Oz"})
    assert answer.status_code == 422
    assert "This is missing. Whoever gets your mail may ask who sent it." in answer.text
    assert "This is no address of a page." in answer.text
    assert "be blank" not in answer.text
    assert 'value="5003"' in answer.text
    assert not CompanyInfo.objects.exists()


def test_after_the_one_switch_the_page_offers_no_other(world: World) -> None:
    company.save(world.account, COMPANY)
    client = as_user(world.alice)
    assert "can be exchanged once" in client.get(page(world)).text
    company.save(world.account, {"info_level": "individual"})
    shown = client.get(page(world)).text
    assert 'name="info_level"' not in shown
    assert "exchanged once, so this stays" in shown
    client.post(page(world), COMPANY | {"city": "Oslo"})
    info = CompanyInfo.objects.get()
    assert (info.info_level, info.city) == ("individual", "Oslo")


def test_a_country_that_the_api_gave_stays_on_offer(world: World) -> None:
    company.save(world.account, COMPANY | {"country": "Kingdom of Norway"})
    assert '<option value="Kingdom of Norway" selected>' in as_user(world.alice).get(page(world)).text


def test_viewers_read_and_strangers_find_nothing(world: World) -> None:
    company.save(world.account, COMPANY)
    vera = as_user(world.vera)
    shown = vera.get(page(world)).text
    assert "1 Harbour Road" in shown
    assert '<form class="form"' not in shown
    assert vera.post(page(world), COMPANY | {"name": "Vera"}).status_code == 403
    assert as_user(world.charlie).get(page(world)).status_code == 404
    assert as_user(world.charlie).post(page(world), COMPANY).status_code == 404
    assert CompanyInfo.objects.get().name == "Acme Shop"


def test_every_country_is_offered_once() -> None:
    names = company.countries()
    assert len(names) == len(set(names)) == 249
    assert {"Norway", "United Kingdom", "Türkiye"} <= set(names)
