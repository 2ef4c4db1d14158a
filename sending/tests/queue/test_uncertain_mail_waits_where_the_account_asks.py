"""RFC 1047: after a cut-off at the final dot the account's choice decides, sent again or asked; and so do people."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailtrap_site.testing.world import make_world
from sending.delivery.evidence import NOBODY, Ending, result_of
from sending.events.record import record_results
from sending.models import PARKED, Attempt, Event, Message, OnUncertain, QueueEntry, Stream, StreamSetting
from sending.models.statements import raw_cursor
from sending.protocol.reply import Reply
from sending.queue.claim import claim, mark_uncertain
from sending.queue.control import Decision, decide_uncertain
from sending.queue.sweep import sweep
from sending.replies.classify import Phase, classify_local
from sending.tests.queued import queue_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def ask(world, stream=Stream.TRANSACTIONAL):
    StreamSetting.objects.create(account=world.account, stream=stream, on_uncertain=OnUncertain.ASK)


def cut_off_in_conversation(world):
    [message_id] = queue_message(world.domain, "rita@x.test")
    [claimed] = claim(raw_cursor(), now=timezone.now())
    reply = Reply(451, "4.4.2", ("The connection was closed",))
    ending = Ending(classify_local(reply, uncertain=True), Phase.FINAL_DOT, reply, is_local=True)
    now = timezone.now()
    record_results([result_of(claimed, ending, NOBODY, started_at=now, now=now, content_sha256=None)])
    return message_id


def cut_off_by_a_kill(world):
    [message_id] = queue_message(world.domain, "rita@x.test")
    now = timezone.now()
    mark_uncertain(raw_cursor(), claim(raw_cursor(), now=now), now=now)
    assert sweep(now + timedelta(minutes=5)).uncertain == 1
    return message_id


CUT_OFF = pytest.mark.parametrize("cut_off", [cut_off_in_conversation, cut_off_by_a_kill])


@CUT_OFF
def test_by_default_it_is_sent_again(world, cut_off):
    ask(world, Stream.BULK)
    message_id = cut_off(world)
    assert Message.objects.get(pk=message_id).status == "uncertain"
    entry = QueueEntry.objects.get(pk=message_id)
    assert (entry.hold, entry.due_at < PARKED) == (None, True)
    [again] = claim(raw_cursor(), now=timezone.now() + timedelta(hours=1))
    assert (again.message_id, again.asks_when_uncertain) == (message_id, False)


@CUT_OFF
def test_who_asks_is_asked_and_nothing_is_sent_meanwhile(world, cut_off):
    ask(world)
    message_id = cut_off(world)
    message = Message.objects.get(pk=message_id)
    assert (message.status, message.next_attempt_at, message.attempts) == ("uncertain", None, 1)
    entry = QueueEntry.objects.get(pk=message_id)
    assert (entry.hold, entry.due_at, entry.lease_owner, entry.uncertain_since) == ("uncertain", PARKED, None, None)
    assert Event.objects.get(message=message_id).details["asks"] is True
    assert claim(raw_cursor(), now=timezone.now() + timedelta(days=30)) == []
    assert sweep(timezone.now() + timedelta(days=30)).uncertain == 0


DECISIONS = {
    Decision.SEND_AGAIN: ("queued", "release", True),
    Decision.DELIVERED: ("delivered", "delivery", False),
    Decision.GIVE_UP: ("bounced", "bounce", False),
}


@CUT_OFF
@pytest.mark.parametrize("decision", DECISIONS)
def test_a_person_decides_once(world, cut_off, decision):
    status, event, is_queued = DECISIONS[decision]
    ask(world)
    message_id = cut_off(world)
    assert decide_uncertain(world.stranger_account.pk, decision, message_ids=[message_id]) == 0
    assert decide_uncertain(world.account.pk, decision, message_ids=[message_id], by="Alice") == 1
    message = Message.objects.get(pk=message_id)
    assert (message.status, message.finished_at is None) == (status, is_queued)
    told = Event.objects.filter(message=message_id).order_by("pk").last()
    assert (told.type, told.details["decided_by"]) == (event, "Alice")
    assert [one.message_id for one in claim(raw_cursor(), now=timezone.now())] == [message_id] * is_queued
    assert decide_uncertain(world.account.pk, Decision.GIVE_UP) == 0
    assert Attempt.objects.count() == 1


def test_all_of_an_account_are_decided_at_once(world):
    ask(world)
    for _ in range(3):
        cut_off_in_conversation(world)
    assert decide_uncertain(world.account.pk, Decision.GIVE_UP) == 3
    assert not QueueEntry.objects.exists()
