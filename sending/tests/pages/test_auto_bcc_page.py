"""Who looks after a domain chooses who gets copies of its mail; the log and the message page say which those are."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from domains import auto_bcc
from domains.models import SendingDomain
from mailtrap_site.testing.world import World
from sending.models import Message
from sending.submission.submit import submit
from sending.tests.drafts import draft

pytestmark = pytest.mark.django_db


def as_(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def where(world: World) -> str:
    return reverse("sending:auto_bcc", args=[world.account.pk, world.domain.pk])


def ask(world: World, user, addresses: str, name: str = "", value: str = ""):
    return as_(user).post(where(world), {"addresses": addresses, "header_name": name, "header_value": value})


def domain(world: World) -> SendingDomain:
    return SendingDomain.objects.get(pk=world.domain.pk)


def test_addresses_and_header_are_chosen_audited_and_shown_on_the_domains_page(world: World):
    answer = ask(world, world.bob, "archive@copies.test\n\n crm@copies.test \nCRM@copies.test", "X-Copy", "yes")
    assert answer.status_code == 302
    assert domain(world).auto_bcc == ["archive@copies.test", "crm@copies.test"]
    assert domain(world).auto_bcc_header == "X-Copy: yes"
    page = as_(world.vera).get(answer["Location"]).text
    assert "archive@copies.test, crm@copies.test" in page
    assert "X-Copy: yes" in page
    assert where(world) not in page
    entry = AuditEntry.objects.get(action="domain.auto_bcc")
    assert (entry.actor, entry.changes["addresses"]["to"]) == (world.bob, "archive@copies.test, crm@copies.test")
    assert "archive@copies.test\ncrm@copies.test" in as_(world.bob).get(where(world)).text


def test_an_empty_form_ends_the_copies(world: World):
    ask(world, world.alice, "archive@copies.test", "X-Copy", "yes")
    ask(world, world.alice, "")
    assert (domain(world).auto_bcc, domain(world).auto_bcc_header) == ([], "")


@pytest.mark.parametrize(
    ("addresses", "name", "value", "sentence"),
    [
        ("nobody", "", "", "“nobody” is no address"),
        ("a@b.test, c@d.test", "", "", "is no address"),
        ("\n".join(f"r{number}@far.test" for number in range(6)), "", "", "five is the most"),
        ("a@b.test", "Copy", "yes", "begins with X-"),
        ("a@b.test", "X-MT-Category", "yes", "own"),
        ("a@b.test", "X-Copy", "", "plain ASCII"),
        ("a@b.test", "", "yes", "begins with X-"),
        ("a@b.test", "X-Copy", "yes\r\nBcc: x@y.test", "plain ASCII"),
        ("a@b.test", "X-Copy", "jä", "plain ASCII"),
    ],
)
def test_what_does_not_stand_is_refused_with_its_reason(world: World, addresses, name, value, sentence):
    answer = ask(world, world.alice, addresses, name, value)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert domain(world).auto_bcc == []


def test_members_without_the_right_and_strangers_do_not_choose(world: World):
    assert ask(world, world.vera, "a@b.test").status_code == 403
    assert ask(world, world.charlie, "a@b.test").status_code == 404
    foreign = reverse("sending:auto_bcc", args=[world.stranger_account.pk, world.domain.pk])
    assert as_(world.charlie).post(foreign, {"addresses": "a@b.test"}).status_code == 404
    assert domain(world).auto_bcc == []


def test_the_log_and_the_message_page_say_that_it_is_an_automatic_copy(world: World):
    auto_bcc.choose(world.domain, ["archive@copies.test"])
    submit([draft(world)])
    log = as_(world.vera).get(reverse("sending:email_log", args=[world.account.pk])).text
    assert log.count("automatic copy") == 1
    copy = Message.objects.get(kind="auto_bcc")
    page = as_(world.vera).get(reverse("sending:message", args=[world.account.pk, copy.pk])).text
    assert "Automatic copy" in page
    assert "copies all its mail to this address" in page
