"""The captured mailbox: open on the development route, absent elsewhere, and harmless to look at."""

import re
from html import unescape

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.models import CapturedMail
from sending.models.content import pack
from sending.pages import mailbox
from sending.protocol import return_path

pytestmark = pytest.mark.django_db

SOURCE = (
    b"From: Mailtrap <notices@platform.test>\r\nTo: alice@acme.test\r\nSubject: Confirm\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nConfirm: http://localhost:8020/accounts/confirm-email/abc:def/\r\n"
    b'--b\r\nContent-Type: text/html\r\n\r\n<a href="http://localhost:8020/accounts/confirm-email/abc:def/">Confirm</a>\r\n'
    b"--b--\r\n"
)


def capture(recipient: str = "alice@acme.test", **fields: str) -> CapturedMail:
    values = {
        "mail_from": "b-x@mt.platform.test",
        "subject": "Confirm",
        "from_header": "Mailtrap <notices@platform.test>",
    }
    return CapturedMail.objects.create(recipient=recipient, size=len(SOURCE), data=pack(SOURCE), **values | fields)


def test_anybody_may_read_it_without_signing_in():
    mail = capture()
    page = Client().get("/captured/").content.decode()
    assert "This is the world as the receivers see it" in page
    assert f"/captured/{mail.pk}/" in page


@pytest.mark.parametrize("address", ["192.0.2.9", "10.0.0.1", "fe80::1"])
def test_over_a_network_only_staff_may_read_it(world: World, address: str):
    pages = ["/captured/", *(f"/captured/{capture().pk}/{page}" for page in ("", "preview/", "source/"))]
    stranger, alice, staff = (Client(REMOTE_ADDR=address) for _ in range(3))
    alice.force_login(world.alice)
    staff.force_login(User.objects.create_user("desk@platform.test", is_staff=True))
    for page in pages:
        assert [client.get(page).status_code for client in (stranger, alice, staff)] == [404, 404, 200]


def test_elsewhere_there_is_no_such_page(settings: Settings):
    mail = capture()
    settings.ROUTE = "mx"
    for path in ("/captured/", *(f"/captured/{mail.pk}/{rest}" for rest in ("", "preview/", "source/"))):
        assert Client().get(path).status_code == 404


def test_a_confirmation_link_can_be_followed_from_both_parts():
    mail = capture()
    page = Client().get(f"/captured/{mail.pk}/?show=text").content.decode()
    assert 'href="http://localhost:8020/accounts/confirm-email/abc:def/"' in page
    page = Client().get(f"/captured/{mail.pk}/").content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    preview = Client().get(f"/captured/{mail.pk}/preview/")
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in preview["Content-Security-Policy"]
    assert b'<base target="_blank">' in preview.content


def test_source_and_headers_are_shown_and_the_file_is_what_arrived():
    mail = capture()
    assert b"boundary=b" in Client().get(f"/captured/{mail.pk}/?show=source").content
    assert b"multipart/alternative" in Client().get(f"/captured/{mail.pk}/?show=headers").content
    assert Client().get(f"/captured/{mail.pk}/source/").content == SOURCE


def test_the_list_is_narrowed_to_a_recipient_and_paged_by_key(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mailbox, "PAGE", 2)
    for n in range(3):
        capture(subject=f"Mail {n}")
    capture("bob@acme.test")
    page = Client().get("/captured/?recipient=ALICE@acme.test").content.decode()
    assert re.findall(r"Mail \d", page) == ["Mail 2", "Mail 1"]
    older = unescape(re.search(r'href="([^"]+)" rel="next"', page)[1])  # type: ignore[index]
    assert re.findall(r"Mail \d", Client().get(older).content.decode()) == ["Mail 0"]


def test_the_list_asks_for_news_and_gets_none_while_nothing_came():
    capture()
    poll = unescape(re.search(r'hx-get="([^"]+)"', Client().get("/captured/").content.decode())[1])
    assert Client().get(poll).status_code == 204
    capture("new@acme.test")
    response = Client().get(poll, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="captured-rows")
    assert b"new@acme.test" in response.content
    assert response.content.startswith(b'<div class="stack-small" id="captured-rows"')


def test_hostile_mail_and_questions_break_nothing():
    evil = "<script>alert(1)</script>"
    mail = capture(subject=evil, from_header=evil, helo=evil)
    for path in ("/captured/", f"/captured/{mail.pk}/", "/captured/?recipient=%00", f"/captured/?before={evil}"):
        response = Client().get(path)
        assert response.status_code == 200
        assert b"<script>alert" not in response.content
    assert Client().get("/captured/019aa1c4-7b1e-7d02-9f3c-5e2b8d40a6f1/").status_code == 404


def test_a_message_of_the_log_leads_to_its_captured_copy(world: World, as_alice: Client):
    message = make_message(world.domain, "reader@far.test")
    local = return_path.encode(message.pk, django_settings.RETURN_PATH_KEY)
    mail = capture("reader@far.test", mail_from=f"{local}@mt.example.test")
    capture("reader@far.test")
    page = as_alice.get(f"/a/{world.account.pk}/log/{message.pk}/").content.decode()
    assert f"/captured/{mail.pk}/" in page
