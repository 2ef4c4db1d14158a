"""Who sends may ask the support about one email; the answer comes by letter and stands beside the email."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, User
from billing import requests
from billing.models import SupportRequest
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.models import Message
from sending.tests.pages.test_message_page import shown


@pytest.fixture
def desk(world: World) -> Client:
    staff = User.objects.create_superuser("staff@platform.test", "correct horse battery")
    client = Client()
    client.force_login(staff)
    return client


def ask(client: Client, message: Message, question: str = "The reader says that nothing came.") -> int:
    where = reverse("sending:message_question", args=[message.account_id, message.pk])
    return client.post(where, {"question": question}).status_code


def test_the_question_carries_the_id_and_stands_on_the_page(world: World, as_alice: Client) -> None:
    message = make_message(world.domain)
    assert str(message.pk) in as_alice.get(f"/a/{world.account.pk}/log/{message.pk}/question/").text
    assert ask(as_alice, message) == 302
    row = SupportRequest.objects.get()
    assert (row.kind, row.message_id, row.asked_by, row.is_open) == ("message", message.pk, world.alice, True)
    assert AuditEntry.objects.get(action="request.asked").account == world.account
    page = shown(as_alice, message)
    assert "The reader says that nothing came." in page
    assert "Our staff read it and answer by email." in page
    assert "Ask again" not in page
    assert "nothing came" not in shown(as_alice, make_message(world.domain))


def test_staff_find_it_in_the_queue_with_the_way_to_the_email_and_answer_it_once(
    world: World,
    as_alice: Client,
    desk: Client,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
) -> None:
    message = make_message(world.domain)
    ask(as_alice, message)
    assert f"help with the email {message.pk}" in desk.get("/admin/requests/").text
    where = f"/admin/requests/{SupportRequest.objects.get().pk}/"
    page = desk.get(where).text
    assert f'href="/admin/sending/message/{message.pk}/change/"' in page
    assert desk.get(f"/admin/sending/message/{message.pk}/change/").status_code == 200
    assert "Grant it" not in page
    assert desk.post(where, {"answer": " "}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        assert desk.post(where, {"answer": "It lies in their junk folder."}).status_code == 302
    assert [letter.to for letter in mail.outbox] == [["alice@acme.test"]]
    assert "It lies in their junk folder." in mail.outbox[0].body
    assert "It lies in their junk folder." in shown(as_alice, message)
    assert "Ask again" in shown(as_alice, message)
    desk.post(where, {"answer": "Another answer"})
    assert "Another answer" not in shown(as_alice, message)


def test_the_answer_reaches_whoever_asked_besides_the_owner(
    world: World,
    signed_in: Callable[[User], Client],
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
) -> None:
    message = make_message(world.domain)
    ask(signed_in(world.bob), message)
    with django_capture_on_commit_callbacks(execute=True):
        requests.answer_question(SupportRequest.objects.get(), "Read on", world.charlie)
    assert sorted(letter.to[0] for letter in mail.outbox) == ["alice@acme.test", "bob@acme.test"]


def test_several_emails_may_be_asked_about_but_each_once_at_a_time(world: World, as_alice: Client) -> None:
    one, other = make_message(world.domain), make_message(world.domain)
    for message in (one, other, one):
        ask(as_alice, message)
    assert list(SupportRequest.objects.order_by("pk").values_list("message_id", flat=True)) == [one.pk, other.pk]


def test_an_account_cannot_flood_the_desk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MOST_QUESTIONS", 2)
    for _ in range(2):
        requests.ask_about_message(world.account, make_message(world.domain).pk, "Why?", world.alice)
    with pytest.raises(ValueError, match="wait for an answer"):
        requests.ask_about_message(world.account, make_message(world.domain).pk, "Why?", world.alice)
    requests.ask_about_message(world.stranger_account, make_message(world.stranger_domain).pk, "Why?", world.charlie)


def test_an_empty_question_is_put_right_in_place(world: World, as_alice: Client) -> None:
    assert ask(as_alice, make_message(world.domain), " ") == 422
    assert not SupportRequest.objects.exists()


def test_viewers_and_strangers_cannot_ask(world: World, signed_in: Callable[[User], Client]) -> None:
    message = make_message(world.domain)
    assert ask(signed_in(world.vera), message) == 403
    assert ask(signed_in(world.charlie), message) == 404
    assert "Ask support" not in shown(signed_in(world.vera), message)
    foreign = make_message(world.stranger_domain)
    where = reverse("sending:message_question", args=[world.account.pk, foreign.pk])
    assert signed_in(world.alice).post(where, {"question": "Whose?"}).status_code == 404
