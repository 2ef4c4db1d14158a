"""Pauses, suspended accounts and domains: what waits is parked once, kept, and set free when the reason is gone."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account
from domains.models import SendingDomain
from mailtrap_site.testing.world import make_world
from sending.events.record import Evidence, Result, record_results
from sending.models import PARKED, Attempt, Event, Message, QueueEntry, Stream
from sending.models.statements import raw_cursor
from sending.policy.refusal import Reason
from sending.queue import control, parked
from sending.queue.claim import claim
from sending.queue.control import Scope
from sending.queue.gate import claim_free, hold_back
from sending.submission.submit import submit
from sending.tests.drafts import draft
from sending.tests.queued import queue_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def leaving(**options):
    found = claim_free(
        raw_cursor(),
        now=timezone.now(),
        lease=options.get("lease", timedelta(minutes=3)),
        limit=options.get("limit", 50),
    )
    return [one.message_id for one in found]


def set_free():
    return parked.set_free(timezone.now(), time.monotonic() + 5)


def status_of(message_id):
    return Message.objects.get(pk=message_id).status


def story(message_id):
    return [
        (event.type, event.details.get("code")) for event in Event.objects.filter(message=message_id).order_by("pk")
    ]


STANDINGS = {
    "account_suspended": lambda world: Account.objects.filter(pk=world.account.pk).update(state="suspended"),
    "domain_suspended": lambda world: SendingDomain.objects.filter(pk=world.domain.pk).update(
        compliance_status="suspended"
    ),
    "domain_not_verified": lambda world: SendingDomain.objects.filter(pk=world.domain.pk).update(dns_verified_at=None),
    "domain_not_compliant": lambda world: SendingDomain.objects.filter(pk=world.domain.pk).update(
        compliance_status="under_review"
    ),
}


@pytest.mark.parametrize("code", STANDINGS)
def test_mail_of_who_may_not_send_any_more_is_held_and_leaves_when_they_may_again(world, code):
    [message_id] = queue_message(world.domain, "rita@x.test")
    [other] = queue_message(world.stranger_domain, "rita@x.test")
    STANDINGS[code](world)
    assert leaving() == [other]
    entry = QueueEntry.objects.get(pk=message_id)
    assert (entry.hold, entry.due_at, entry.lease_owner, entry.lease_until) == ("standing", PARKED, None, None)
    assert (status_of(message_id), story(message_id)) == ("held", [("suspension", code)])
    assert leaving() == []
    assert set_free().released == 0
    Account.objects.filter(pk=world.account.pk).update(state="active")
    SendingDomain.objects.filter(pk=world.domain.pk).update(
        compliance_status="compliant", dns_verified_at=timezone.now()
    )
    assert set_free() == parked.SetFree(released=1, is_more=False)
    assert (status_of(message_id), story(message_id)[-1][0]) == ("queued", "release")
    assert leaving() == [message_id]


@pytest.mark.parametrize("code", ["account_suspended", "domain_suspended"])
def test_what_is_handed_over_during_a_suspension_is_accepted_held_and_leaves_in_its_order(world, code):
    STANDINGS[code](world)
    accepted = [submit([draft(world)])[0].message_ids[0] for _ in range(3)]
    assert leaving() == []
    assert [story(one)[-1] for one in accepted] == [("suspension", code)] * 3
    Account.objects.filter(pk=world.account.pk).update(state="active")
    SendingDomain.objects.filter(pk=world.domain.pk).update(compliance_status="compliant")
    assert set_free().released == 3
    assert leaving() == accepted


def test_a_ban_refuses_what_comes_and_rejects_what_waits(world):
    STANDINGS["account_suspended"](world)
    [held] = queue_message(world.domain, "rita@x.test")
    assert leaving() == []
    [waiting] = queue_message(world.domain, "rita@x.test")
    Account.objects.filter(pk=world.account.pk).update(state="banned")
    assert submit([draft(world)])[0].reason is Reason.ACCOUNT_BANNED
    assert leaving() == []
    set_free()
    assert [status_of(one) for one in (held, waiting)] == ["rejected", "rejected"]
    assert {story(one)[-1] for one in (held, waiting)} == {("reject", "account_banned")}


@pytest.mark.parametrize("is_held_before", [False, True])
def test_mail_of_a_deleted_domain_is_rejected(world, is_held_before):
    [message_id] = queue_message(world.domain, "rita@x.test")
    if is_held_before:
        STANDINGS["domain_suspended"](world)
        assert leaving() == []
    SendingDomain.objects.filter(pk=world.domain.pk).update(deleted_at=timezone.now())
    assert leaving() == []
    set_free()
    message = Message.objects.get(pk=message_id)
    assert (message.status, message.finished_at is not None) == ("rejected", True)
    assert story(message_id)[-1] == ("reject", "domain_deleted")
    assert not QueueEntry.objects.exists()


def scopes(world):
    return {
        "account": Scope(account_id=world.account.pk),
        "domain": Scope(domain_id=world.domain.pk),
        "stream": Scope(stream="bulk"),
        "destination": Scope(destination="far.test"),
        "all of them": Scope(world.account.pk, world.domain.pk, "bulk", "far.test"),
    }


@pytest.mark.parametrize("name", ["account", "domain", "stream", "destination", "all of them"])
def test_a_pause_holds_its_scope_alone_and_lifting_it_sets_it_free(world, name):
    [covered] = queue_message(world.domain, "rita@far.test", stream=Stream.BULK)
    [other] = queue_message(world.stranger_domain, "rita@near.test")
    pause = control.pause(scopes(world)[name], reason="Far is down", by=world.alice)
    assert leaving() == [other]
    assert (status_of(covered), QueueEntry.objects.get(pk=covered).pause_id) == ("held", pause.pk)
    assert Event.objects.get(message=covered).details["reject_reason"] == "Sending is paused: Far is down"
    assert set_free().released == 0
    assert control.resume(pause.pk)
    assert set_free().released == 1
    assert leaving() == [covered]
    assert not control.resume(pause.pk)


def test_a_million_held_are_set_free_in_bounded_batches(world, monkeypatch):
    monkeypatch.setattr(parked, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(parked, "MOST_GROUPS", 1)
    for domain in (world.domain, world.stranger_domain):
        queue_message(domain, *(f"r{number}@x.test" for number in range(8)))
    pause = control.pause(Scope(stream="transactional"))
    assert leaving() == []
    control.resume(pause.pk)
    first = parked.set_free(timezone.now(), time.monotonic())
    assert first == parked.SetFree(released=3, is_more=True)
    rounds = 0
    while QueueEntry.objects.exclude(hold=None).exists():
        set_free()
        rounds += 1
        assert rounds < 10
    assert len(leaving()) == 16


def test_a_scope_names_something(world):
    with pytest.raises(ValueError, match="names"):
        Scope()


def test_the_result_of_a_worker_that_lost_its_claim_to_a_pause_leaves_no_trace(world):
    [message_id] = queue_message(world.domain, "rita@x.test")
    now = timezone.now()
    [claimed] = claim(raw_cursor(), now=now)
    control.pause(Scope(account_id=world.account.pk))
    assert hold_back(raw_cursor(), [claimed], now) == []
    evidence = Evidence(Attempt.Outcome.DELIVERED, "final dot", now, now)
    assert record_results([Result(message_id, claimed.account_id, claimed.lease_owner, 1, evidence, None, {})]) == set()
    assert (status_of(message_id), Attempt.objects.count()) == ("held", 0)


def test_the_gate_changes_nothing_that_is_not_its_own_any_more(world):
    [message_id] = queue_message(world.domain, "rita@x.test")
    [claimed] = claim(raw_cursor(), now=timezone.now())
    QueueEntry.objects.update(lease_owner="00000000-0000-4000-8000-000000000000")
    control.pause(Scope(account_id=world.account.pk))
    assert hold_back(raw_cursor(), [claimed], timezone.now()) == []
    assert (status_of(message_id), QueueEntry.objects.get().hold) == ("queued", None)
    assert not Event.objects.exists()
