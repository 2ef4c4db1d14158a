"""Unsubscribing: a GET only asks, a POST does it once, and whoever did it may take it back."""

import time
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import Client

from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending import followers
from sending.bounces.unsubscriptions import is_unsubscribe_address, take_unsubscription
from sending.listener.incoming import IncomingMail
from sending.models import Event, Message, Suppression, WebhookDelivery, WebhookEndpoint
from sending.protocol import return_path
from sending.protocol.smtp_path import Path
from sending.tests.tracking.links import tracking_of, unsubscribe_of
from sending.webhooks.batches import lines_of

pytestmark = pytest.mark.django_db

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def message(world: World) -> Message:
    return make_message(world.domain, "Rita.Olsen@far.test", stream="bulk", subject="News", category="Letter")


@pytest.fixture
def client() -> Client:
    """A stranger without cookies, under the customer's own name."""
    return Client(enforce_csrf_checks=True, headers={"host": "mt-link.shop.test"}, REMOTE_ADDR="203.0.113.9")


def follow() -> None:
    followers.follow(time.monotonic() + 10)


def test_looking_changes_nothing_and_shows_no_whole_address(message: Message, client: Client) -> None:
    for method in (client.get, client.head):
        answer = method(unsubscribe_of(message))
        assert answer.status_code == 200
        assert not answer.cookies
    page = client.get(unsubscribe_of(message)).content.decode()
    assert "Unsubscribe from example.test?" in page
    assert "R…n@far.test" in page
    assert "Olsen" not in page
    assert not Suppression.objects.exists()
    assert not Event.objects.filter(type="unsubscribe").exists()


def test_one_click_without_cookies_or_token_unsubscribes_from_the_stream(message: Message, client: Client) -> None:
    answer = client.post(unsubscribe_of(message), ONE_CLICK)
    assert answer.status_code == 200
    assert not answer.cookies
    entry = Suppression.objects.get()
    assert (entry.email, entry.stream, entry.type) == ("rita.olsen@far.test", "bulk", "unsubscription")
    assert (entry.domain_id, entry.message_id, entry.evidence["subject"]) == (message.domain_id, message.pk, "News")
    event = Event.objects.get(type="unsubscribe")
    assert event.details == {"web_ip_address": "203.0.113.9", "suppression": str(entry.pk)}
    message.refresh_from_db()
    assert message.opted_out_at is not None


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "multipart/form-data; boundary=x", ""])
def test_a_body_that_cannot_be_read_unsubscribes_as_well(message: Message, client: Client, kind: str) -> None:
    assert client.post(unsubscribe_of(message), b"--x\r\nundo", content_type=kind).status_code == 200
    assert Suppression.objects.count() == 1


def test_again_and_again_it_happens_once(message: Message, client: Client) -> None:
    for _ in range(3):
        assert "You are unsubscribed" in client.post(unsubscribe_of(message)).content.decode()
    follow()
    assert Suppression.objects.count() == 1
    assert Event.objects.filter(type="unsubscribe").count() == 1
    assert "You are unsubscribed" in client.get(unsubscribe_of(message)).content.decode()


def test_what_was_taken_back_does_not_return_with_the_feed(message: Message, client: Client, world: World) -> None:
    client.post(unsubscribe_of(message), ONE_CLICK)
    Suppression.objects.create(
        account=world.account, domain=world.domain, stream="bulk", email="rita.olsen@far.test", type="spam complaint"
    )
    answer = client.post(unsubscribe_of(message), {"undo": "1"})
    assert "You get these emails again" in answer.content.decode()
    follow()
    assert [one.type for one in Suppression.objects.all()] == ["spam complaint"]
    assert world.account.audit_entries.get(action="suppression.reactivated").actor_name == "the reader"
    client.post(unsubscribe_of(message))
    assert Suppression.objects.filter(type="unsubscription").count() == 1
    assert Event.objects.filter(type="unsubscribe").count() == 2


def test_it_works_when_the_message_is_gone_and_the_domain_too(message: Message, client: Client, world: World) -> None:
    path = unsubscribe_of(message)
    message.delete()
    world.domain.deleted_at = datetime.now(UTC)
    world.domain.save()
    assert client.post(path, ONE_CLICK).status_code == 200
    entry = Suppression.objects.get()
    assert (entry.email, entry.message_id, entry.domain_id) == ("rita.olsen@far.test", None, world.domain.pk)
    assert not Event.objects.filter(type="unsubscribe").exists()


def test_webhooks_are_told_where_from(message: Message, client: Client, world: World) -> None:
    kinds = ["unsubscribe", "open", "click"]
    WebhookEndpoint.objects.create(
        account=world.account, url="https://a.test/", type="email_sending", stream="bulk", event_types=kinds
    )
    client.post(unsubscribe_of(message), ONE_CLICK)
    follow()
    (line,) = lines_of(WebhookDelivery.objects.get())
    assert b'"event":"unsubscribe"' in line
    assert b'"ip":"203.0.113.9"' in line


@pytest.mark.parametrize("make", [unsubscribe_of, tracking_of])
def test_no_other_token_is_believed(message: Message, client: Client, make: object) -> None:
    path = make(message)  # type: ignore[operator]
    place = path.index("/", 4) + 9
    for other in (path[:place] + ("A" if path[place] != "A" else "B") + path[place + 1 :], path[:-4], path + "A"):
        for answer in (client.get(other), client.post(other, ONE_CLICK)):
            assert answer.status_code == 404
    swapped = unsubscribe_of(message) if make is tracking_of else tracking_of(message)
    assert client.post(path.rsplit("/", 1)[0] + "/" + swapped.rsplit("/", 1)[1]).status_code == 404
    assert not Suppression.objects.exists()


def test_a_name_a_colour_and_a_link_of_the_domain_are_shown(message: Message, client: Client, world: World) -> None:
    world.domain.brand_name, world.domain.brand_colour = "<b>Acme</b> & Co", "#8a1c5a"
    world.domain.brand_url = "https://acme.test/"
    world.domain.save()
    page = client.post(unsubscribe_of(message)).content.decode()
    assert "&lt;b&gt;Acme&lt;/b&gt; &amp; Co" in page
    assert 'href="https://acme.test/"' in page
    assert "/t/accent/8a1c5a.css" in page
    style = client.get("/t/accent/8a1c5a.css")
    assert style["Content-Type"] == "text/css; charset=utf-8"
    assert "#8a1c5a" in style.content.decode()
    for bad in ("ffff00", "red", "8a1c5a}body{", "8a1c5"):
        assert client.get(f"/t/accent/{bad}.css").status_code == 404


# By mail


def letter(subject: str, sender: Path = Path("rita", "far.test")) -> IncomingMail:  # noqa: B008
    return IncomingMail(sender, f"Subject: {subject}\r\n\r\n\r\n".encode(), "203.0.113.9", "mx.far.test", None)


def address_of(message: Message) -> Path:
    return Path(return_path.encode_unsubscribe(message.pk, settings.RETURN_PATH_KEY).upper(), "mt1.example.test")


def test_a_mail_to_the_signed_address_unsubscribes_once(message: Message) -> None:
    for _ in range(2):
        take_unsubscription(letter("Please"), address_of(message))
    assert Suppression.objects.get().email == "rita.olsen@far.test"
    assert Event.objects.get(type="unsubscribe").details.keys() == {"suppression"}


def test_the_subject_says_who_it_was_once_the_message_is_gone(message: Message, world: World) -> None:
    token, address = unsubscribe_of(message).rsplit("/", 1)[1], address_of(message)
    other = unsubscribe_of(make_message(world.domain, "other@far.test")).rsplit("/", 1)[1]
    message.delete()
    for subject in ("Please", other, token[:-2]):
        take_unsubscription(letter(subject), address)
    assert not Suppression.objects.exists()
    take_unsubscription(letter(f"{token[:40]}\r\n {token[40:]}"), address)
    assert Suppression.objects.get().email == "rita.olsen@far.test"


def test_neither_a_bounce_nor_another_address_unsubscribes(message: Message) -> None:
    take_unsubscription(letter("Returned", Path("", "")), address_of(message))
    assert not is_unsubscribe_address(Path(return_path.encode(message.pk, settings.RETURN_PATH_KEY), "mt1.test"))
    assert not is_unsubscribe_address(Path("u-" + "a" * 42, "mt1.test"))
    assert is_unsubscribe_address(address_of(message))
    assert not Suppression.objects.exists()
