"""A stream that the customer pauses in a domain's settings: accepted, held, and set free in its order, none lost."""

import time
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from domains.options import change
from mailtrap_site.testing.world import make_domain
from sending.models import PARKED, Event, Message, QueueEntry, Stream
from sending.models.statements import raw_cursor
from sending.queue import control, parked
from sending.queue.control import Scope
from sending.queue.gate import claim_free
from sending.submission.submit import Accepted, submit
from sending.tests.drafts import draft
from sending.tests.queued import queue_message

pytestmark = pytest.mark.django_db


def leaving():
    found = claim_free(raw_cursor(), now=timezone.now(), lease=timedelta(minutes=3), limit=50)
    return [one.message_id for one in found]


def set_free():
    return parked.set_free(timezone.now(), time.monotonic() + 5).released


def pause(domain, *streams):
    change(domain, {"suspended_streams": list(streams)})


def kinds(message_id):
    return [event.type for event in Event.objects.filter(message=message_id).order_by("pk")]


def test_mail_of_a_paused_stream_is_accepted_and_held_and_the_other_leaves(world):
    pause(world.domain, "transactional")
    [outcome] = submit([draft(world)])
    assert isinstance(outcome, Accepted)
    [bulk] = queue_message(world.domain, "rita@far.test", stream=Stream.BULK)
    [stranger] = queue_message(world.stranger_domain, "rita@far.test")
    assert set(leaving()) == {bulk, stranger}
    [held] = outcome.message_ids
    assert Message.objects.get(pk=held).status == "held"
    assert QueueEntry.objects.get(pk=held).due_at == PARKED
    assert Event.objects.get(message=held, type="suspension").details == {
        "code": "transactional_paused",
        "reject_reason": "The transactional stream of this domain is paused in its settings",
    }


def test_another_domain_of_the_account_goes_on(world):
    other = make_domain(world.account, "other.test")
    pause(world.domain, "transactional", "bulk")
    [message_id] = queue_message(other, "rita@far.test")
    assert leaving() == [message_id]


def test_nothing_is_set_free_and_held_again_while_the_pause_lasts(world):
    pause(world.domain, "transactional")
    [message_id] = queue_message(world.domain, "rita@far.test")
    assert leaving() == []
    for _ in range(3):
        assert set_free() == 0
        assert leaving() == []
    assert kinds(message_id) == ["suspension"]


def test_all_that_was_held_leaves_once_and_in_its_order(world):
    pause(world.domain, "transactional", "bulk")
    start = timezone.now() - timedelta(minutes=5)
    ids = [
        queue_message(world.domain, f"r{number}@far.test", due_at=start + timedelta(seconds=number))[0]
        for number in range(30)
    ]
    bulk = queue_message(world.domain, "b@far.test", stream=Stream.BULK)
    assert leaving() == []
    pause(world.domain, "bulk")
    assert set_free() == 30
    assert leaving() == ids
    assert leaving() == []
    assert QueueEntry.objects.get(pk=bulk[0]).pause_id == -2
    pause(world.domain)
    assert set_free() == 1
    assert leaving() == bulk


def test_a_pause_of_staff_and_one_of_the_customer_hold_until_both_are_over(world):
    staff = control.pause(Scope(domain_id=world.domain.pk), reason="Far is down")
    pause(world.domain, "transactional")
    [message_id] = queue_message(world.domain, "rita@far.test")
    assert leaving() == []
    pause(world.domain)
    set_free()
    assert leaving() == []
    assert control.resume(staff.pk)
    set_free()
    assert leaving() == [message_id]


def test_the_page_of_a_held_email_says_who_paused_it(world):
    pause(world.domain, "transactional")
    [message_id] = queue_message(world.domain, "rita@far.test")
    leaving()
    client = Client()
    client.force_login(world.vera)
    page = client.get(reverse("sending:message", args=[world.account.pk, message_id])).content.decode()
    assert "Held: you paused the transactional stream of this domain" in page
    assert "leaves in its order once the stream goes on" in page
