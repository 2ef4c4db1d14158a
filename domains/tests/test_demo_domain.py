"""Each new account gets one demo domain: verified without set-up, answered by our own zone, never made again."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import dns.message
import dns.rcode
import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AuditEntry, User
from accounts.signup import open_account
from domains import demo, dkim, verification
from domains.auto_bcc import choose
from domains.models import SendingDomain
from domains.nameserver import answer
from domains.setup import add_domain, delete_domain
from domains.tasks import make_demo
from domains.zones import PlatformZone, Zones
from mailtrap_site import wake
from mailtrap_site.testing.world import World, make_platform, make_user

Compliance = SendingDomain.Compliance


def demo_of(account: Account) -> SendingDomain:
    domain = demo.make(account)
    assert domain is not None
    return domain


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask(name: str, rdtype: str) -> tuple[str, list[str]]:
    zones = Zones(PlatformZone("platform.test", "192.0.2.10"), kept_seconds=0)
    response = answer(dns.message.make_query(name, rdtype), zones)
    last = [rdata.to_text() for rdata in response.answer[-1]] if response.answer else []
    return dns.rcode.to_text(response.rcode()), last


@pytest.fixture(autouse=True)
def platform(settings: Any) -> None:
    settings.PLATFORM_DOMAIN = "platform.test"


@pytest.fixture
def nudges(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    monkeypatch.setattr(wake, "send_now", lambda task, *, queue: seen.append(task))
    return seen


@pytest.mark.django_db(transaction=True)
def test_who_signs_up_has_one_as_soon_as_the_address_is_confirmed(client: Client, nudges: list[str]) -> None:
    person = {"name": "Priya Raman", "email": "priya@brightwater.test", "password1": "three unrelated words"}
    client.post(reverse("account_signup"), person)
    make_demo()
    assert not SendingDomain.objects.exists(), "whoever types the addresses of others makes us compute no keys"
    nudges.clear()
    found = re.search(r"https?://[^/\s]+(/\S+)", str(mail.outbox[0].body))
    assert found is not None
    client.post(found[1])
    assert nudges == [demo.MAKE]
    make_demo()
    make_demo()
    domain = SendingDomain.objects.get()
    assert re.fullmatch(r"priya-raman-[0-9a-f]{8}\.demo\.platform\.test", domain.name)
    assert (domain.is_demo, domain.demo_emails_left, domain.compliance_status) == (True, 100, Compliance.DEMO)
    assert domain.may_send().allowed
    assert AuditEntry.objects.filter(action="domain.demo_made", account=domain.account).count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_account_of_somebody_who_is_confirmed_already_asks_for_one_at_once(nudges: list[str]) -> None:
    account = open_account(make_user("dora@demo.test"))
    assert nudges == [demo.MAKE]
    assert demo.make_missing() == 1
    assert account.domains.get().is_demo


@pytest.mark.django_db
def test_neither_the_platform_nor_an_old_account_gets_one_unasked(world: World) -> None:
    make_platform()
    Account.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert demo.make_missing() == 0
    Account.objects.filter(pk=world.account.pk).update(created_at=timezone.now())
    assert demo.make_missing() == 1


@pytest.mark.django_db
def test_an_instance_without_demo_emails_makes_none(world: World, settings: Any) -> None:
    of_domains = replace(settings.ENVIRONMENT.domains, demo_emails=0)
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, domains=of_domains)
    assert demo.make_missing() == 0
    assert demo.make(world.account) is None


@pytest.mark.django_db(transaction=True)
def test_of_several_who_make_it_at_once_one_does(world: World) -> None:
    def make(_: int) -> bool:
        try:
            return demo.make(world.account) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(make, range(4))) == [False, False, False, True]


@pytest.mark.django_db
def test_a_deleted_one_is_not_made_again(world: World) -> None:
    delete_domain(demo_of(world.account))
    assert demo.make(world.account) is None
    demo.make_missing()
    assert world.account.domains.filter(is_demo=True, deleted_at=None).count() == 0
    answer = as_user(world.alice).post(reverse("domains:make_demo", args=[world.account.pk]), follow=True)
    assert "This account had its demo domain already." in answer.content.decode()


@pytest.mark.django_db
def test_it_takes_no_place_of_the_plan(world: World) -> None:
    demo_of(world.stranger_account)
    delete_domain(world.stranger_domain)
    added, _name = add_domain(world.stranger_account, "own.test")
    assert added.account == world.stranger_account


@pytest.mark.django_db
def test_nobody_asks_dns_about_it_and_it_stays_verified(world: World) -> None:
    domain = demo_of(world.account)
    SendingDomain.objects.exclude(pk=domain.pk).update(next_check_at=timezone.now() + timedelta(days=1))
    assert verification.check_due(seconds=1) == 0
    assert verification.check(domain.pk) is None
    url = reverse("domains:verification", args=[world.account.pk, domain.pk])
    assert as_user(world.alice).post(url).status_code == 404
    assert SendingDomain.objects.get(pk=domain.pk).dns_verified_at is not None


@pytest.mark.django_db
def test_it_makes_no_automatic_copies(world: World) -> None:
    domain = demo_of(world.account)
    with pytest.raises(ValueError, match="makes no copies"):
        choose(domain, ["archive@acme.test"])
    assert as_user(world.alice).get(reverse("sending:auto_bcc", args=[world.account.pk, domain.pk])).status_code == 404


@pytest.mark.django_db
def test_our_own_zone_answers_its_records_so_that_receivers_verify_its_mail(world: World) -> None:
    domain = demo_of(world.account)
    for key in domain.dkim_keys.all():
        rcode, (text,) = ask(f"{key.selector}._domainkey.{domain.name}", "TXT")
        assert rcode == "NOERROR"
        assert text.replace('" "', "").strip('"') == dkim.dns_txt(key.public_key)
    assert ask(domain.return_path_domain, "MX") == ("NOERROR", ["10 mx.platform.test."])
    assert ask(domain.return_path_domain, "TXT") == ("NOERROR", ['"v=spf1 ip4:192.0.2.10 ~all"'])
    assert ask(f"_dmarc.{domain.name}", "TXT")[1][0].startswith('"v=DMARC1;')
    assert ask(domain.name, "MX") == ("NOERROR", ["10 mx.platform.test."])


@pytest.mark.django_db
def test_names_beside_it_do_not_exist_and_those_above_are_empty(world: World) -> None:
    assert ask("demo.platform.test", "A")[0] == "NXDOMAIN"
    domain = demo_of(world.account)
    assert ask("demo.platform.test", "A") == ("NOERROR", [])
    assert ask(f"_domainkey.{domain.name}", "TXT") == ("NOERROR", [])
    assert ask(domain.name, "TXT") == ("NOERROR", [])
    assert ask(f"x.{domain.name}", "A")[0] == "NXDOMAIN"
    assert ask("other.demo.platform.test", "MX")[0] == "NXDOMAIN"
    assert ask("mt1._domainkey.other.demo.platform.test", "CNAME")[0] == "NXDOMAIN"


@pytest.mark.django_db
def test_the_exported_zone_has_all_of_it(world: World) -> None:
    domain = demo_of(world.account)
    delete_domain(domain)
    exported = list(PlatformZone("platform.test", "192.0.2.10").exported())
    names = {name for name, _record in exported}
    assert {record.fqdn for record in domain.dns_records.all()} | {domain.name} <= names
    for name, record in exported:
        if name.endswith(domain.name):
            assert ask(name, record.type)[1], "mail that left before it was deleted is verified after that"


@pytest.mark.django_db
def test_its_page_says_what_it_is_and_what_comes_next(world: World) -> None:
    domain = demo_of(world.account)
    url = reverse("domains:detail", args=[world.account.pk, domain.pk])
    page = as_user(world.alice).get(url).content.decode()
    assert domain.name in page
    assert re.search(r"Emails left</dt><dd>100<", page)
    assert re.search(r"Sends to</dt><dd>alice@acme\.test<", page)
    assert "Send a test email" in page
    assert reverse("domains:add", args=[world.account.pk]) in page
    assert "Check now" not in page
    # Bob is no owner: a test email to him would be refused.
    assert "Send a test email" not in as_user(world.bob).get(url).content.decode()
    viewed = as_user(world.vera).get(url).content.decode()
    assert "Send a test email" not in viewed
    assert "Delete" not in viewed


@pytest.mark.django_db
def test_a_used_up_one_leads_to_a_domain_of_ones_own(world: World) -> None:
    domain = demo_of(world.account)
    SendingDomain.objects.filter(pk=domain.pk).update(demo_emails_left=0, compliance_status=Compliance.DEMO_EXHAUSTED)
    page = as_user(world.alice).get(reverse("domains:detail", args=[world.account.pk, domain.pk])).content.decode()
    assert "Demo used up" in page
    assert "Send a test email" not in page
    listing = as_user(world.alice).get(reverse("domains:list", args=[world.account.pk])).content.decode()
    assert "Demo used up" in listing


@pytest.mark.django_db
def test_deleting_says_that_there_will_be_no_other(world: World) -> None:
    domain = demo_of(world.account)
    url = reverse("domains:delete", args=[world.account.pk, domain.pk])
    client = as_user(world.alice)
    assert "it cannot be made again" in client.get(url).content.decode()
    client.post(url)
    assert SendingDomain.objects.get(pk=domain.pk).deleted_at is not None


@pytest.mark.django_db
def test_the_list_marks_it_and_an_empty_one_offers_it(world: World) -> None:
    delete_domain(world.domain)
    client, url = as_user(world.alice), reverse("domains:list", args=[world.account.pk])
    assert "Make the demo domain" in client.get(url).content.decode()
    assert "Make the demo domain" not in as_user(world.vera).get(url).content.decode()
    answer = client.post(reverse("domains:make_demo", args=[world.account.pk]), follow=True)
    assert "Your demo domain" in answer.content.decode()
    page = client.get(url).content.decode()
    assert re.search(r"\.demo\.platform\.test</a>.*?Demo.*?kept by us", page, re.DOTALL)
    assert "Make the demo domain" not in page


@pytest.mark.django_db
def test_it_reaches_confirmed_addresses_of_owners_alone(world: World) -> None:
    EmailAddress.objects.create(user=world.alice, email="alice@home.test", verified=False)
    make_user("olga@acme.test", world.account)
    assert demo.owner_addresses(world.account) == ["alice@acme.test", "olga@acme.test"]
