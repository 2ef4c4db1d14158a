"""The pages of a sandbox: what is in it, who may do what with it, and how it is looked after."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Membership, Role
from mailtrap_site.testing.captured import SOURCE, make_captured, make_sandbox
from mailtrap_site.testing.world import World, make_user
from sending.capture import sandboxes as life
from sending.models import CapturedMail, Sandbox
from sending.pages import mailbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(world: World) -> Sandbox:
    return make_sandbox(world.account)


@pytest.fixture
def url(sandbox: Sandbox) -> str:
    return f"/a/{sandbox.account_id}/sandboxes/{sandbox.pk}/"


def page_of(client: Client, path: str, **asked: str) -> str:
    response = client.get(path, asked)
    assert response.status_code == 200, response.content
    return unescape(response.content.decode())


def test_the_first_visit_makes_the_first_sandbox_and_later_ones_none(world: World, as_alice: Client) -> None:
    for _ in range(2):
        first = as_alice.get(f"/a/{world.account.pk}/sandboxes/")
        sandbox = world.account.sandboxes.get()
        assert first["Location"] == f"/a/{world.account.pk}/sandboxes/{sandbox.pk}/"
    assert sandbox.name == "My sandbox"


def test_an_empty_one_says_how_to_send_to_it(world: World, as_alice: Client, sandbox: Sandbox, url: str) -> None:
    page = page_of(as_alice, url)
    assert f"http://localhost:8020/api/send/{sandbox.pk}" in page
    assert "Waiting for the first email" in page
    assert f"--auth-user sandbox-{sandbox.pk}" in re.sub("<[^>]+>", "", page_of(as_alice, url, **{"with": "swaks"}))
    setup = page_of(as_alice, f"{url}setup/")
    assert f"sandbox-{sandbox.pk}" in setup
    assert "for 3 days" in setup


def test_the_list_shows_who_what_and_how_many_and_what_is_unread(as_alice: Client, sandbox: Sandbox, url: str) -> None:
    read = make_captured(sandbox, is_read=True)
    crowd = [["to", "a@far.test"], ["cc", "b@far.test"], ["bcc", "c@far.test"]]
    make_captured(sandbox, recipient="a@far.test", recipients=crowd, subject="Grüße <b>")
    make_captured(None, subject="Of the development route")
    page = as_alice.get(url).content.decode()
    assert "2 emails, 1 unread" in page
    assert "Grüße &lt;b&gt;" in page
    assert re.search(r"a@far\.test</a> <span class=\"quiet\">\+2", page)
    assert page.count('class="unread"') == 1
    assert "Of the development route" not in page
    as_alice.get(f"{url}{CapturedMail.objects.exclude(pk=read.pk).get(sandbox=sandbox).pk}/")
    assert "2 emails, 0 unread" in page_of(as_alice, url)


@pytest.mark.parametrize("text", ["SECOND@", "bcc-only@", "Grüß", "shop <"])
def test_any_recipient_the_sender_or_the_subject_finds_a_mail(
    as_alice: Client, sandbox: Sandbox, url: str, text: str
) -> None:
    make_captured(sandbox, subject="Other", from_header="other@example.test")
    crowd = [["to", "first@far.test"], ["to", "second@far.test"], ["bcc", "bcc-only@far.test"]]
    make_captured(sandbox, subject="Mit Grüßen", recipients=crowd, recipient="first@far.test")
    page = page_of(as_alice, url, q=text)
    assert "Mit Grüßen" in page
    assert "Other" not in page
    assert f"contains {text}" in page
    assert "Nothing matches" in page_of(as_alice, url, q="%")


def test_the_page_asks_for_news_until_it_has_rested(
    as_alice: Client, sandbox: Sandbox, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poll() -> str:
        return re.search(r'id="captured-rows" hx-get="([^"]+)"', page_of(as_alice, url))[1]  # type: ignore[index]

    empty = poll()
    assert as_alice.get(empty).status_code == 204
    mail = make_captured(sandbox)
    fragment = as_alice.get(empty, headers={"HX-Request": "true", "HX-Target": "captured-rows"})
    assert fragment.status_code == 200
    assert f"/{mail.pk}/" in fragment.content.decode()
    assert "is-new" not in fragment.content.decode(), "the first mail replaces the lines to paste"
    waiting = poll()
    make_captured(sandbox)
    assert "is-new" in page_of(as_alice, waiting)
    assert "1 new email" in page_of(as_alice, waiting)
    monkeypatch.setattr(mailbox, "LIVE_SECONDS", -1)
    rested = as_alice.get(waiting)
    assert rested.status_code == 286
    assert b"This page has rested" in rested.content
    assert b"hx-get" not in rested.content.split(b'id="captured-rows"')[1].split(b">")[0]
    assert b"hx-get" not in as_alice.get(f"{url}?live=off").content.split(b'id="captured-rows"')[1].split(b">")[0]


def test_a_mail_is_shown_as_readers_and_servers_see_it(as_alice: Client, sandbox: Sandbox, url: str) -> None:
    mail = make_captured(sandbox, category="Welcome", custom_variables={"order": "58213"})
    page = page_of(as_alice, f"{url}{mail.pk}/")
    assert f'src="{url}{mail.pk}/preview/"' in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "preview-phone" not in page
    assert "preview-phone" in page_of(as_alice, f"{url}{mail.pk}/", width="phone")
    assert all(word in page for word in ("rita@far.test", "Welcome", "58213", "invoice.html", "text/html"))
    shown = {show: page_of(as_alice, f"{url}{mail.pk}/", show=show) for show in ("text", "markup", "headers", "source")}
    assert "It left this morning." in shown["text"]
    assert "<h1>It left this morning</h1>" in shown["markup"]
    assert "Message-ID: <1@example.test>" in shown["headers"]
    assert "boundary=o" in shown["source"]
    assert as_alice.get(f"{url}{mail.pk}/source/").content == SOURCE
    assert as_alice.get(f"{url}{mail.pk}/preview/").content.endswith(b"<h1>It left this morning</h1>")
    checks = page_of(as_alice, f"{url}{mail.pk}/", show="checks")
    assert "Nothing to mend" in checks
    assert "Sending domain: example.test may send" in checks
    assert "multipart/alternative" in checks


def test_an_attachment_is_a_file_to_keep_and_never_a_page(as_alice: Client, sandbox: Sandbox, url: str) -> None:
    mail = make_captured(sandbox)
    path = re.search(rf"{url}{mail.pk}/parts/\d+/", page_of(as_alice, f"{url}{mail.pk}/"))[0]  # type: ignore[index]
    response = as_alice.get(path)
    assert response.content == b"<script>alert(1)</script>"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == 'attachment; filename="invoice.html"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    for number in (0, 1, 99):
        assert as_alice.get(f"{url}{mail.pk}/parts/{number}/").status_code == 404


def test_what_is_marked_deleted_and_emptied_is_so_for_everybody(as_alice: Client, sandbox: Sandbox, url: str) -> None:
    first, second, other = make_captured(sandbox), make_captured(sandbox), make_captured(None)
    assert as_alice.post(f"{url}read/").status_code == 302
    assert not CapturedMail.objects.filter(sandbox=sandbox, is_read=False).exists()
    assert not CapturedMail.objects.get(pk=other.pk).is_read
    assert "Keep it" in page_of(as_alice, f"{url}{first.pk}/delete/")
    as_alice.post(f"{url}{first.pk}/delete/")
    assert set(CapturedMail.objects.values_list("pk", flat=True)) == {second.pk, other.pk}
    assert "One email is deleted" in page_of(as_alice, f"{url}empty/")
    as_alice.post(f"{url}empty/")
    assert list(CapturedMail.objects.values_list("pk", flat=True)) == [other.pk]
    noted = AuditEntry.objects.order_by("pk").values_list("action", "target_name", "changes")
    assert list(noted) == [
        ("sandbox.mail_deleted", sandbox.name, {"mail": {"from": str(first.pk), "to": None}}),
        ("sandbox.emptied", sandbox.name, {"mails": {"from": 1, "to": 0}}),
    ]
    as_alice.post(f"{url}{first.pk}/delete/")
    assert AuditEntry.objects.count() == 2


def test_a_sandbox_is_made_renamed_and_deleted_with_its_mail(world: World, as_alice: Client, sandbox: Sandbox) -> None:
    base = f"/a/{world.account.pk}/sandboxes/"
    assert as_alice.post(f"{base}new/", {"name": " "}).status_code == 422
    made = as_alice.post(f"{base}new/", {"name": "QA"})
    qa = Sandbox.objects.get(name="QA")
    assert made["Location"] == f"{base}{qa.pk}/"
    as_alice.post(f"{base}{qa.pk}/setup/", {"name": "Acceptance"})
    make_captured(qa)
    page = page_of(as_alice, f"{base}{qa.pk}/delete/")
    assert "Delete “Acceptance”" in page
    assert "Its one email goes with it" in page
    assert as_alice.post(f"{base}{qa.pk}/delete/").status_code == 302
    assert list(Sandbox.objects.all()) == [sandbox]
    assert not CapturedMail.objects.exists()
    actions = AuditEntry.objects.order_by("pk").values_list("action", "actor_name", "target_name")
    assert list(actions) == [
        ("sandbox.created", world.alice.email, "QA"),
        ("sandbox.renamed", world.alice.email, "Acceptance"),
        ("sandbox.deleted", world.alice.email, "Acceptance"),
    ]


def test_the_last_one_stays_and_there_are_not_any_number(
    as_alice: Client, sandbox: Sandbox, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life, "MOST", 1)
    refused = as_alice.post(f"{url}delete/", follow=True)
    assert "An account keeps one sandbox" in refused.content.decode()
    refused = as_alice.post(reverse("sending:sandbox_add", args=[sandbox.account_id]), {"name": "More"})
    assert (refused.status_code, Sandbox.objects.count()) == (422, 1)


def test_viewers_read_and_billing_people_see_what_came_and_neither_changes_anything(
    world: World, sandbox: Sandbox, url: str
) -> None:
    mail = make_captured(sandbox)
    Membership.objects.filter(user=world.vera).update(sees_content=True)
    viewer, billing = Client(), Client()
    viewer.force_login(world.vera)
    billing.force_login(make_user("bill@acme.test", world.account, Role.BILLING))
    assert Membership.objects.filter(account=world.account).count() == 4
    seen = {client: page_of(client, url) for client in (viewer, billing)}
    assert f"/{mail.pk}/" in seen[viewer]
    assert f"/{mail.pk}/" not in seen[billing]
    assert all("rita@far.test" in page and "Empty" not in page for page in seen.values())
    content = [f"{url}{mail.pk}/{rest}" for rest in ("", "preview/", "source/", "parts/4/")]
    assert [viewer.get(path).status_code for path in content] == [200] * 4
    assert [billing.get(path).status_code for path in content] == [403] * 4
    changes = ("empty/", "delete/", "setup/", f"{mail.pk}/delete/")
    for client in (viewer, billing):
        assert [client.post(f"{url}{rest}", {"name": "x"}).status_code for rest in changes] == [403] * 4
        assert client.post(f"/a/{world.account.pk}/sandboxes/new/", {"name": "x"}).status_code == 403
    assert (viewer.post(f"{url}read/").status_code, billing.post(f"{url}read/").status_code) == (302, 403)
    assert CapturedMail.objects.filter(pk=mail.pk).exists()


def test_a_mail_is_found_in_its_own_mailbox_alone(world: World, as_alice: Client, sandbox: Sandbox, url: str) -> None:
    other = make_captured(make_sandbox(world.account, "Other"))
    foreign, on_development = make_captured(make_sandbox(world.stranger_account)), make_captured(None)
    for mail in (other, foreign, on_development):
        for rest in ("", "preview/", "source/", "parts/4/", "delete/"):
            assert as_alice.get(f"{url}{mail.pk}/{rest}").status_code == 404
        assert as_alice.post(f"{url}{mail.pk}/delete/").status_code == 404
    own = make_captured(sandbox)
    for rest in ("", "preview/", "source/", "parts/4/", "delete/"):
        assert as_alice.get(f"/captured/{own.pk}/{rest}").status_code == 404
    assert str(own.pk) not in page_of(as_alice, "/captured/")
