"""The list: its filters live in the address, its fragments are the page's own, and it tells of news without pushing."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from mailtrap_site.testing.mail import make_event, make_message
from mailtrap_site.testing.world import World
from sending.models import Message
from sending.pages import email_log

NOW = datetime.now(UTC)
Headers = dict[str, str] | None


@pytest.fixture
def path(world: World) -> str:
    return f"/a/{world.account.pk}/log/"


def shown(client: Client, address: str, headers: Headers = None) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def recipients(page: str) -> list[str]:
    return re.findall(r'class="main-link"[^>]*>([^<]+)</a>', page)


def poll_of(page: str) -> str:
    found = re.search(r'id="log-news" hx-get="([^"]+)"', page)
    assert found
    return unescape(found[1])


def test_rows_are_newest_first_with_their_state(world: World, path: str, as_alice: Client):
    make_message(world.domain, "old@far.test", at=NOW - timedelta(hours=1), status="bounced")
    make_message(world.domain, "new@far.test", status="deferred")
    page = shown(as_alice, path)
    assert recipients(page) == ["new@far.test", "old@far.test"]
    assert "Deferred</span>" in page
    assert "Bounced</span>" in page


def test_a_message_that_a_sender_holds_is_shown_as_sending(world: World, path: str, as_alice: Client):
    make_message(world.domain, "held@far.test", status="queued", leased=True)
    assert "Sending</span>" in shown(as_alice, path)


def test_filters_combine_and_each_is_a_chip_that_can_be_removed(world: World, path: str, as_alice: Client):
    make_message(world.domain, "ada@far.test", status="bounced", subject="Invoice 1", category="Billing")
    make_message(world.domain, "ada@far.test", subject="Invoice 2")
    make_message(world.domain, "bob@far.test", status="bounced", subject="Invoice 3")
    today = NOW.strftime("%Y-%m-%d")
    asked = f"?to=ADA@far.test&status=bounced&subject=invoice&from=shop&category=Billing&after={today}&until={today}"
    page = shown(as_alice, path + asked)
    assert recipients(page) == ["ada@far.test"]
    for sentence in (
        "Recipient is ADA@far.test",
        "Status is Bounced",
        "Category is Billing",
        "Subject contains invoice",
    ):
        assert f"Remove the filter: {sentence}" in page
    assert "Clear all" in page


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("?group=waiting", ["queued", "deferred"]),
        ("?group=not_delivered", ["bounced"]),
        ("?group=delivered", ["delivered"]),
        ("?q=QUEUED", ["queued"]),
        ("?stream=bulk", []),
        ("?after=2999-01-01", []),
        (
            "?status=nonsense&group=nonsense&after=nonsense&before=nonsense",
            ["queued", "deferred", "bounced", "delivered"],
        ),
    ],
)
def test_quick_choices_and_search(asked: str, expected: list[str], world: World, path: str, as_alice: Client):
    for minutes, status in enumerate(("queued", "deferred", "bounced", "delivered")):
        make_message(world.domain, f"{status}@far.test", status=status, at=NOW - timedelta(minutes=minutes))
    page = shown(as_alice, path + asked)
    assert recipients(page) == [f"{status}@far.test" for status in expected]
    if not expected:
        assert "Nothing matches" in page


@pytest.mark.parametrize(
    ("asked", "expected", "sentence"),
    [
        ("?subject.ci_contain=INVOICE", ["bounced"], "Subject contains INVOICE"),
        ("?subject.empty=yes", ["deferred"], "Subject is empty"),
        ("?to.ci_start=Que", ["queued"], "Recipient starts with Que"),
        ("?to.ci_equal=queued@far.test, bounced@far.test", ["queued", "bounced"], "Recipient is queued@far.test or b"),
        ("?status.not_equal=enqueued", ["bounced", "delivered"], "Outcome is not On its way"),
        ("?events.include_event=bounce", ["bounced"], "Events include Bounced"),
        ("?opens_count.greater_than=1", ["delivered"], "Number of opens is more than 1"),
        ("?email_service_provider.equal=Yahoo", ["delivered"], "Mailbox provider is Yahoo"),
        ("?email_service_provider_response.ci_contain=greylisted", ["deferred"], "Server’s answer contains greylisted"),
        ("?custom_variable.equal=order=58213", ["delivered"], "Custom variable is order=58213"),
        ("?custom_variable.equal=paid=true", ["delivered"], "Custom variable is paid=true"),
        ("?client_ip.contain=203.0.", ["queued", "deferred", "bounced", "delivered"], "Client IP contains 203.0."),
        ("?recipient_mx.ci_contain=nowhere", [], "Mail server (MX) contains nowhere"),
        ("?sending_domain_id.equal={domain}", ["queued", "deferred", "bounced", "delivered"], "domain is example.test"),
        ("?domain_id.not_equal={domain}", [], "Sending domain is not example.test"),
        ("?nonsense.equal=1&to.nonsense=1&events.equal=1", ["queued", "deferred", "bounced", "delivered"], ""),
    ],
)
def test_every_filter_of_the_api_is_one_of_the_page_and_says_so(
    asked: str, expected: list[str], sentence: str, world: World, path: str, as_alice: Client
):
    special: dict[str, dict[str, Any]] = {
        "bounced": {"subject": "Invoice 1"},
        "deferred": {"subject": ""},
        "delivered": {
            "provider": "Yahoo",
            "opens_count": 2,
            "submission": {"custom_variables": {"order": "58213", "paid": True}},
        },
    }
    for minutes, status in enumerate(("queued", "deferred", "bounced", "delivered")):
        at = NOW - timedelta(minutes=minutes)
        make_message(world.domain, f"{status}@far.test", status=status, at=at, **special.get(status, {}))
    page = shown(as_alice, path + asked.format(domain=world.domain.pk))
    assert recipients(page) == [f"{status}@far.test" for status in expected]
    assert ("Remove the filter" in page) == bool(sentence)
    assert sentence in unescape(page)


@pytest.mark.parametrize(
    ("group", "expected"),
    [("bounces", "bounced"), ("opted_out", "spam"), ("spam", "spam"), ("Google Workspace", "google"), ("Yahoo", "")],
)
def test_tabs_show_what_came_back_and_who_the_mailbox_provider_is(
    group: str, expected: str, world: World, path: str, as_alice: Client
):
    make_message(world.domain, "bounced@far.test", status="bounced")
    make_message(world.domain, "google@far.test", provider="Google Workspace")
    make_event(make_message(world.domain, "spam@far.test"), "spam")
    page = shown(as_alice, f"{path}?group={group}")
    assert recipients(page) == ([f"{expected}@far.test"] if expected else [])
    word = {"bounces": "Bounces", "opted_out": "Opted out", "spam": "Spam reports"}.get(group, group)
    assert f'aria-current="page">{word}</a>' in page


def test_a_filter_is_added_in_two_steps_without_scripts(world: World, path: str, as_alice: Client):
    make_message(world.domain, "ada@far.test", subject="Invoice")
    first = shown(as_alice, f"{path}?status=delivered&add=events.include_event&value=")
    assert '<option value="bounce">Bounced</option>' in first
    assert "more-filters" in first
    assert re.search(r'<details class="[^"]*more-filters" open>', first)
    typed = as_alice.get(f"{path}?status=delivered&add=events.include_event&value=bounced")
    assert typed["Location"] == f"{path}?status=delivered&events.include_event=bounce"
    htmx = as_alice.get(
        f"{path}?add=subject.ci_contain&value=inv&q=ada", headers={"HX-Request": "true", "HX-Target": "log-rows"}
    )
    assert htmx["HX-Redirect"] == f"{path}?q=ada&subject.ci_contain=inv"
    assert as_alice.get(f"{path}?add=subject.empty")["Location"] == f"{path}?subject.empty=yes"
    assert as_alice.get(f"{path}?add=until&value=2026-11-20")["Location"] == f"{path}?until=2026-11-20"


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("add=opens_count.equal&value=many", "“many” is not a number."),
        ("add=events.include_event&value=many", "“many” is none of the choices."),
        ("add=after&value=many", "“many” is not a day."),
        ("add=custom_variable.equal&value=many", "with “=” between them"),
    ],
)
def test_a_value_that_cannot_be_is_told_and_nothing_is_added(
    asked: str, problem: str, world: World, path: str, as_alice: Client
):
    make_message(world.domain)
    page = shown(as_alice, f"{path}?{asked}")
    assert problem in page
    assert "Remove the filter" not in page


def test_the_chosen_filter_brings_its_own_field(world: World, path: str, as_alice: Client):
    make_message(world.domain)
    asked = {"HX-Request": "true", "HX-Target": "filter-value"}
    fragment = shown(as_alice, f"{path}?add=sending_domain_id.equal", asked)
    assert fragment.startswith('<div class="field" id="filter-value">')
    assert f'<option value="{world.domain.pk}">example.test</option>' in fragment
    assert 'type="number"' in shown(as_alice, f"{path}?add=clicks_count.less_than", asked)
    assert "<input" not in shown(as_alice, f"{path}?add=subject.empty", asked)


def test_an_id_in_the_search_field_leads_to_its_message(world: World, path: str, as_alice: Client):
    message = make_message(world.domain)
    response = as_alice.get(path, {"q": str(message.pk)})
    assert response.status_code == 302
    assert response["Location"] == f"{path}{message.pk}/"


def test_pages_are_walked_by_key_in_both_directions(
    world: World, path: str, as_alice: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(email_log.fetch, "__kwdefaults__", {"before": None, "size": 2})
    monkeypatch.setattr(email_log.newer_than, "__kwdefaults__", {"size": 2})
    for minutes in range(5):
        make_message(world.domain, f"r{minutes}@far.test", at=NOW - timedelta(minutes=minutes))
    first = shown(as_alice, path)
    assert recipients(first) == ["r0@far.test", "r1@far.test"]
    assert "Newest 2 of 5 emails" in first
    older = unescape(re.search(r'href="([^"]+)" rel="next"', first)[1])  # type: ignore[index]
    second = shown(as_alice, older)
    assert recipients(second) == ["r2@far.test", "r3@far.test"]
    newer = unescape(re.search(r'href="([^"]+)" rel="prev"', second)[1])  # type: ignore[index]
    assert recipients(shown(as_alice, newer)) == ["r0@far.test", "r1@far.test"]


def test_htmx_gets_the_rows_alone(world: World, path: str, as_alice: Client):
    make_message(world.domain, "ada@far.test")
    fragment = shown(as_alice, path, {"HX-Request": "true", "HX-Target": "log-rows"})
    assert fragment.startswith('<div class="stack-small" id="log-rows">')
    response = as_alice.get(path + "?q=ada&status=&to=", headers={"HX-Request": "true", "HX-Target": "log-rows"})
    assert response["HX-Push-Url"] == f"{path}?q=ada"
    assert recipients(fragment) == ["ada@far.test"]


def test_new_rows_announce_themselves_once_and_are_marked_when_shown(world: World, path: str, as_alice: Client):
    make_message(world.domain, "old@far.test", at=NOW - timedelta(minutes=1))
    poll = poll_of(shown(as_alice, path))
    assert as_alice.get(poll).status_code == 204
    make_message(world.domain, "new@far.test")
    news = shown(as_alice, poll)
    assert "1 new email" in news
    assert as_alice.get(poll_of(news)).status_code == 204
    link = re.search(r'class="new-rows" href="([^"]+)"', news)
    assert link
    page = shown(as_alice, unescape(link[1]))
    assert re.search(r'class="is-new".*?new@far.test', page, re.DOTALL)
    assert page.count('class="is-new"') == 1


def test_a_row_whose_state_changed_is_told_without_the_others(world: World, path: str, as_alice: Client):
    moving = make_message(world.domain, "moving@far.test", status="queued")
    poll = poll_of(shown(as_alice, path))
    assert as_alice.get(poll).status_code == 204
    Message.objects.filter(pk=moving.pk).update(status="delivered", finished_at=NOW)
    news = shown(as_alice, poll)
    assert f'id="state-{moving.pk}" hx-swap-oob="true"' in news
    assert "Delivered" in news
    assert as_alice.get(poll_of(news)).status_code == 204


def test_asking_for_news_ends_after_ten_minutes(world: World, path: str, as_alice: Client):
    make_message(world.domain)
    poll = re.sub(r"since=\d+", "since=1", poll_of(shown(as_alice, path)))
    response = as_alice.get(poll)
    assert response.status_code == 286
    assert b"hx-get" not in response.content


def test_a_paused_page_asks_for_nothing(world: World, path: str, as_alice: Client):
    make_message(world.domain)
    page = shown(as_alice, path + "?live=off")
    assert "Resume" in page
    assert "/log/news/" not in page


def test_another_accounts_mail_and_news_stay_hidden(world: World, path: str, as_alice: Client):
    foreign = make_message(world.stranger_domain, "secret@far.test", status="queued")
    make_message(world.domain, "own@far.test")
    assert recipients(shown(as_alice, path)) == ["own@far.test"]
    news = as_alice.get(f"{path}news/?since={int(NOW.timestamp())}&open={foreign.pk}.sending")
    assert str(foreign.pk) not in news.content.decode()
    assert as_alice.get(path, {"q": str(foreign.pk)}).status_code == 200


@pytest.mark.parametrize("value", ["\0", "x" * 10_240, "'\"><script>alert(1)</script>", "%"])
def test_hostile_filters_are_never_an_error_and_never_markup(value: str, world: World, path: str, as_alice: Client):
    make_message(world.domain)
    for name in (
        "q",
        "to",
        "from",
        "subject",
        "category",
        "status",
        "stream",
        "group",
        "after",
        "until",
        "before",
        "seen",
        "add",
        "value",
        "to.ci_start",
        "events.include_event",
        "sending_domain_id.equal",
        "custom_variable.equal",
        "opens_count.equal",
        "sending_ip.contain",
    ):
        page = as_alice.get(path, {name: value})
        assert page.status_code == 200, name
        assert b"<script>alert" not in page.content
    for name in ("seen", "since", "open", "fresh", "q"):
        assert as_alice.get(f"{path}news/", {"since": str(int(NOW.timestamp())), name: value}).status_code in (
            200,
            204,
            286,
        )


def test_the_empty_log_teaches_and_gives_way_to_the_first_row(world: World, path: str, as_alice: Client):
    page = shown(as_alice, path)
    assert "Waiting for the first email" in page
    assert f"hello@{world.domain.name}" in page
    assert f"{world.token.first_digits}…" in page
    waiting = unescape(re.search(r'hx-get="([^"]+)"', page)[1])  # type: ignore[index]
    assert as_alice.get(waiting, headers={"HX-Request": "true", "HX-Target": "log"}).status_code == 204
    make_message(world.domain, "first@far.test")
    response = as_alice.get(waiting, headers={"HX-Request": "true", "HX-Target": "log"})
    assert response.status_code == 286
    assert recipients(response.content.decode()) == ["first@far.test"]
