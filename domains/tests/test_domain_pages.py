"""The pages of sending domains: what they say, what they do, and who may."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from domains.models import DnsRecord, SendingDomain, ZoneRecord
from domains.nameserver import Record
from mailtrap_site.testing.fake_dns import StoredZones, resolving
from mailtrap_site.testing.roomy import Term, make_roomy
from mailtrap_site.testing.world import World, make_domain

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(world: World) -> SendingDomain:
    return make_domain(world.account, "shop.test", verified=False)


@pytest.fixture
def zone(waiting: SendingDomain) -> Iterator[StoredZones]:
    names = {record.fqdn: [Record(record.type, record.value)] for record in waiting.dns_records.all()}
    zone = StoredZones(names)
    with resolving(zone):
        yield zone


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(name: str, domain: SendingDomain) -> str:
    return reverse(f"domains:{name}", args=[domain.account_id, domain.pk])


FRAGMENT = {"HX-Request": "true", "HX-Target": "domain"}


def test_the_list_shows_each_domain_with_its_state(world: World, waiting: SendingDomain) -> None:
    page = as_user(world.alice).get(reverse("domains:list", args=[world.account.pk])).content.decode()
    assert re.search(
        r"example\.test</a>.*?Verified.*?4 of 4.*?shop\.test</a>.*?Not verified yet.*?0 of 4", page, re.DOTALL
    )
    assert "stranger.test" not in page


def test_the_empty_list_says_how_to_start_to_those_who_may(world: World) -> None:
    world.domain.delete()
    url = reverse("domains:list", args=[world.account.pk])
    add = reverse("domains:add", args=[world.account.pk])
    assert add in as_user(world.alice).get(url).content.decode()
    assert add not in as_user(world.vera).get(url).content.decode()


def test_a_long_list_goes_on_by_name(world: World) -> None:
    SendingDomain.objects.bulk_create(
        SendingDomain(account=world.account, name=f"d{number:03d}.test", verification_label="mt1")
        for number in range(60)
    )
    client = as_user(world.alice)
    url = reverse("domains:list", args=[world.account.pk])
    first = client.get(url).content.decode()
    assert "d049.test" in first
    assert "d050.test" not in first
    following = client.get(f"{url}?after=d049.test").content.decode()
    assert "d050.test" in following
    assert "d049.test<" not in following


def test_adding_a_domain_opens_its_page_and_says_what_was_put_right(world: World) -> None:
    make_roomy(world.account, Term.DOMAINS)
    client = as_user(world.bob)
    response = client.post(
        reverse("domains:add", args=[world.account.pk]), {"name": "https://Orders.Shop.test/start"}, follow=True
    )
    domain = SendingDomain.objects.get(name="orders.shop.test")
    assert response.redirect_chain[-1][0] == address("detail", domain)
    page = response.content.decode()
    assert "orders.shop.test was added. We removed “https://”." in page
    assert "Set up orders.shop.test" in page
    assert "Added by Bob" in page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("www.shop.test", "Add shop.test."),
        ("gmail.com", "gmail.com belongs to Google, so you cannot prove it is yours."),
        ("192.0.2.1", "is an IP address"),
        ("", "A domain name is missing."),
        ("example.test", "already among your domains"),
        ("x" * 600, "500"),
    ],
)
def test_a_refused_name_is_answered_with_advice(world: World, typed: str, sentence: str) -> None:
    response = as_user(world.alice).post(reverse("domains:add", args=[world.account.pk]), {"name": typed})
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert SendingDomain.objects.filter(account=world.account).count() == 1


def test_the_page_shows_every_record_to_copy_and_what_is_left(world: World, waiting: SendingDomain) -> None:
    page = as_user(world.alice).get(address("detail", waiting)).content.decode()
    assert "0 of 4 records are in place. Publish them at your DNS provider." in page
    for record in waiting.dns_records.all():
        assert f'data-copy="{record.name}"' in page
        assert f'data-copy="{record.value}"' in page
    assert page.count("Not found yet") == 5
    full = as_user(world.alice).get(address("detail", waiting) + "?names=full").content.decode()
    assert 'data-copy="_dmarc.shop.test"' in full


def test_check_now_asks_dns_and_the_page_tells(world: World, waiting: SendingDomain, zone: StoredZones) -> None:
    client = as_user(world.alice)
    record = waiting.dns_records.get(key="dkim2")
    zone.names[record.fqdn] = [Record("CNAME", f"{record.value}.shop.test")]
    page = client.post(address("verification", waiting), follow=True).content.decode()
    assert "3 of 4 records are in place. Publish the other one" in page
    assert f"<code>{record.value}<mark>.shop.test</mark></code>" in page
    assert "put a dot after" in page
    zone.names[record.fqdn] = [Record("CNAME", record.value)]
    fragment = client.post(address("verification", waiting), headers=FRAGMENT)
    assert fragment.content.decode().lstrip().startswith("<div")
    assert "shop.test is verified" in fragment.content.decode()


def test_an_open_page_hears_news_and_stops_once_the_first_email_was_accepted(
    world: World, waiting: SendingDomain, zone: StoredZones
) -> None:
    client = as_user(world.alice)

    def asked(page: str) -> str:
        poll = re.search(r'hx-get="([^"]+)" hx-trigger', page)
        assert poll
        return poll[1].replace("&amp;", "&")

    page = client.get(address("detail", waiting)).content.decode()
    assert client.get(asked(page), headers=FRAGMENT).status_code == 204
    client.post(address("verification", waiting))
    news = client.get(asked(page), headers=FRAGMENT)
    assert news.status_code == 200
    assert 'id="domain"' in news.content.decode()
    assert "<html" not in news.content.decode()
    assert client.get(asked(news.content.decode()), headers=FRAGMENT).status_code == 204
    SendingDomain.objects.filter(pk=waiting.pk).update(first_email_at=timezone.now())
    last = client.get(asked(news.content.decode()), headers=FRAGMENT)
    assert last.status_code == 286
    assert "hx-trigger" not in last.content.decode()


def test_publishing_in_the_demo_zone_verifies_nothing_by_itself(world: World, waiting: SendingDomain) -> None:
    page = as_user(world.alice).post(address("demo_zone", waiting), follow=True).content.decode()
    assert "The records were published in the demo zone." in page
    assert ZoneRecord.objects.filter(name=waiting.return_path_domain).exists()
    assert set(waiting.dns_records.values_list("status", flat=True)) == {DnsRecord.Status.UNCHECKED}


def test_deleting_asks_first_and_the_name_is_free_again(world: World, waiting: SendingDomain) -> None:
    client = as_user(world.alice)
    question = client.get(address("delete", waiting)).content.decode()
    assert "Delete shop.test?" in question
    assert "Mail from shop.test is refused at once." in question
    done = client.post(address("delete", waiting), follow=True).content.decode()
    assert "shop.test was deleted." in done
    assert client.get(address("detail", waiting)).status_code == 404


def test_a_suspended_domain_says_so(world: World) -> None:
    SendingDomain.objects.filter(pk=world.domain.pk).update(compliance_status=SendingDomain.Compliance.SUSPENDED)
    page = as_user(world.alice).get(address("detail", world.domain)).content.decode()
    assert "example.test is suspended" in page


def test_an_old_page_polls_slowly(world: World, waiting: SendingDomain) -> None:
    old = timezone.now() - timedelta(days=3)
    SendingDomain.objects.filter(pk=waiting.pk).update(created_at=old)
    assert 'hx-trigger="every 60s"' in as_user(world.alice).get(address("detail", waiting)).content.decode()


def test_viewers_look_and_change_nothing(world: World, waiting: SendingDomain) -> None:
    client = as_user(world.vera)
    page = client.get(address("detail", waiting))
    assert page.status_code == 200
    assert "Check now" not in page.content.decode()
    assert client.get(reverse("domains:add", args=[world.account.pk])).status_code == 403
    for name in ("verification", "demo_zone", "delete"):
        assert client.post(address(name, waiting)).status_code == 403
    waiting.refresh_from_db()
    assert waiting.deleted_at is None


def test_strangers_find_no_page_and_foreign_domains_are_not_found(world: World, waiting: SendingDomain) -> None:
    stranger = as_user(world.charlie)
    for name in ("detail", "delete"):
        assert stranger.get(address(name, waiting)).status_code == 404
    crossed = reverse("domains:detail", args=[world.stranger_account.pk, waiting.pk])
    assert stranger.get(crossed).status_code == 404
    assert stranger.post(reverse("domains:delete", args=[world.stranger_account.pk, waiting.pk])).status_code == 404
    waiting.refresh_from_db()
    assert waiting.deleted_at is None


def test_a_name_that_no_database_can_hold_is_no_error(world: World) -> None:
    url = reverse("domains:list", args=[world.account.pk])
    assert as_user(world.alice).get(f"{url}?after=%00").status_code == 200
