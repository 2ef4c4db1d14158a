"""The page of one message answers "where is my email?" first, in every state, and shows the evidence."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client

from accounts.models import Membership, Role, User
from mailtrap_site.testing.mail import make_event, make_message, make_source
from mailtrap_site.testing.world import World, make_user
from sending.models import Content, Event, Message

NOW = datetime.now(UTC)


def path_of(message: Message, rest: str = "") -> str:
    return f"/a/{message.account_id}/log/{message.pk}/{rest}"


def shown(client: Client, message: Message, rest: str = "") -> str:
    response = client.get(path_of(message, rest))
    assert response.status_code == 200, response.status_code
    return unescape(response.content.decode())


def heading(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("status", "fields", "sentence", "beneath"),
    [
        ("queued", {}, "Queued for reader@far.test", "It leaves within seconds."),
        ("queued", {"leased": True}, "Sending to reader@far.test", "We are talking to the receiving server now."),
        ("scheduled", {}, "Scheduled for reader@far.test", ""),
        (
            "delivered",
            {},
            "Delivered to reader@far.test",
            "mx.far.test took it 1.8\N{NO-BREAK SPACE}s after you sent it.",
        ),
        ("captured", {}, "Captured for reader@far.test", "It did not leave this instance."),
        ("deferred", {}, "Deferred: far.test asks us to come back later", "Trying again at"),
        ("uncertain", {}, "Uncertain: the line dropped before the answer", "It may have arrived."),
        ("held", {}, "Held: mail of this domain waits", ""),
        ("bounced", {}, "Bounced: the mailbox reader@far.test does not exist", "We do not try again."),
        (
            "bounced",
            {"reply": (554, "5.7.1", "Spam", "spam")},
            "Bounced: mx.far.test refused it",
            "refused it for good",
        ),
        ("rejected", {}, "Rejected: it was not sent", ""),
        ("cancelled", {}, "Cancelled before it was sent", ""),
    ],
)
def test_the_first_sentence_says_where_the_email_is(
    status: str, fields: dict[str, object], sentence: str, beneath: str, world: World, as_alice: Client
):
    page = shown(as_alice, make_message(world.domain, status=status, **fields))  # type: ignore[arg-type]
    assert heading(page) == sentence
    assert beneath in page


def test_a_reader_who_opted_out_or_complained_is_named(world: World, as_alice: Client):
    left, complained = make_message(world.domain), make_message(world.domain)
    make_event(left, Event.Type.UNSUBSCRIBE)
    make_event(complained, Event.Type.SPAM)
    assert heading(shown(as_alice, left)) == "Delivered, then reader@far.test opted out"
    assert heading(shown(as_alice, complained)) == "Delivered, then marked as spam by reader@far.test"


def test_what_people_decided_about_it_stands_in_the_timeline(world: World, as_alice: Client):
    message = make_message(world.domain, status="cancelled")
    for kind in (Event.Type.RELEASE, Event.Type.REQUEUE):
        make_event(message, kind)
    make_event(message, Event.Type.CANCEL, {"reason": "Sent to the wrong list"})
    page = shown(as_alice, message)
    for words in ("<strong>Released</strong> to be sent", "<strong>Moved up</strong> to be tried at once"):
        assert words in page
    assert "<strong>Cancelled</strong>" in page
    assert "Sent to the wrong list" in page


def test_a_refusal_is_explained(world: World, as_alice: Client):
    page = shown(as_alice, make_message(world.domain, status="bounced"))
    for words in (
        "Why it was not delivered",
        "550 5.1.1 The email account that you tried to reach does not exist.",
        "The part before the @ is not known there",
        "The refusal is final, so we do not try again.",
        "Ask the reader for another address",
    ):
        assert words in page


def test_the_evidence_shows_who_said_what(world: World, as_alice: Client):
    page = shown(as_alice, make_message(world.domain, status="bounced"))
    assert '<span class="said">→ RCPT TO:<reader@far.test></span>' in page
    assert '<span class="heard">← 250-PIPELINING</span>' in page
    assert '<span class="refused">← 550 5.1.1 The email account' in page
    assert "mx.far.test [192.0.2.25], preference 10" in page
    assert "connect 38\N{NO-BREAK SPACE}ms · TLS 71\N{NO-BREAK SPACE}ms · answer 164\N{NO-BREAK SPACE}ms" in page


def test_how_it_came_in_is_told_with_the_token(world: World, as_alice: Client):
    message = make_message(world.domain, submission={"token": world.token, "door": "smtp"})
    assert f"over SMTP with token “{world.token.name}”" in shown(as_alice, message)


def test_variables_and_category_are_shown(world: World, as_alice: Client):
    message = make_message(world.domain, category="Order & more", submission={"custom_variables": {"order": "58213"}})
    page = as_alice.get(path_of(message)).content.decode()
    assert "?category=Order%20%26%20more" in page
    assert "&quot;order&quot;: &quot;58213&quot;" in page


def test_what_the_other_side_said_is_never_markup(world: World, as_alice: Client):
    evil = "<script>alert(1)</script>"
    message = make_message(world.domain, status="bounced", subject=evil, reply=(550, "5.1.1", evil, "badrecipient"))
    for tab in ("timeline", "content", "source", "headers"):
        assert b"<script>alert" not in as_alice.get(path_of(message, f"?show={tab}")).content


def test_the_page_asks_again_until_the_message_is_settled(world: World, as_alice: Client):
    message = make_message(world.domain, status="queued")
    poll = re.search(r'id="story" hx-get="([^"]+)"', shown(as_alice, message))
    assert poll
    asked = unescape(poll[1])
    assert as_alice.get(asked, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="story").status_code == 204
    Message.objects.filter(pk=message.pk).update(status="delivered", finished_at=NOW)
    response = as_alice.get(asked, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="story")
    assert response.status_code == 286
    assert response.content.startswith(b'<div class="stack" id="story">')
    assert "Delivered to reader@far.test" in response.content.decode()


def test_the_longer_it_waits_the_more_seldom_the_page_asks(world: World, as_alice: Client):
    for age, seconds in ((0, 2), (600, 10), (7200, 60)):
        message = make_message(world.domain, status="queued", at=datetime.now(UTC) - timedelta(seconds=age))
        assert f'hx-trigger="every {seconds}s"' in shown(as_alice, message)


def test_content_headers_and_source_are_tabs(world: World, as_alice: Client):
    message = make_message(world.domain)
    content = shown(as_alice, message, "?show=content")
    assert f'src="{path_of(message, "preview/")}" sandbox="allow-popups allow-popups-to-escape-sandbox"' in content
    assert "It left this morning. Follow it at" in content
    assert "invoice.pdf" in content
    headers = shown(as_alice, message, "?show=headers")
    assert "DKIM-Signature" in headers
    assert "Shop <shop@example.test>" in headers
    assert "--=_outer" in shown(as_alice, message, "?show=source")


def test_the_preview_can_do_nothing_and_load_nothing(world: World, as_alice: Client):
    source = make_source(world.domain, "reader@far.test", "Hello").replace(b"<h1>", b"<script>alert(1)</script><h1>")
    response = as_alice.get(path_of(make_message(world.domain, source=source), "preview/"))
    policy = response["Content-Security-Policy"]
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert b'<base target="_blank">' in response.content


def test_the_source_is_a_file_as_it_leaves(world: World, as_alice: Client):
    message = make_message(world.domain)
    response = as_alice.get(path_of(message, "source/"))
    assert response["Content-Type"] == "message/rfc822"
    assert response["Content-Disposition"] == f'attachment; filename="{message.pk}.eml"'
    assert response.content.startswith(b"DKIM-Signature:")


def test_content_that_is_gone_is_a_sentence(world: World, as_alice: Client):
    message = make_message(world.domain)
    Content.objects.all().delete()
    assert "The content of this message is no longer stored." in shown(as_alice, message, "?show=content")
    assert as_alice.get(path_of(message, "preview/")).status_code == 404
    assert as_alice.get(path_of(message, "source/")).status_code == 404


def test_another_accounts_message_is_not_found(world: World, as_alice: Client, signed_in: Callable[[User], Client]):
    foreign = make_message(world.stranger_domain)
    for rest in ("", "preview/", "source/"):
        assert as_alice.get(path_of(foreign, rest)).status_code == 404
        assert as_alice.get(f"/a/{world.account.pk}/log/{foreign.pk}/{rest}").status_code == 404


def test_who_may_not_read_bodies_sees_the_timeline_alone(world: World, signed_in: Callable[[User], Client]):
    clerk = make_user("clerk@acme.test", world.account, Role.BILLING)
    message = make_message(world.domain)
    for reader in (clerk, world.vera):
        client = signed_in(reader)
        page = shown(client, message, "?show=content")
        assert "It left this morning" not in page
        assert "?show=source" not in page
        for rest in ("preview/", "source/"):
            assert client.get(path_of(message, rest)).status_code == 403
    Membership.objects.filter(account=world.account).update(sees_content=True)
    assert "invoice.pdf" in shown(signed_in(world.vera), message, "?show=content")
    assert "invoice.pdf" not in shown(signed_in(clerk), message, "?show=content")
