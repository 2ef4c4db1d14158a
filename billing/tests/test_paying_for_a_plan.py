"""A plan is paid, changed and kept at Stripe, over a socket by its own package; no event need arrive."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from billing import checkout, compare, stripe_events, subscriptions
from billing.models import Invoice
from billing.plans import FREE, PLANS
from billing.tests.stripe_world import ASKS_BANK, DECLINED, LATER, MONTH, Paying
from mailtrap_site.testing.world import World

pytestmark = pytest.mark.django_db


def plan_of(world: World) -> str:
    return subscriptions.plan_of(subscriptions.subscription_of(world.account)).code


def next_of(world: World) -> str:
    plan = subscriptions.next_plan_of(subscriptions.subscription_of(world.account))
    return plan.code if plan else ""


def test_the_prices_are_made_once(paying: Paying):
    before = len(paying.fake.books.things["prices"])
    call_command("stripe_prices", verbosity=0)
    assert len(paying.fake.books.things["prices"]) == before == len([p for p in PLANS.plans if p.cents_per_month]) + 1


def test_the_return_page_asks_stripe_itself(paying: Paying, world: World):
    answer = paying.pay("basic_10k")
    assert plan_of(world) == "free"
    assert paying.come_back(answer).status_code == 303
    assert plan_of(world) == "basic_10k"
    paying.come_back(answer)
    assert plan_of(world) == "basic_10k"
    assert Invoice.objects.get(account=world.account).total_cents == 1_500


def test_a_session_of_somebody_else_is_not_found(paying: Paying, world: World):
    answer = paying.pay("basic_10k")
    other = Paying(paying.fake, world.stranger_account, world.charlie)
    other.subscribe("basic_50k")
    session = answer.headers["Location"].partition("session_id=")[2]
    path = f"/a/{world.stranger_account.pk}/plan/checkout/return/?session_id={session}"
    assert other.client.get(path).status_code == 404
    assert plan_of(world) == "free"


def test_a_declined_card_buys_nothing(paying: Paying, world: World):
    answer = paying.pay("basic_10k", DECLINED)
    assert (answer.status_code, "was declined" in answer.text, "No money moves" in answer.text) == (200, True, True)
    assert not paying.fake.books.things["subscriptions"]


def test_a_second_checkout_is_refused_while_a_plan_is_paid(paying: Paying, world: World):
    paying.subscribe("basic_10k")
    assert paying.post("checkout", plan="basic_50k")["Location"].startswith("/a/")


def test_up_at_once_for_what_was_quoted(paying: Paying, world: World):
    paying.subscribe("basic_10k")
    quoted = checkout.quote(subscriptions.subscription_of(world.account), PLANS.newest("business_100k"), timezone.now())
    paying.post("change", plan="business_100k")
    assert plan_of(world) == "business_100k"
    invoice = Invoice.objects.filter(account=world.account).latest("pk")
    charged = max(Invoice.objects.values_list("total_cents", flat=True))
    assert quoted.is_upgrade and abs(quoted.due_now_cents - charged) <= 1, invoice


def test_an_upgrade_that_is_not_paid_changes_nothing(paying: Paying, world: World):
    paying.subscribe("basic_10k", LATER)
    answer = paying.client.post(
        f"/a/{world.account.pk}/plan/change/", {"plan": "business_100k"}, follow=True, headers={}
    )
    assert "The card was declined" in answer.content.decode()
    assert plan_of(world) == "basic_10k"


def test_an_upgrade_that_is_not_paid_leaves_what_was_agreed_for_later(paying: Paying, world: World):
    paying.subscribe("business_100k", LATER)
    for agreed in ("free", "basic_10k"):
        paying.post("change", plan=agreed)
        paying.post("change", plan="business_250k")
        assert (plan_of(world), next_of(world)) == ("business_100k", agreed)
        paying.post("keep")
    assert [one.status for one in Invoice.objects.order_by("pk")] == ["paid", "void", "void"]


def test_what_was_shown_is_charged_although_time_has_passed(paying: Paying, world: World):
    paying.subscribe("basic_10k")
    shown = timezone.now()
    quoted = checkout.quote(subscriptions.subscription_of(world.account), PLANS.newest("business_750k"), shown)
    paying.ask("clock", seconds=3_000)
    checkout.change(world.account, PLANS.newest("business_750k"), timezone.now(), shown)
    assert abs(max(Invoice.objects.values_list("total_cents", flat=True)) - quoted.due_now_cents) <= 1


def test_a_change_is_asked_for_with_its_price_before_a_card_is_charged(paying: Paying, world: World):
    paying.subscribe("basic_10k")
    address = f"/a/{world.account.pk}/plan/change/"
    page = paying.client.get(address, {"plan": "basic_50k"}).content.decode()
    for words in ("Change to Basic 50K?", "<b>$5 today</b>", "then $5 more a month.", "Pay $5 and change"):
        assert words in page
    assert (plan_of(world), len(paying.fake.books.things["invoices"])) == ("basic_10k", 1)
    smaller = paying.client.get(address, {"plan": "free"}).content.decode()
    assert "Basic 10K was paid for and stays until" in smaller
    assert "Nothing is charged now" in smaller
    assert paying.client.get(address, {"plan": "basic_10k"}).status_code == 302
    assert paying.client.get(address, {"plan": "gold"}).status_code == 404


def test_a_payment_that_the_bank_asks_about_changes_the_plan_once_it_is_confirmed(paying: Paying, world: World):
    paying.subscribe("basic_10k", ASKS_BANK)
    answer = paying.post("change", plan="business_100k")
    assert answer.status_code == 303
    assert answer["Location"].startswith(f"{paying.fake.address}/pages/invoices/")
    assert plan_of(world) == "basic_10k"
    page = paying.client.get(f"/a/{world.account.pk}/plan/").content.decode()
    assert "A payment waits for you" in page
    assert answer["Location"] in page
    paying.events()
    paying._web.post(answer["Location"], {}, timeout=5)
    for event in paying.events():
        paying.deliver(event)
    stripe_events.apply_due(timezone.now())
    assert plan_of(world) == "business_100k"
    assert "A payment waits for you" not in paying.client.get(f"/a/{world.account.pk}/plan/").content.decode()


def test_a_payment_that_nobody_confirms_is_forgotten(paying: Paying, world: World):
    paying.subscribe("basic_10k", ASKS_BANK)
    paying.post("change", plan="business_100k")
    paying.post("change", plan="basic_50k")
    assert [one.status for one in Invoice.objects.order_by("pk")] == ["paid", "void", "open"]
    paying.ask("clock", seconds=24 * 3600)
    compare.compare(timezone.now())
    assert plan_of(world) == "basic_10k"
    assert not Invoice.objects.filter(status="open").exists()


def test_down_when_the_period_ends(paying: Paying, world: World):
    paying.subscribe("business_100k")
    quoted = checkout.quote(subscriptions.subscription_of(world.account), PLANS.newest("basic_10k"), timezone.now())
    paying.post("change", plan="basic_10k")
    row = subscriptions.subscription_of(world.account)
    assert (plan_of(world), next_of(world), row.changes_at) == ("business_100k", "basic_10k", quoted.starts_at)
    paying.ask("clock", seconds=MONTH)
    compare.turn_over(timezone.now() + timedelta(seconds=MONTH))
    assert (plan_of(world), next_of(world)) == ("basic_10k", "")
    newest = paying.fake.books.all("invoices")[0]
    assert (newest["billing_reason"], newest["total"]) == ("subscription_cycle", 1_500)


def test_keeping_the_plan_takes_the_smaller_one_back(paying: Paying, world: World):
    paying.subscribe("business_100k")
    paying.post("change", plan="basic_10k")
    paying.post("keep")
    assert (plan_of(world), next_of(world)) == ("business_100k", "")
    paying.ask("clock", seconds=MONTH)
    assert paying.fake.books.all("invoices")[0]["total"] == 8_500


def test_a_larger_plan_after_a_smaller_one_was_agreed_credits_what_was_paid(paying: Paying, world: World):
    paying.subscribe("business_100k")
    paying.post("change", plan="basic_10k")
    paying.post("change", plan="business_250k")
    assert (plan_of(world), next_of(world)) == ("business_250k", "")
    assert abs(paying.fake.books.all("invoices")[0]["total"] - 11_500) <= 1


def test_free_follows_when_the_paid_period_ends(paying: Paying, world: World):
    paying.subscribe("basic_10k")
    paying.post("change", plan="free")
    assert (plan_of(world), next_of(world)) == ("basic_10k", "free")
    paying.ask("clock", seconds=MONTH)
    compare.turn_over(timezone.now() + timedelta(seconds=MONTH))
    row = subscriptions.subscription_of(world.account)
    assert (subscriptions.plan_of(row), row.stripe_subscription_id) == (FREE, "")
    paying.subscribe("basic_50k")
    assert plan_of(world) == "basic_50k"


def test_only_who_may_pay_reaches_the_till(paying: Paying, world: World):
    viewer = Paying(paying.fake, world.account, world.vera)
    assert viewer.post("checkout", plan="basic_10k").status_code == 403
    assert viewer.client.get(f"/a/{world.account.pk}/invoices/").status_code == 200


def test_an_invoice_is_downloaded_from_where_it_is_now(paying: Paying, world: World):
    paying.subscribe("basic_10k")
    invoice = Invoice.objects.get(account=world.account)
    assert invoice.number in paying.client.get(f"/a/{world.account.pk}/invoices/").content.decode()
    answer = paying.client.get(f"/a/{world.account.pk}/invoices/{invoice.pk}/pdf/")
    assert paying._web.get(answer["Location"], timeout=5).content.startswith(b"%PDF-")


def test_without_keys_nothing_can_be_paid(world: World, settings: Any, client: Any):
    settings.STRIPE_SECRET_KEY = ""
    client.force_login(world.alice)
    assert client.post(f"/a/{world.account.pk}/plan/checkout/", {"plan": "basic_10k"}).status_code == 404
    assert client.post("/stripe/events/", b"{}", content_type="application/json").status_code == 404
