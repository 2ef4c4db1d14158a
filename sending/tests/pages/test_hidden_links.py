"""Where a stream hides the secrets of links, no view of a mail shows them to anybody who only looks."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, AuditEntry, Membership, Role, User
from mailtrap_site.support.roles import Role as Staff
from mailtrap_site.support.roles import make_staff
from mailtrap_site.testing.captured import make_captured, make_sandbox
from mailtrap_site.testing.mail import make_event, make_message
from mailtrap_site.testing.url_map import doors
from mailtrap_site.testing.world import World, make_token, make_user
from mailtrap_site.tests.tenants_things import make_things
from sending.models import Event, StreamSetting, WebhookAttempt, WebhookDelivery
from sending.models.content import pack

SECRET = "8fK2pLx09ZqTv3mW7cYb"
LINK = f"https://shop.test/reset/{SECRET}"
SOURCE = "\r\n".join(
    (
        "From: shop@example.test",
        "To: rita@far.test",
        "Subject: Your password",
        f"List-Help: <{LINK}>",
        "MIME-Version: 1.0",
        "Content-Type: multipart/mixed; boundary=o",
        "",
        "--o",
        "Content-Type: multipart/alternative; boundary=i",
        "",
        "--i",
        "Content-Type: text/plain; charset=utf-8",
        "",
        f"Reset it: {LINK}",
        "--i",
        "Content-Type: text/html; charset=utf-8",
        "",
        f'<p><a href="{LINK}">Reset it</a></p>',
        "--i--",
        "--o",
        'Content-Type: text/calendar; name="a.ics"',
        "",
        f"URL:{LINK}",
        "--o--",
        "",
    )
).encode()
VIEWS = {
    "sending:message": ("?show=timeline", "?show=content", "?show=source", "?show=headers"),
    "sending:message_preview": ("",),
    "sending:message_source": ("",),
    "sending:sandbox_mail": tuple(f"?show={one}" for one in ("html", "text", "checks", "markup", "headers", "source")),
    "sending:sandbox_preview": ("",),
    "sending:sandbox_source": ("",),
    "sending:sandbox_part": ("",),
    "sending:webhook": ("?open={attempt}",),
}
"""Every page that shows something of a mail's content or of clicks, and how it can be asked for."""
CONTENTLESS = {"sending:sandbox_read"}
"""Asks for the right to read, and shows nothing."""


@pytest.fixture
def mails(world: World) -> dict[str, object]:
    message = make_message(world.domain, "rita@far.test", source=SOURCE)
    make_event(message, Event.Type.CLICK, {"click_url": LINK})
    captured = make_captured(make_sandbox(world.account), SOURCE)
    things = make_things(world)
    delivery = WebhookDelivery.objects.get(endpoint__account=world.account)
    delivery.payload = pack(b'{"event": "click", "url": "%b"}' % LINK.encode())
    delivery.save()
    attempt = WebhookAttempt.objects.create(
        endpoint=delivery.endpoint,
        delivery=delivery,
        number=1,
        started_at=timezone.now(),
        milliseconds=12,
        status=500,
        request_head="POST / HTTP/1.1",
        answer_head="HTTP/1.1 500",
        answer_body=f"What is {LINK}?",
    )
    return things | {
        "attempt": attempt.pk,
        "message_id": message.pk,
        "sandbox_id": captured.sandbox_id,
        "captured_id": captured.pk,
        "number": 4,
    }


@pytest.fixture
def readers(world: World) -> dict[str, Client]:
    vera, lisa, dora = world.vera, make_user("lisa@acme.test"), make_user("dora@acme.test")
    Membership.objects.filter(user=vera).update(sees_content=True)
    for user, level in ((lisa, 10), (dora, 100)):
        scope = {"resource_type": "domain", "resource_id": world.domain.pk, "access_level": level}
        Membership.objects.create(
            account=world.account, user=user, role=Role.LIMITED, scopes=[scope], sees_content=user == lisa
        )
    sue = make_user("sue@platform.test")
    make_staff(sue, Staff.SUPPORT)
    Account.objects.filter(pk=world.account.pk).update(support_reads_until=timezone.now() + timedelta(hours=1))
    people = {
        "owner": world.alice,
        "admin": world.bob,
        "viewer": vera,
        "limited": lisa,
        "of a domain": dora,
        "staff": sue,
    }
    clients = {name: _signed_in(user) for name, user in people.items()}
    clients["staff"].post(f"/admin/visits/{world.account.pk}/", {"reason": "Ticket 7"})
    return clients


def test_no_view_shows_a_secret_to_who_only_looks(
    world: World, mails: dict[str, object], readers: dict[str, Client]
) -> None:
    named = {door.name: door for door in doors("a/<int:account_id>/")}
    assert {name for name, one in named.items() if getattr(one.view, "ability", "") == "view_content"} <= {
        *VIEWS,
        *CONTENTLESS,
    }
    paths = [
        (name, named[name].path(mails) + query.format(**mails)) for name, queries in VIEWS.items() for query in queries
    ]
    for is_on in (False, True):
        StreamSetting.objects.update_or_create(
            account=world.account, stream="transactional", defaults={"hides_links": is_on}
        )
        for reader, client in readers.items() if is_on else [("viewer", readers["viewer"])]:
            is_whole = not is_on or reader in ("owner", "admin", "of a domain")
            seen = set()
            for name, path in paths:
                answer = client.get(path)
                if "sandbox" in name and reader in ("limited", "of a domain"):
                    assert answer.status_code == 403
                    continue
                assert answer.status_code == 200, (reader, path)
                seen |= {name} if SECRET in answer.text else set()
                if "show=content" in path or "show=text" in path:
                    assert ("chose that for the stream" in answer.text) is not is_whole, (reader, path)
            reached = {name for name in VIEWS if "sandbox" not in name or reader not in ("limited", "of a domain")}
            assert seen == (reached if is_whole else set()), (reader, is_on)
    files = readers["viewer"].get(named["sending:message_source"].path(mails))
    assert "-links-hidden.eml" in files["Content-Disposition"]


def test_the_api_shows_them_to_tokens_that_administer(world: World, mails: dict[str, object]) -> None:
    StreamSetting.objects.create(account=world.account, stream="transactional", hides_links=True)
    for kind, resource, level, is_whole in (
        ("account", world.account.pk, 10, False),
        ("domain", world.domain.pk, 10, False),
        ("domain", world.domain.pk, 100, True),
        ("account", world.account.pk, 100, True),
    ):
        scope = {"resource_type": kind, "resource_id": resource, "access_level": level}
        _token, secret = make_token(world.account, scopes=[scope])
        path = f"/api/accounts/{world.account.pk}/email_logs/{mails['message_id']}"
        answer = Client().get(path, HTTP_AUTHORIZATION=f"Bearer {secret}")
        raw = Client().get(urlsplit(answer.json()["raw_message_url"]).path)
        assert raw.status_code == 200
        assert [SECRET in answer.text, SECRET in raw.text] == [is_whole, is_whole]


def test_who_may_choose_does_so_for_a_stream_and_that_is_recorded(world: World, readers: dict[str, Client]) -> None:
    path = f"/a/{world.account.pk}/streams/"
    chosen = dict.fromkeys(("transactional", "bulk"), "send_again") | {"transactional_kept": "log", "bulk_kept": "log"}
    body = chosen | {"transactional_hides_links": "on"}
    assert readers["viewer"].post(path, body).status_code == 403
    readers["admin"].post(path, body)
    assert AuditEntry.objects.get(action="stream.changed").changes == {"hides_links": {"from": False, "to": True}}
    make = StreamSetting.objects.get
    assert make(account=world.account, stream="transactional").hides_links
    assert not StreamSetting.objects.filter(account=world.account, stream="bulk").exists()


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
