"""The pixel and the tracked link: what is answered, what is recorded, and what never is."""

import uuid
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client

from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.models import Event, Message, TrackingOptOut
from sending.tests.tracking.links import READER, click_of, pixel_of
from sending.tracking import door
from sending.tracking.seen import read_link

pytestmark = pytest.mark.django_db

HOSTS = ["testserver", "mt-link.shop.test", "t.platform.test"]


@pytest.fixture
def message(world: World) -> Message:
    """Delivered an hour ago, so that whoever comes now may be a person."""
    one = make_message(world.domain, "Rita@far.test")
    Message.objects.filter(pk=one.pk).update(finished_at=F("finished_at") - timedelta(hours=1))
    one.refresh_from_db()
    return one


def happened(message: Message, kind: str) -> list[dict[str, object]]:
    return [one.details for one in Event.objects.filter(message=message, type=kind).order_by("id")]


def counts(message: Message) -> tuple[int, int]:
    message.refresh_from_db()
    return message.opens_count, message.clicks_count


@pytest.mark.parametrize("host", HOSTS)
def test_the_pixel_is_an_image_that_nobody_keeps_on_any_host(message: Message, host: str) -> None:
    answer = Client(enforce_csrf_checks=True).get(pixel_of(message), headers={"host": host}, **READER)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/gif")
    assert answer.content.startswith(b"GIF89a")
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies
    assert counts(message) == (1, 0)


def test_the_first_opening_is_marked_and_the_address_kept(message: Message) -> None:
    for _ in range(2):
        Client().get(pixel_of(message), REMOTE_ADDR="203.0.113.9", **READER)
    agent = READER["HTTP_USER_AGENT"]
    again = {"web_ip_address": "203.0.113.9", "user_agent": agent}
    assert happened(message, "open") == [again | {"first": True}, again]
    assert counts(message) == (2, 0)


def test_a_click_leads_to_exactly_what_was_sealed_and_opens_nothing(message: Message) -> None:
    target = b"https://shop.test/\xc3\xa4%20?a=1&b=%2F%zz#x"
    answer = Client().get(click_of(message, target), **READER)
    assert answer.status_code == 302
    assert answer.headers["Location"].encode("latin-1") == target
    (details,) = happened(message, "click")
    assert details["click_url"] == target.decode()
    assert details["first"] is True
    assert counts(message) == (0, 1)


@pytest.mark.parametrize(
    "target",
    [b"https://a.test/\r\nSet-Cookie: a=b", b"https://a.test/\n", b"javascript:alert(1)", b"//evil.test", b"data:,x"],
)
def test_no_target_ends_a_line_or_leaves_the_web(message: Message, target: bytes) -> None:
    answer = Client().get(click_of(message, target), **READER)
    assert answer.status_code == 404
    assert "Location" not in answer.headers
    assert counts(message) == (0, 0)


def test_what_we_did_not_seal_leads_nowhere_and_says_so_kindly(message: Message, settings: object) -> None:
    good = click_of(message)
    for path in (
        good[:-2] + "AA",
        good.replace("/t/c/", "/t/o/"),
        "/t/c/https://evil.test/",
        "/t/c/",
        "/t/x",
        "/t/o/x",
    ):
        answer = Client().get(path, headers={"host": "mt-link.shop.test"})
        assert answer.status_code == 404, path
        assert "This link does not work" in answer.content.decode()
        assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert counts(message) == (0, 0)


def test_other_methods_do_nothing(message: Message) -> None:
    for path in (pixel_of(message), click_of(message)):
        assert Client(enforce_csrf_checks=True).post(path).status_code == 405
    assert counts(message) == (0, 0)


def test_a_machine_is_answered_and_recorded_apart(message: Message) -> None:
    assert Client().head(pixel_of(message), **READER).status_code == 200
    answer = Client().get(click_of(message), headers={"user-agent": "curl/8.5.0"})
    assert answer.status_code == 302
    assert happened(message, "open")[0]["machine"] == "a request for the head alone"
    (click,) = happened(message, "click")
    assert (click["machine"], "first" in click) == ("a program without a screen", False)
    assert counts(message) == (0, 0)
    Client().get(click_of(message), **READER)
    assert happened(message, "click")[1]["first"] is True


def test_links_of_a_message_that_is_gone_still_lead_on(message: Message) -> None:
    paths = pixel_of(message), click_of(message)
    Event.objects.all().delete()
    message.delete()
    assert [Client().get(path, **READER).status_code for path in paths] == [200, 302]
    assert not Event.objects.exists()


def test_whoever_opted_out_is_not_recorded_in_mail_that_came_before_either(message: Message, world: World) -> None:
    TrackingOptOut.objects.create(account=world.account, domain=world.domain, email="rita@far.test")
    TrackingOptOut.objects.create(account=world.account, domain=world.domain, email="somebody@far.test")
    assert [Client().get(path, **READER).status_code for path in (pixel_of(message), click_of(message))] == [200, 302]
    assert counts(message) == (0, 0)
    assert not Event.objects.filter(type__in=["open", "click"]).exists()


@pytest.mark.parametrize(("choice", "kept"), [("truncated", "203.0.113.0"), ("none", None)])
def test_of_addresses_is_kept_what_the_domain_wants(message: Message, world: World, choice: str, kept: str) -> None:
    world.domain.recipient_ips = choice
    world.domain.save()
    Client().get(pixel_of(message), REMOTE_ADDR="203.0.113.9", **READER)
    assert happened(message, "open")[0].get("web_ip_address") == kept
    assert "203.0.113.9" not in str(happened(message, "open"))


def scope(path: str, method: str = "GET") -> dict[str, object]:
    agent = READER["HTTP_USER_AGENT"].encode()
    return {"path": path, "method": method, "headers": [(b"user-agent", agent)], "client": ("203.0.113.9", 1)}


def test_the_event_loop_answers_the_same(message: Message) -> None:
    target = b"https://shop.test/\xff?q"
    opened, clicked = door.answer(scope(pixel_of(message))), door.answer(scope(click_of(message, target)))
    assert opened and opened.status == 200
    assert opened.body.startswith(b"GIF89a")
    assert clicked and clicked.status == 302
    assert dict(clicked.headers)[b"location"] == target
    assert counts(message) == (1, 1)
    for other in ("/t/o/x", "/t/unsubscribe/x", "/", pixel_of(message) + "/"):
        assert door.answer(scope(other)) is None
    assert door.answer(scope(pixel_of(message), "POST")) is None


def test_no_token_of_another_key_is_read() -> None:
    assert read_link("o", "A" * 43, [b"k" * 32]) is None
    assert read_link("c", str(uuid.uuid4()), [b"k" * 32]) is None
