"""Who looks after webhooks adds, reads, tests, pauses and repairs them; others read, and strangers find nothing."""

import re
import shlex
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from mailtrap_site.testing.webhook_sink import Sink
from mailtrap_site.testing.world import World
from sending.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from sending.tests.webhooks.conftest import *  # noqa: F403 the fixtures
from sending.tests.webhooks.conftest import Happen, Make
from sending.tests.webhooks.test_failures_lose_nothing import step
from sending.webhooks.drain import drain
from sending.webhooks.endpoints import By, pause

pytestmark = pytest.mark.django_db


def as_(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def where(name: str, endpoint: WebhookEndpoint, *more: int) -> str:
    return reverse(f"sending:{name}", args=[endpoint.account_id, endpoint.pk, *more])


def settings_of(sink: Sink, **changes: Any) -> dict[str, Any]:
    fields = {"url": sink.url, "stream": "transactional", "domain": "", "format": "json", "event_types": ["bounce"]}
    return fields | changes


def page(client: Client, endpoint: WebhookEndpoint, rest: str = "") -> str:
    return client.get(where("webhook", endpoint) + rest).text


def test_one_is_added_and_its_secret_shown_once(world: World, sink: Sink) -> None:
    bob, add = as_(world.bob), reverse("sending:webhook_add", args=[world.account.pk])
    empty = bob.get(reverse("sending:webhooks", args=[world.account.pk])).text
    assert "No webhook yet" in empty
    answer = bob.post(add, settings_of(sink, domain=world.domain.pk))
    endpoint = WebhookEndpoint.objects.get()
    assert (answer.status_code, endpoint.event_types, endpoint.domain) == (200, ["bounce"], world.domain)
    assert endpoint.secret in answer.text
    assert "no-store" in answer["Cache-Control"]
    assert endpoint.secret not in page(bob, endpoint)
    assert endpoint.created_by == world.bob
    assert AuditEntry.objects.get(action="webhook.created").actor == world.bob
    assert "Events of transactional mail from example.test, as JSON" in page(bob, endpoint)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"url": ""}, "A URL is missing"),
        ({"url": "shop.test"}, "must begin with https://"),
        ({"url": "http://169.254.169.254/"}, "not public"),
        ({"event_types": []}, "Choose at least one"),
        ({"stream": ""}, "Choose at least one"),
        ({"domain": "0"}, "valid choice"),
    ],
)
def test_what_does_not_stand_is_said_beside_its_field(
    world: World, sink: Sink, settings: Any, changes: dict[str, Any], sentence: str
) -> None:
    from dataclasses import replace

    if "169" in str(changes.get("url")):
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, outbound_public_only=True)
    add = reverse("sending:webhook_add", args=[world.account.pk])
    answer = as_(world.alice).post(add, settings_of(sink, **changes))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not WebhookEndpoint.objects.exists()


def test_a_failing_one_says_since_when_what_waits_and_what_is_next(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    endpoint = make_endpoint()
    happen("delivery", "open")
    sink.statuses, sink.answer_body = [503], b"upstream <connect> error"
    now = timezone.now()
    for number in range(6):
        step(now + timedelta(minutes=5 * number))
    words = page(as_(world.vera), endpoint)
    assert "Your server has not answered 200 since" in words
    assert "2 events are waiting." in words
    assert "pause after 34 more failures" in words
    assert "503, will retry" in words
    assert words.count("503, retried") == 5
    assert "6 of 40" in words
    assert "Mailtrap-Signature: " in words
    assert "upstream &lt;connect&gt; error" in words
    assert "Try again now" not in words
    failing = as_(world.alice)
    assert "Try again now" in page(failing, endpoint)
    sink.statuses = [200]
    failing.post(where("webhook_state", endpoint), {"act": "try_now"})
    drain(5)
    assert "has not answered 200" not in page(failing, endpoint)
    assert page(failing, endpoint).count("503, retried") == 6
    assert "No failed delivery" not in page(failing, endpoint, "?failed=1")


def test_it_is_paused_resumed_and_what_waits_skipped_after_a_question(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    endpoint, alice = make_endpoint(), as_(world.alice)
    state = where("webhook_state", endpoint)
    alice.post(state, {"act": "pause"})
    happen("delivery", "open")
    assert "2 events are waiting." in page(alice, endpoint)
    assert "2 events that wait are skipped" in alice.get(state).text
    alice.post(state, {"act": "skip_waiting"})
    alice.post(state, {"act": "pause"})
    happen("click")
    alice.post(state, {"act": "resume"})
    alice.post(state, {"act": "nonsense"})
    drain(5)
    assert [event["event"] for event in sink.events] == ["click"]


def test_a_test_leads_to_its_answer(world: World, make_endpoint: Make, sink: Sink) -> None:
    endpoint, alice = make_endpoint(event_types=["bounce"]), as_(world.alice)
    sink.statuses, sink.answer_body = [500, 200], b"no such route"
    answer = alice.post(where("webhook_test", endpoint), follow=True)
    assert "Your server did not answer 200" in answer.text
    assert "no such route" in answer.text
    assert "Your server answered 200" in alice.post(where("webhook_test", endpoint), follow=True).text
    assert list(WebhookDelivery.objects.order_by("id").values_list("kind", "state")) == [
        ("test", "failed"),
        ("test", "delivered"),
    ]
    assert WebhookEndpoint.objects.get().failures == 0
    assert drain(5) == 0


def test_one_delivery_is_sent_again_and_a_waiting_one_skipped(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    endpoint, alice = make_endpoint(), as_(world.alice)
    happen("delivery")
    drain(5)
    delivery = WebhookDelivery.objects.get()
    opened = page(alice, endpoint, f"?open={WebhookAttempt.objects.get().pk}")
    assert "Send this one again" in opened
    alice.post(where("webhook_again", endpoint, delivery.pk))
    drain(5)
    first, again = sink.told
    assert (first.body, first.headers["webhook-id"]) == (again.body, again.headers["webhook-id"])
    sink.statuses = [500]
    happen("open")
    drain(5)
    waiting = WebhookDelivery.objects.get(state="waiting")
    assert "Skip this one" in page(alice, endpoint)
    alice.post(where("webhook_skip", endpoint, waiting.pk))
    assert "500, skipped" in page(alice, endpoint)


def test_everything_since_an_event_and_of_a_time_is_sent_again(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    endpoint, alice = make_endpoint(), as_(world.alice)
    happen("delivery", "open", "click")
    drain(5)
    happen("bounce")
    drain(5)
    events = sink.events
    sink.told.clear()
    replay = where("webhook_replay", endpoint)
    assert alice.post(replay, {"since": events[1]["event_id"]}).status_code == 302
    drain(5)
    assert sink.events == events[1:]
    assert alice.post(replay, {"since": "01900000-0000-7000-8000-000000000000"}).status_code == 422
    assert "is no event_id" in alice.post(replay, {"since": "4711"}).text
    assert "Enter an event_id" in alice.post(replay, {}).text
    sink.told.clear()
    local = timezone.localtime()
    times = {
        "begin": f"{local - timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "end": f"{local + timedelta(hours=1):%Y-%m-%dT%H:%M}",
    }
    assert alice.post(replay, times).status_code == 302
    drain(5)
    assert sink.events == events, "what was sent again is not sent again twice"


def test_the_secret_is_replaced_and_the_old_one_ended(world: World, make_endpoint: Make) -> None:
    endpoint, alice = make_endpoint(), as_(world.alice)
    answer = alice.post(where("webhook_secret", endpoint), {"overlap": "24"})
    found = WebhookEndpoint.objects.get()
    assert found.next_secret is not None
    assert found.next_secret in answer.text
    assert endpoint.secret not in answer.text
    assert "A new secret signs beside it" in page(alice, endpoint)
    alice.post(where("webhook_switch", endpoint))
    assert WebhookEndpoint.objects.get().secret == found.next_secret
    alice.post(where("webhook_secret", endpoint), {"overlap": "0"})
    assert WebhookEndpoint.objects.get().next_secret is None


def test_settings_change_and_a_hidden_password_stays_with_its_host_alone(
    world: World, make_endpoint: Make, sink: Sink
) -> None:
    endpoint, alice = make_endpoint(url=sink.url.replace("//", "//shop:secret@")), as_(world.alice)
    edit = where("webhook_edit", endpoint)
    form = alice.get(edit).text
    assert "secret@" not in form
    shown = endpoint.shown_url
    assert alice.post(edit, settings_of(sink, url=shown + "&more=1", format="jsonlines")).status_code == 302
    found = WebhookEndpoint.objects.get()
    assert (found.url, found.format) == (endpoint.url + "&more=1", "jsonlines")
    alice.post(edit, settings_of(sink, url=shown.replace("127.0.0.1", "127.0.0.2")))
    assert "secret" not in WebhookEndpoint.objects.get().url


def test_who_may_only_read_changes_nothing_and_a_stranger_finds_nothing(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    endpoint = make_endpoint()
    happen("delivery")
    pause(endpoint, By())
    delivery = WebhookDelivery.objects.get()
    names = ("webhook_edit", "webhook_secret", "webhook_switch", "webhook_test", "webhook_state", "webhook_replay",
             "webhook_delete")  # fmt: skip
    for name in names:
        assert as_(world.vera).post(where(name, endpoint)).status_code == 403
        assert as_(world.charlie).post(where(name, endpoint)).status_code == 404
        own = reverse(f"sending:{name}", args=[world.stranger_account.pk, endpoint.pk])
        assert as_(world.charlie).post(own).status_code == 404
    for name in ("webhook_again", "webhook_skip"):
        assert as_(world.vera).post(where(name, endpoint, delivery.pk)).status_code == 403
    strange = make_endpoint(account=world.stranger_account)
    assert as_(world.charlie).post(where("webhook_skip", strange, delivery.pk)).status_code == 404
    assert as_(world.vera).get(reverse("sending:webhook_add", args=[world.account.pk])).status_code == 403
    assert sink.told == []
    listed = as_(world.vera).get(reverse("sending:webhooks", args=[world.account.pk])).text
    assert endpoint.shown_url in listed
    assert "Add a webhook" not in listed


def test_it_is_deleted_after_a_question_that_says_what_is_lost(
    world: World, happen: Happen, make_endpoint: Make
) -> None:
    endpoint, alice = make_endpoint(), as_(world.alice)
    pause(endpoint, By())
    happen("delivery", "open")
    assert "2 events that wait are lost" in alice.get(where("webhook_delete", endpoint)).text
    assert alice.post(where("webhook_delete", endpoint)).status_code == 302
    assert not WebhookEndpoint.objects.exists()
    assert not WebhookDelivery.objects.exists()
    assert AuditEntry.objects.get(action="webhook.deleted").target_name == endpoint.shown_url


def test_the_log_has_pages(world: World, happen: Happen, make_endpoint: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from sending.pages import webhook_log

    monkeypatch.setattr(webhook_log, "PAGE", 2)
    endpoint, alice = make_endpoint(), as_(world.alice)
    for _ in range(3):
        happen("delivery")
        drain(5)
    first = page(alice, endpoint)
    older = str(WebhookAttempt.objects.order_by("-id")[1].pk)
    assert f"?before={older}" in first
    last = page(alice, endpoint, f"?before={older}")
    assert "1 request" in last
    assert page(alice, endpoint, "?before=x&open=y").count("<tr") == first.count("<tr")


def test_an_open_page_shows_what_comes_in_and_asks_less_and_less(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    endpoint, client = make_endpoint(), as_(world.vera)
    [poll] = re.findall(r'id="attempts"[^>]*hx-get="([^"]+)" hx-trigger="every 3s"', page(client, endpoint))
    poll = unescape(poll)
    headers = {"HX-Request": "true", "HX-Target": "attempts"}
    assert client.get(where("webhook", endpoint) + poll, headers=headers).status_code == 204
    happen("delivery")
    step(timezone.now())
    news = client.get(where("webhook", endpoint) + poll, headers=headers)
    assert news.status_code == 200
    assert news.text.lstrip().startswith("<section")
    assert WebhookAttempt.objects.get().pk.hex in news.text.replace("-", "")
    now = int(timezone.now().timestamp())
    later = client.get(where("webhook", endpoint) + f"?since={now - 120}&seen=x", headers=headers)
    assert (later.status_code, 'hx-trigger="every 10s"' in later.text) == (200, True)
    last = client.get(where("webhook", endpoint) + f"?since={now - 700}&seen=x", headers=headers)
    assert (last.status_code, "hx-trigger" in last.text) == (286, False)


def test_a_request_is_copied_as_a_command_without_passwords(
    world: World, happen: Happen, make_endpoint: Make, sink: Sink
) -> None:
    endpoint = make_endpoint(url=sink.url.replace("://", "://shop:secret@"))
    happen("delivery")
    step(timezone.now())
    shown = f"?open={WebhookAttempt.objects.get().pk}"
    [command] = re.findall(r'data-copy="(curl [^"]+)"', page(as_(world.bob), endpoint, shown))
    words = shlex.split(unescape(command))
    assert words[:4] == ["curl", "--request", "POST", sink.url]
    assert words[-1].encode() == sink.told[0].body
    assert [word for word in words if word.startswith("Mailtrap-Signature: ")]
    assert "secret" not in command
    assert "Authorization" not in command
    assert "data-copy" not in page(as_(world.vera), endpoint, shown)
