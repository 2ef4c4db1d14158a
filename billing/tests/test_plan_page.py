"""The page of the plan: which cards there are, what they say and cost, and who may press which button."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, User
from accounts.models.membership import Role
from billing import plan_cards, requests, subscriptions
from billing.models import SupportRequest, UsagePeriod
from billing.periods import period_of
from billing.plan_cards import Action, Card
from billing.plan_words import long_day, short_day
from billing.plans import PLANS
from billing.subscriptions import By
from billing.terms import terms_of
from billing.tests.stripe_world import Paying
from mailtrap_site.testing.world import World, make_user

BASIC, LARGER, BUSINESS = (PLANS.newest(code) for code in ("basic_10k", "basic_50k", "business_100k"))


@pytest.fixture
def payments(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_x"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(world: World, user: User | None = None) -> str:
    """What a reader sees, without tags, in one line."""
    answer = client_of(user or world.alice).get(reverse("billing:plan", args=[world.account.pk]))
    assert answer.status_code == 200
    main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).replace("\N{NO-BREAK SPACE}", " ").split())


def cards(world: World, *, may_manage: bool = True) -> dict[str, Card]:
    now = timezone.now()
    standing = plan_cards.standing_of(world.account, now, may_manage=may_manage)
    return {card.plan.code: card for _, tier in plan_cards.tiers(standing, now) for card in tier}


def pay_for(world: World, code: str, *, since: timedelta = timedelta()) -> None:
    """As Stripe would leave it."""
    plan, now = PLANS.newest(code), timezone.now() - since
    subscriptions.put_on(world.account, plan, By(name="Stripe"), now, anchor=now, stripe_id="sub_1")
    subscriptions.know_customer(world.account, "cus_1")


def use(world: World, emails: int) -> None:
    period = period_of(terms_of(world.account).anchor, timezone.now())
    UsagePeriod.objects.update_or_create(
        account=world.account,
        starts_at=period.starts_at,
        defaults={"ends_at": period.ends_at, "used": emails, "message_limit": 10_000},
    )


def test_each_plan_on_offer_is_a_card_of_its_tier_in_the_order_of_the_file(world: World, payments: None):
    now = timezone.now()
    tiers = plan_cards.tiers(plan_cards.standing_of(world.account, now, may_manage=True), now)
    assert [str(name) for name, _ in tiers] == ["Free", "Basic", "Business", "Enterprise"]
    assert [card.plan for _, tier in tiers for card in tier] == list(PLANS.on_offer)


def test_free_offers_the_first_payment_with_its_price(world: World, payments: None):
    found = cards(world)
    assert (found["free"].is_current, found["free"].action) == (True, Action.NONE)
    assert found["basic_10k"].action is Action.BEGIN
    assert found["enterprise_custom"].action is Action.ASK
    text = page(world)
    assert "Free, $0 a month" in text
    assert "4,000 emails a month, up to 150 a day" in text
    assert "$15 today, then $15 a month. Change to Basic 10K" in text
    assert "5 domains, now 1 " in text
    assert "By agreement" in text
    assert "Payment details" not in text


def test_a_larger_plan_says_what_is_due_today_and_then_each_month(world: World, payments: None):
    pay_for(world, "basic_10k", since=timedelta(days=20))
    period = period_of(terms_of(world.account).anchor, timezone.now())
    days = (period.ends_at - timezone.now()).days + 1
    card = cards(world)["basic_50k"]
    assert card.action is Action.CHANGE
    assert re.fullmatch(r"\$[123]\.\d\d today", card.cost[0])
    assert card.cost[1] == f"for the {days} days left, then $5 more a month."
    assert "Payment details" in page(world)


def test_a_smaller_plan_says_when_it_begins_and_how_much_less_it_costs(world: World, payments: None):
    pay_for(world, "basic_10k")
    ends_at = period_of(terms_of(world.account).anchor, timezone.now()).ends_at
    card = cards(world)["free"]
    assert card.cost == (f"From {short_day(ends_at)}:", "$15 less a month.")
    assert "Without click tracking, own link domain" in card.changes
    assert f"Renews on {long_day(ends_at)}.".replace("\xa0", " ") in page(world)


def test_a_planned_change_says_its_date_and_can_be_taken_back(world: World, payments: None):
    pay_for(world, "basic_50k")
    day = timezone.now() + timedelta(days=9)
    subscriptions.agree_later(world.account, BASIC, By(name="Stripe"), day)
    text = page(world)
    assert f"Until {long_day(day)}; from then on Basic 10K.".replace("\xa0", " ") in text
    assert "Keep Basic 50K" in text
    card = cards(world)["basic_10k"]
    assert (card.action, card.note) == (Action.NONE, f"Agreed from {short_day(day)} on.")


def test_in_a_grace_nothing_larger_is_sold_and_the_end_is_said(world: World, payments: None):
    pay_for(world, "basic_10k")
    until = timezone.now() + timedelta(days=7)
    subscriptions.set_grace(world.account, until, By(name="Stripe"))
    text = page(world)
    assert "The last payment failed" in text
    assert f"Sending goes on as it was until {long_day(until)}".replace("\xa0", " ") in text
    found = cards(world)
    assert (found["basic_50k"].action, found["free"].action) == (Action.NONE, Action.CHANGE)
    assert found["basic_50k"].note.startswith("Pay what is open first")


def test_the_plan_that_fits_the_use_is_marked_and_one_too_small_says_why(world: World, payments: None):
    pay_for(world, "basic_10k")
    use(world, 9_900)
    found = cards(world)
    assert found["free"].too_small == "Too small: you have used 9,900."
    marked = [card.plan.code for card in found.values() if card.fits]
    assert marked == [plan_cards.fitting_plan(PLANS.on_offer, 9_900 * 30, BASIC).code]
    assert not found["basic_10k"].fits


def test_a_plan_with_too_few_seats_says_how_many_people_there_are(world: World, payments: None):
    assert cards(world)["free"].too_small == ""
    pay_for(world, "basic_10k")
    assert cards(world)["free"].too_small == "Too small: 3 people belong to the account."


def test_without_payments_staff_are_asked_and_an_open_request_is_the_answer(world: World):
    found = cards(world)
    assert {card.action for code, card in found.items() if code != "free"} == {Action.ASK}
    text = page(world)
    assert "This instance takes no payments: its staff assign the plans." in text
    assert "Ask for this plan" in text
    assert "today" not in text
    requests.ask_for_plan(world.account, BASIC, "Newsletters.", world.alice)
    text = page(world)
    assert "You asked for the plan Basic 10K" in text
    assert "Ask for this plan" not in text
    assert cards(world)["basic_10k"].note == "You asked for it."


def test_a_declined_request_shows_the_answer_and_can_be_made_again(world: World):
    asked = requests.ask_for_plan(world.account, BASIC, "Newsletters.", world.alice)
    requests.decline(asked, "Verify a domain first.", world.bob)
    assert SupportRequest.objects.get().state == "declined"
    text = page(world)
    assert "Verify a domain first." in text
    assert "Ask for this plan" in text


def test_a_plan_that_staff_assigned_is_left_through_staff(world: World, payments: None):
    subscriptions.put_on(world.account, LARGER, By(name="Staff"), timezone.now(), stripe_id="")
    found = cards(world)
    assert (found["basic_10k"].action, found["business_100k"].action) == (Action.ASK, Action.BEGIN)


def test_who_may_not_pay_reads_whom_to_ask_and_has_no_button(world: World, payments: None):
    pay_for(world, "basic_10k")
    for user in (world.vera, world.bob):
        text = page(world, user)
        assert "Owners and billing members of this account can change the plan" in text
        assert "Change to" not in text
        assert "Payment details" not in text
        assert "Emails above the limit" not in text
    assert "Change to Basic 50K" in page(world, make_user("bill@acme.test", world.account, Role.BILLING))


def test_overage_is_offered_only_by_plans_that_have_it(world: World):
    assert "Above the limit" not in page(world)
    subscriptions.put_on(world.account, BASIC, By(name="Staff"), timezone.now())
    text = page(world)
    assert "The plan offers up to 5,000 more at $1 a thousand." in text
    assert "No card pays for this plan, so nothing could bill emails above its limit." in text
    assert "Emails above the limit" not in text
    assert "Allow overage" not in text
    pay_for(world, "basic_10k")
    assert "Emails above the limit" in page(world)


def test_what_staff_agreed_without_a_card_is_lowered_here_and_not_raised(world: World):
    by = By(world.bob, is_staff=True, reason="By invoice")
    subscriptions.put_on(world.account, BASIC, by, timezone.now())
    subscriptions.agree_overage(world.account, 100, by)
    assert "Our staff agreed this with you" in page(world)
    address, client = reverse("billing:overage", args=[world.account.pk]), client_of(world.alice)
    answer = client.post(address, {"emails": "101"})
    assert (answer.status_code, terms_of(world.account).overage_cap) == (422, 100)
    assert "No card pays for this plan" in answer.content.decode()
    client.post(address, {"emails": "5"})
    assert terms_of(world.account).overage_cap == 5


def test_overage_is_agreed_and_taken_back(world: World):
    pay_for(world, "basic_10k")
    address, client = reverse("billing:overage", args=[world.account.pk]), client_of(world.alice)
    assert client.post(address, {"emails": "5000"})["Location"] == reverse("billing:plan", args=[world.account.pk])
    assert terms_of(world.account).hard_limit == 15_000
    assert AuditEntry.objects.get(action="plan.overage").actor == world.alice
    client.post(address, {"emails": "0"})
    assert terms_of(world.account).hard_limit == 10_000


@pytest.mark.parametrize(
    ("typed", "said"), [("5001", "no more than 5,000"), ("-1", "below zero"), ("", "missing"), ("x", "whole number")]
)
def test_an_overage_that_does_not_stand_is_told_in_the_page(world: World, typed: str, said: str):
    pay_for(world, "basic_10k")
    answer = client_of(world.alice).post(reverse("billing:overage", args=[world.account.pk]), {"emails": typed})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert terms_of(world.account).overage_cap == 0


def test_overage_is_not_for_members_without_the_right(world: World):
    pay_for(world, "basic_10k")
    answer = client_of(world.vera).post(reverse("billing:overage", args=[world.account.pk]), {"emails": "10"})
    assert answer.status_code == 403


def test_the_page_of_usage_leads_to_the_plan(world: World):
    answer = client_of(world.vera).get(reverse("billing:usage", args=[world.account.pk]))
    assert f'class="button" href="{reverse("billing:plan", args=[world.account.pk])}"' in answer.content.decode()


def test_what_the_buttons_do_at_stripe_is_what_the_page_says_next(world: World, paying: Paying):
    paying.subscribe("basic_10k")
    assert "Basic 10K, $15 a month" in page(world)
    assert cards(world)["basic_50k"].cost[0] == "$5 today"
    paying.post("change", plan="basic_50k")
    assert "Basic 50K, $20 a month" in page(world)
    paying.post("change", plan="free")
    assert "from then on Free. Keep Basic 50K" in page(world)
    paying.post("keep")
    text = page(world)
    assert "Keep Basic 50K" not in text
    assert "Renews on" in text


def test_the_platforms_own_account_has_no_limit_and_its_page_stands(world: World):
    world.account.is_platform = True
    world.account.save()
    assert "What is included" in page(world)


def test_the_page_asks_no_more_of_the_database_for_more_plans(
    world: World, payments: None, django_assert_max_num_queries: Any
):
    pay_for(world, "basic_10k")
    now = timezone.now()
    standing = plan_cards.standing_of(world.account, now, may_manage=True)
    with django_assert_max_num_queries(0):
        plan_cards.tiers(standing, now)
