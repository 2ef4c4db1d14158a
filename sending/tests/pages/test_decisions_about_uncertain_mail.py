"""A message of which nobody knows whether it arrived waits for a person, who decides once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from mailtrap_site.testing.mail import make_message
from mailtrap_site.testing.world import World
from sending.models import PARKED, Event, Hold, Message, QueueEntry


def asked(domain: Any) -> Message:
    message = make_message(domain, status="uncertain")
    QueueEntry.objects.filter(pk=message.pk).update(hold=Hold.UNCERTAIN, due_at=PARKED, pause_id=0)
    Message.objects.filter(pk=message.pk).update(next_attempt_at=None)
    return message


def path_of(message: Message, rest: str = "") -> str:
    return f"/a/{message.account_id}/log/{message.pk}/{rest}"


@pytest.mark.parametrize(
    ("decision", "status", "event", "queued", "toast"),
    [
        ("send_again", "queued", Event.Type.RELEASE, 1, "The email is sent again."),
        ("delivered", "delivered", Event.Type.DELIVERY, 0, "The email counts as delivered."),
        ("give_up", "bounced", Event.Type.BOUNCE, 0, "The email was given up."),
    ],
)
def test_the_first_decision_counts_and_is_audited(
    decision: str, status: str, event: str, queued: int, toast: str, world: World, as_alice: Client
):
    message = asked(world.domain)
    page = as_alice.get(path_of(message)).content.decode()
    assert "It waits for your decision" in page
    assert page.count('name="decision"') == 3
    answer = as_alice.post(path_of(message, "decision/"), {"decision": decision}, follow=True).content.decode()
    assert toast in answer
    assert "as Alice decided" in answer
    assert 'name="decision"' not in answer
    message.refresh_from_db()
    assert message.status == status
    assert QueueEntry.objects.filter(pk=message.pk, hold=None).count() == queued
    assert Event.objects.filter(message=message, type=event).count() == 1
    entry = AuditEntry.objects.get(action="message.decided")
    assert (entry.actor_name, entry.changes["decision"]["to"]) == ("alice@acme.test", decision)
    again = as_alice.post(path_of(message, "decision/"), {"decision": "give_up"}, follow=True).content.decode()
    assert "does not wait for a decision any more" in again
    assert AuditEntry.objects.filter(action="message.decided").count() == 1


def test_mail_that_is_sent_again_by_itself_asks_nobody(world: World, as_alice: Client):
    message = make_message(world.domain, status="uncertain")
    page = as_alice.get(path_of(message)).content.decode()
    assert "We send it again at" in page
    assert 'name="decision"' not in page
    answer = as_alice.post(path_of(message, "decision/"), {"decision": "delivered"}, follow=True).content.decode()
    assert "does not wait for a decision any more" in answer
    message.refresh_from_db()
    assert message.status == "uncertain"


def test_a_viewer_sees_it_and_does_not_decide(world: World, signed_in: Callable[[User], Client]):
    message, vera = asked(world.domain), signed_in(world.vera)
    page = vera.get(path_of(message)).content.decode()
    assert "It waits for your decision" in page
    assert 'name="decision"' not in page
    assert vera.post(path_of(message, "decision/"), {"decision": "delivered"}).status_code == 403


@pytest.mark.parametrize("decision", [None, "", "perhaps"])
def test_what_is_no_decision_is_not_found(decision: str | None, world: World, as_alice: Client):
    message = asked(world.domain)
    body = {} if decision is None else {"decision": decision}
    assert as_alice.post(path_of(message, "decision/"), body).status_code == 404
    assert QueueEntry.objects.get(pk=message.pk).hold == Hold.UNCERTAIN


def test_another_accounts_mail_is_not_decided_about(world: World, as_alice: Client):
    message = asked(world.stranger_domain)
    path = f"/a/{world.account.pk}/log/{message.pk}/decision/"
    assert as_alice.post(path, {"decision": "delivered"}).status_code == 404
    assert QueueEntry.objects.get(pk=message.pk).hold == Hold.UNCERTAIN
