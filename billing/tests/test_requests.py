"""Customers ask staff for larger messages or a plan; the answer is given once, told, and takes effect at once."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import Account, AuditEntry, Notification, Role
from billing import requests, subscriptions
from billing.models import SupportRequest
from billing.plans import FREE, PLANS
from billing.terms import terms_of
from mailtrap_site.testing.world import World, make_user
from sending.policy.refusal import Refusal
from sending.submission.submit import Draft, submit
from sending.tests.drafts import draft, message

BASIC = PLANS.newest("basic_10k")


def large_draft(world: World) -> Draft:
    return draft(world, message=message(body=f"{'y' * 76}\r\n" * 150_000))


def as_(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def size_page(world: World) -> str:
    return reverse("billing:size_request", args=[world.account.pk])


def ask_for_plan(world: World, user: Any, plan: str = "basic_10k", reason: str = "A shop") -> Any:
    where = reverse("billing:plan_request", args=[world.account.pk])
    return as_(user).post(where, {"plan": plan, "reason": reason}, follow=True)


def test_an_owner_asks_for_larger_messages_and_sees_the_request_stand_open(world: World) -> None:
    page = as_(world.alice).post(size_page(world), {"reason": "Contracts as PDF"}, follow=True)
    assert "You asked for 30\N{NO-BREAK SPACE}MB" in page.text
    assert "Contracts as PDF" in page.text
    row = SupportRequest.objects.get()
    assert (row.account, row.asked_by, row.state, row.message_bytes) == (world.account, world.alice, "open", 31_457_280)
    assert AuditEntry.objects.get(action="request.asked").by_staff is False


def test_a_request_without_a_reason_is_not_sent(world: World) -> None:
    answer = as_(world.alice).post(size_page(world), {"reason": " "})
    assert answer.status_code == 422
    assert not SupportRequest.objects.exists()


def test_who_does_not_look_after_the_money_sees_the_limit_and_cannot_ask(world: World) -> None:
    page = as_(world.vera).get(size_page(world))
    assert "up to 10\N{NO-BREAK SPACE}MB" in page.text
    assert "<textarea" not in page.text
    assert as_(world.vera).post(size_page(world), {"reason": "x"}).status_code == 403
    assert ask_for_plan(world, world.bob).status_code == 403
    assert not SupportRequest.objects.exists()


def test_one_request_of_a_kind_is_open_at_a_time(world: World) -> None:
    requests.ask_for_size(world.account, "First", world.alice)
    with pytest.raises(ValueError, match="asked for this already"):
        requests.ask_for_size(world.account, "Second", world.alice)
    requests.ask_for_plan(world.account, BASIC, "Another kind", world.alice)
    requests.ask_for_size(world.stranger_account, "Another account", world.charlie)
    assert SupportRequest.objects.count() == 3


def test_a_granted_size_counts_from_the_next_mail_on(world: World) -> None:
    refused = submit([large_draft(world)])[0]
    assert isinstance(refused, Refusal)
    assert requests.grant(requests.ask_for_size(world.account, "PDF", world.alice), "Enjoy", world.charlie)
    assert not isinstance(submit([large_draft(world)])[0], Refusal)
    with pytest.raises(ValueError, match="highest size already"):
        requests.ask_for_size(Account.objects.get(pk=world.account.pk), "More", world.alice)


def test_a_granted_plan_is_assigned_with_the_staffs_reason_in_the_audit_log(world: World) -> None:
    page = ask_for_plan(world, world.alice)
    assert "You asked for Basic 10K" in page.text
    assert requests.grant(SupportRequest.objects.get(), "Paid by invoice", world.charlie)
    assert terms_of(world.account).plan == BASIC
    entry = AuditEntry.objects.get(action="plan.changed")
    assert (entry.by_staff, entry.changes["reason"]["to"]) == (True, "Paid by invoice")
    with pytest.raises(ValueError, match="on the plan Basic 10K already"):
        requests.ask_for_plan(world.account, BASIC, "Again", world.alice)


def test_what_is_declined_leaves_everything_as_it_was_and_may_be_asked_again(world: World) -> None:
    row = requests.ask_for_plan(world.account, BASIC, "A shop", world.alice)
    assert requests.decline(row, "Tell us more", world.charlie)
    assert terms_of(world.account).plan == FREE
    assert requests.ask_for_plan(world.account, BASIC, "A shop with 900 customers", world.alice).is_open


def test_a_request_is_answered_once(world: World) -> None:
    row = requests.ask_for_plan(world.account, BASIC, "A shop", world.alice)
    seen_by_another = SupportRequest.objects.get(pk=row.pk)
    assert requests.decline(row, "No", world.charlie)
    assert not requests.grant(seen_by_another, "Yes", world.charlie)
    assert SupportRequest.objects.get().answer == "No"
    assert terms_of(world.account).plan == FREE


def test_owners_and_billing_members_read_the_answer_after_the_commit(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    make_user("bill@acme.test", world.account, Role.BILLING)
    row = requests.ask_for_size(world.account, "PDF", world.alice)
    with django_capture_on_commit_callbacks(execute=True):
        requests.decline(row, "Send a link instead", world.charlie)
        assert not mail.outbox
    assert sorted(one.to[0] for one in mail.outbox) == ["alice@acme.test", "bill@acme.test"]
    assert "Send a link instead" in mail.outbox[0].body
    assert {one.path for one in Notification.objects.all()} == {size_page(world)}
    page = as_(world.alice).get(size_page(world))
    assert "Your last request was declined" in page.text
    assert "Send a link instead" in page.text


@pytest.mark.parametrize(("plan", "reason"), [("no_such_plan", "x"), ("", "x"), ("basic_10k", "")])
def test_a_plan_request_that_does_not_stand_is_not_sent(world: World, plan: str, reason: str) -> None:
    assert ask_for_plan(world, world.alice, plan, reason).status_code == 200
    assert not SupportRequest.objects.exists()


def test_a_plan_that_is_on_offer_no_more_cannot_be_granted_and_stays_open(world: World) -> None:
    row = requests.ask_for_plan(world.account, BASIC, "x", world.alice)
    SupportRequest.objects.filter(pk=row.pk).update(plan_code="gone")
    row.refresh_from_db()
    with pytest.raises(ValueError, match="on offer no more"):
        requests.grant(row, "Yes", world.charlie)
    assert SupportRequest.objects.get().is_open
    assert subscriptions.subscription_of(world.account).pk is None
