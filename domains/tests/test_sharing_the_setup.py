"""The records go to a colleague by letter, whose link shows them to whoever has it, and nothing else of the account."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.core import mail, signing
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import audit, rate_limits
from accounts.models import Account, AuditEntry
from accounts.shared_windows import SharedWindows
from domains import sharing
from domains.models import SendingDomain
from domains.nameserver import Record
from domains.setup import delete_domain
from domains.sharing import LETTERS_A_DAY, NotShared, send_instructions, setup_path
from mailtrap_site.testing.fake_dns import StoredZones, resolving
from mailtrap_site.testing.world import World, make_domain

pytestmark = pytest.mark.django_db


@pytest.fixture
def domain(world: World) -> SendingDomain:
    return make_domain(world.account, "shop.test", verified=False)


@pytest.fixture
def zone(domain: SendingDomain) -> Iterator[StoredZones]:
    zone = StoredZones({record.fqdn: [Record(record.type, record.value)] for record in domain.dns_records.all()})
    with resolving(zone):
        yield zone


def share(world: World, domain: SendingDomain, **typed: str) -> Any:
    client = Client()
    client.force_login(world.alice)
    return client.post(reverse("domains:share", args=[domain.account_id, domain.pk]), typed, follow=True)


def test_the_letter_has_every_record_a_link_and_who_asks(
    world: World, domain: SendingDomain, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        page = share(world, domain, email=" dns@reader.test ", note="Before Friday,\nplease.")
    assert "The records were sent to dns@reader.test." in page.content.decode()
    (letter,) = mail.outbox
    assert (letter.to, letter.reply_to) == (["dns@reader.test"], [world.alice.email])
    assert letter.subject == "DNS records for shop.test"
    for record in domain.dns_records.all():
        assert f"{record.type} {record.fqdn}" in letter.body
        assert record.value in letter.body
    assert "Alice (Acme) asks you to publish these DNS records" in letter.body
    assert "Before Friday" in letter.body
    (link,) = re.findall(r"http\S+/setup/\S+", str(letter.body))
    assert Client().get(link.removeprefix(settings.SITE_URL)).status_code == 200
    entry = AuditEntry.objects.get(action="domain.instructions_sent")
    assert (entry.actor, entry.target_name) == (world.alice, "shop.test")
    assert entry.changes == {"email": {"from": "", "to": "dns@reader.test"}}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"email": ""}, "An address is missing."),
        ({"email": "nobody"}, "nobody is no email address."),
        ({"email": "dns@reader.test", "note": "See https://elsewhere.test"}, "A note cannot hold links"),
        ({"email": "dns@reader.test", "note": "see WWW.elsewhere.test"}, "A note cannot hold links"),
        ({"email": "dns@reader.test", "note": "x" * 501}, "longer than 500 characters"),
        ({"email": "dns@reader.test\r\nBcc: all@reader.test"}, "is no email address"),
    ],
)
def test_what_does_not_stand_is_said_and_nothing_leaves(
    world: World, domain: SendingDomain, typed: dict[str, str], sentence: str
) -> None:
    page = share(world, domain, **typed)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert not AuditEntry.objects.filter(action="domain.instructions_sent").exists()


def test_a_suspended_account_writes_to_nobody(world: World, domain: SendingDomain) -> None:
    Account.objects.filter(pk=world.account.pk).update(state=Account.State.SUSPENDED)
    domain.account.refresh_from_db()
    with pytest.raises(NotShared, match="suspended"):
        send_instructions(domain, "dns@reader.test")


def test_letters_of_a_day_are_counted_for_the_whole_account(world: World, domain: SendingDomain) -> None:
    for number in range(LETTERS_A_DAY):
        send_instructions(domain if number % 2 else world.domain, f"dns{number}@reader.test")
    page = share(world, domain, email="one-more@reader.test")
    assert page.status_code == 422
    assert "20 letters left in the last 24 hours" in page.content.decode()
    send_instructions(world.stranger_domain, "dns@reader.test")
    with audit.erasing():
        AuditEntry.objects.filter(account=world.account).update(at=timezone.now() - timedelta(hours=25))
    send_instructions(domain, "tomorrow@reader.test")


@pytest.mark.django_db(transaction=True)
def test_two_at_once_cannot_share_the_last_letter_of_the_day(world: World, domain: SendingDomain) -> None:
    for number in range(LETTERS_A_DAY - 1):
        send_instructions(domain, f"dns{number}@reader.test")
    start = Barrier(4)

    def send(number: int) -> bool:
        try:
            start.wait(10)
            send_instructions(domain, f"last{number}@reader.test")
        except NotShared:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(4))) == [False, False, False, True]


def test_the_page_shows_the_records_and_nothing_else_of_the_account(world: World, domain: SendingDomain) -> None:
    answer = Client().get(setup_path(domain))
    page = answer.content.decode()
    for record in domain.dns_records.all():
        assert f'data-copy="{record.name}"' in page
        assert f'data-copy="{record.value}"' in page
    assert "0 of 4 records are in place." in page
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in page
    assert "no-store" in answer["Cache-Control"]
    for secret in (world.account.name, world.alice.email, "example.test<", f"/a/{world.account.pk}/"):
        assert secret not in page
    full = Client().get(f"{setup_path(domain)}?names=full").content.decode()
    assert 'data-copy="_dmarc.shop.test"' in full


def test_an_open_page_follows_and_ends_when_all_stand(domain: SendingDomain, zone: StoredZones) -> None:
    visitor, fragment = Client(), {"HX-Request": "true", "HX-Target": "shared-setup"}
    poll = re.search(r'hx-get="([^"]+)"', visitor.get(setup_path(domain)).content.decode())
    assert poll
    assert visitor.get(poll[1], headers=fragment).status_code == 204
    checked = visitor.post(f"{setup_path(domain)}verification/", headers=fragment)
    assert "All records of shop.test stand" in checked.content.decode()
    last = visitor.get(poll[1], headers=fragment)
    assert last.status_code == 286
    assert "hx-trigger" not in last.content.decode()
    assert "<html" not in last.content.decode()


def test_a_visitor_has_dns_asked_once_in_thirty_seconds(
    world: World, domain: SendingDomain, zone: StoredZones, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, rate_limit_factor=1)
    monkeypatch.setattr(rate_limits, "_windows", SharedWindows(None))
    del zone.names["_dmarc.shop.test"]
    where = f"{setup_path(domain)}verification/"
    first = Client().post(where, follow=True).content.decode()
    assert "3 of 4 records are in place" in first
    asked_at = SendingDomain.objects.get(pk=domain.pk).checked_at
    second = Client().post(where, follow=True).content.decode()
    assert re.search(r"We have just looked. You can ask again in (30|29|28) seconds.", second)
    swapped = Client().post(where, headers={"HX-Request": "true", "HX-Target": "shared-setup"}).content.decode()
    assert re.search(r"You can ask again in \d+ seconds; we look by ourselves in the meantime.", swapped)
    assert SendingDomain.objects.get(pk=domain.pk).checked_at == asked_at
    # People of the account are counted for themselves.
    member = Client()
    member.force_login(world.alice)
    member.post(reverse("domains:verification", args=[world.account.pk, domain.pk]))
    assert SendingDomain.objects.get(pk=domain.pk).checked_at != asked_at


def test_people_of_the_account_hear_when_they_may_ask_again(
    world: World, domain: SendingDomain, zone: StoredZones, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, rate_limit_factor=1)
    monkeypatch.setattr(rate_limits, "_windows", SharedWindows(None))
    client = Client()
    client.force_login(world.alice)
    where = reverse("domains:verification", args=[world.account.pk, domain.pk])
    for _time in range(6):
        assert "just looked" not in client.post(where, follow=True).content.decode()
    assert "We have just looked. You can ask again in" in client.post(where, follow=True).content.decode()
    swapped = client.post(where, headers={"HX-Request": "true", "HX-Target": "domain"})
    assert swapped.status_code == 200
    assert "We have just looked" in swapped.content.decode()


def signed(domain: SendingDomain, age: timedelta, monkeypatch: pytest.MonkeyPatch) -> str:
    with monkeypatch.context() as patch:
        then = time.time() - age.total_seconds()
        patch.setattr("django.core.signing.time.time", lambda: then)
        return setup_path(domain)


def test_a_link_ends_after_a_month_and_with_its_domain(domain: SendingDomain, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client().get(signed(domain, timedelta(days=29), monkeypatch)).status_code == 200
    answer = Client().get(signed(domain, timedelta(days=31), monkeypatch))
    assert answer.status_code == 410
    assert "This link has ended" in answer.content.decode()
    path = setup_path(domain)
    delete_domain(domain)
    for answer in (Client().get(path), Client().post(f"{path}verification/", follow=True)):
        assert answer.status_code == 410
        assert "shop.test" not in answer.content.decode()
        assert "HX-Refresh" not in answer
    polled = Client().get(path, headers={"HX-Request": "true", "HX-Target": "shared-setup"})
    assert (polled.status_code, polled["HX-Refresh"]) == (410, "true")


def test_what_we_never_signed_opens_nothing(world: World, domain: SendingDomain) -> None:
    token = setup_path(domain).split("/")[2]
    foreign_salt = signing.dumps([domain.account_id, domain.pk], salt="accounts.links")
    other_account = signing.dumps([world.stranger_account.pk, domain.pk], salt=sharing._SALT)
    assert Client().get(f"/setup/{other_account}/").status_code == 410
    for changed in (token[:-1], token + "x", foreign_salt, "x", f"{domain.pk}"):
        answer = Client().get(f"/setup/{changed}/")
        assert answer.status_code == 404
        assert "This link is not complete" in answer.content.decode()
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert Client().post(f"/setup/{changed}/verification/").status_code in (302, 404)


def test_only_who_manages_domains_may_share(world: World, domain: SendingDomain) -> None:
    where = reverse("domains:share", args=[domain.account_id, domain.pk])
    for user, status in ((world.vera, 403), (world.charlie, 404)):
        client = Client()
        client.force_login(user)
        assert client.get(where).status_code == status
        assert client.post(where, {"email": "dns@reader.test"}).status_code == status


def test_the_visitor_gets_the_provider_steps_and_both_files(domain: SendingDomain) -> None:
    url = setup_path(domain)
    page = Client().get(f"{url}?provider=cloudflare").content.decode()
    assert "Steps for Cloudflare" in page
    for file, said in (("records.zone", domain.verification_label), ("records.json", '"UPSERT"')):
        answer = Client().get(url + file)
        assert answer.status_code == 200
        assert said in answer.content.decode()
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert Client().get("/setup/nobody-signed-this/records.zone").status_code == 302


def test_a_demo_domain_has_nothing_to_share(domain: SendingDomain) -> None:
    domain.is_demo = True
    with pytest.raises(NotShared):
        send_instructions(domain, "dana@dns.test")
    assert mail.outbox == []
