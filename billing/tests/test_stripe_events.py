"""Events may come twice, late, in any order, or from a forger: what stands at Stripe counts."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, Notification
from billing import compare, overage, stripe_events, subscriptions
from billing.models import Invoice, OverageReport, QuotaOverride, StripeEvent, Subscription, UsagePeriod
from billing.stripe_sync import GRACE
from billing.subscriptions import By
from billing.tests.stripe_world import GOOD, LATER, MONTH, Paying
from mailtrap_site.testing.world import World

pytestmark = pytest.mark.django_db


def standing(world: World) -> tuple[str, bool]:
    row = subscriptions.subscription_of(world.account)
    return row.plan_code, row.grace_until is not None


def later(seconds: float = MONTH):
    return timezone.now() + timedelta(seconds=seconds)


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "backwards"])
def test_twice_and_in_any_order_the_end_is_the_same(paying: Paying, world: World, order: int):
    paying.subscribe("basic_10k")
    paying.post("change", plan="business_100k")
    events = paying.events()[::order]
    assert len(events) >= 4
    for event in [*events, *events]:
        assert paying.deliver(event) == 200
    stripe_events.apply_due(timezone.now())
    assert standing(world) == ("business_100k", False)
    assert StripeEvent.objects.count() == len(events)
    assert not StripeEvent.objects.filter(applied_at=None).exists()


def test_events_alone_lift_the_limit(paying: Paying, world: World):
    paying.pay("basic_10k")
    for event in paying.events():
        paying.deliver(event)
    stripe_events.apply_due(timezone.now())
    assert standing(world) == ("basic_10k", False)
    assert Invoice.objects.get(account=world.account).status == "paid"


def test_an_old_event_that_comes_late_changes_nothing(paying: Paying, world: World):
    paying.subscribe("basic_10k")
    old = paying.events()
    paying.fake.books.all("subscriptions")[0]["status"] = "canceled"
    compare.compare(timezone.now())
    assert standing(world) == ("free", False)
    for event in old:
        paying.deliver(event)
    stripe_events.apply_due(timezone.now())
    assert standing(world) == ("free", False)


def test_a_forged_an_old_and_an_unsigned_event_are_refused(paying: Paying, world: World):
    paying.pay("basic_10k")
    event = paying.events()[0]
    body, signature = paying.fake.signed(event)
    assert paying.knock(body.replace(b"paid", b"void"), signature) == 400
    assert paying.knock(body, "") == 400
    assert paying.deliver(event, at=int(time.time()) - 3_600) == 400
    assert paying.knock(b"not json", paying.fake.signed(event)[1]) == 400
    assert not StripeEvent.objects.exists()


def test_a_type_that_means_nothing_is_stored_and_left(paying: Paying):
    thing = {"object": "payout", "id": "po_1"}
    event = {"id": "evt_1", "object": "event", "type": "payout.paid", "created": 1, "data": {"object": thing}}
    assert paying.deliver(event) == 200
    stripe_events.apply_due(timezone.now())
    assert StripeEvent.objects.get().applied_at is not None


def test_an_event_that_fails_waits_and_is_tried_again(paying: Paying, world: World, settings: Any):
    paying.pay("basic_10k")
    for event in paying.events():
        paying.deliver(event)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    now = timezone.now()
    assert stripe_events.apply_due(now) == 0
    assert "StripeTrouble" in StripeEvent.objects.first().problem
    settings.STRIPE_API_BASE = paying.fake.address
    assert stripe_events.apply_due(now) == 0
    assert stripe_events.apply_due(now + stripe_events.FIRST_WAIT) >= 2
    assert standing(world) == ("basic_10k", False)


def fail_a_renewal(paying: Paying) -> None:
    paying.subscribe("basic_10k", LATER)
    paying.ask("clock", seconds=MONTH)
    for event in paying.events():
        paying.deliver(event)
    stripe_events.apply_due(later())


def test_a_failed_renewal_gives_a_grace_and_tells_once(paying: Paying, world: World):
    fail_a_renewal(paying)
    assert standing(world) == ("basic_10k", True)
    until = subscriptions.subscription_of(world.account).grace_until
    compare.compare(later(MONTH + 86_400))
    assert subscriptions.subscription_of(world.account).grace_until == until
    assert Notification.objects.filter(kind="payment.failed", user=world.alice).count() == 1
    assert not Notification.objects.filter(kind="payment.failed", user=world.bob).exists()


def test_a_grace_that_ends_unpaid_ends_on_free_and_nothing_more_is_charged(paying: Paying, world: World):
    fail_a_renewal(paying)
    compare.turn_over(later() + GRACE - timedelta(hours=1))
    assert standing(world) == ("basic_10k", True)
    compare.turn_over(later() + GRACE + timedelta(hours=1))
    assert standing(world) == ("free", False)
    assert paying.fake.books.all("subscriptions")[0]["status"] == "canceled"
    assert paying.fake.books.all("invoices")[0]["status"] == "void"
    assert not Invoice.objects.filter(status="open").exists()
    assert Notification.objects.filter(kind="plan.ended", user=world.alice).count() == 1


def test_another_card_ends_the_grace(paying: Paying, world: World):
    fail_a_renewal(paying)
    paying.type_card(paying.post("portal")["Location"], GOOD)
    # Not one event of it arrives; the last look before the end of the grace finds it paid.
    compare.turn_over(later() + GRACE + timedelta(hours=1))
    assert standing(world) == ("basic_10k", False)


def test_the_compare_mends_what_no_event_told_and_staff_read_it(paying: Paying, world: World):
    paying.pay("basic_10k")
    assert compare.compare(timezone.now()) == 1
    assert standing(world) == ("basic_10k", False)
    entry = AuditEntry.objects.get(action="stripe.differs")
    assert "free → basic_10k" in entry.changes["differences"]["to"]
    assert compare.compare(timezone.now()) == 0


def test_refunds_and_disputes_stand_on_the_invoice(paying: Paying, world: World):
    paying.subscribe("basic_10k")
    invoice = Invoice.objects.get(account=world.account)
    paying.events()
    paying.ask("refunds", invoice=invoice.stripe_id, amount=500)
    paying.ask("disputes", invoice=invoice.stripe_id)
    for event in paying.events() * 2:
        paying.deliver(event)
    stripe_events.apply_due(timezone.now())
    invoice.refresh_from_db()
    assert (invoice.refunded_cents, invoice.disputed_cents) == (500, 1_500)
    assert AuditEntry.objects.filter(action="invoice.disputed", account=world.account).count() == 1


def test_emails_above_the_limit_are_told_once_and_billed(paying: Paying, world: World):
    paying.subscribe("basic_10k")
    row = subscriptions.agree_overage(world.account, 5_000, By(world.alice))
    now = timezone.now()
    meter = UsagePeriod.objects.create(
        account=world.account, starts_at=row.anchor, ends_at=later(), used=10_700, message_limit=15_000
    )
    assert [overage.report(now), overage.report(now)] == [1, 0]
    UsagePeriod.objects.filter(pk=meter.pk).update(used=12_000)
    overage.report(now)
    # An answer that was lost: the same report goes again, and Stripe counts it once.
    OverageReport.objects.update(told_at=None)
    assert overage.report(now) == 2
    paying.ask("clock", seconds=MONTH)
    assert paying.fake.books.all("invoices")[0]["total"] == 1_500 + 200


def test_without_an_agreement_and_above_what_staff_granted_nothing_is_billed(paying: Paying, world: World):
    paying.subscribe("business_100k")
    row = subscriptions.subscription_of(world.account)
    now = timezone.now()
    UsagePeriod.objects.create(
        account=world.account, starts_at=row.anchor, ends_at=later(), used=130_000, message_limit=150_000
    )
    assert overage.report(now) == 0
    subscriptions.agree_overage(world.account, 50_000, By(world.alice))
    QuotaOverride.objects.create(
        account=world.account, term="emails_per_month", value=130_000, reason="x", starts_at=now, ends_at=later(60)
    )
    assert overage.report(later(3_600)) == 0


def test_a_smaller_plan_does_not_reach_back_into_the_period_before(paying: Paying, world: World):
    paying.subscribe("business_100k")
    row = subscriptions.agree_overage(world.account, 5_000, By(world.alice))
    ended = timezone.now() - timedelta(minutes=5)
    began = ended - timedelta(days=30)
    UsagePeriod.objects.create(
        account=world.account, starts_at=began, ends_at=ended, used=60_000, message_limit=100_000
    )
    Subscription.objects.filter(pk=row.pk).update(anchor=began, plan_code="basic_10k")
    before = overage.report(ended - timedelta(seconds=1))
    assert before == 1, "while it runs, the plan in force counts"
    OverageReport.objects.all().delete()
    UsagePeriod.objects.update(ends_at=ended)
    assert overage.report(timezone.now()) == 0
