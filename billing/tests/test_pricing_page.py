"""Plans and prices, for whoever has no account yet."""

from django.test import Client
from django.urls import reverse

from billing.plans import PLANS
from billing.views.pricing import price_tiers
from mailtrap_site.testing.world import World


def test_it_shows_every_plan_on_offer_to_visitors(db: None):
    answer = Client().get("/pricing/")
    assert answer.status_code == 200
    text = answer.content.decode()
    for plan in PLANS.on_offer:
        assert plan.name in text
    for words in (
        "$15",
        "$1,250",
        "By agreement",
        "150 a day",
        "Up to 5,000 more at $1 a thousand",
        "Stops at the limit",
    ):
        assert words in text
    assert reverse("account_signup") in text


def test_whoever_is_signed_in_is_led_to_their_plan(world: World):
    client = Client()
    client.force_login(world.vera)
    text = client.get("/pricing/").content.decode()
    assert reverse("billing:plan", args=[world.account.pk]) in text
    assert reverse("account_signup") not in text


def test_a_feature_of_all_plans_of_a_tier_is_said_once(db: None):
    business = next(tier for tier in price_tiers(PLANS.on_offer) if tier.name == "Business")
    assert "single sign-on" in business.features
    assert not any("single sign-on" in row.includes for row in business.rows)
    assert business.rows[0].includes == "100 people, 100 domains, 15 days of logs, 10 sub-accounts"


def test_sign_in_and_sign_up_lead_to_it(db: None):
    for name in ("account_login", "account_signup"):
        assert 'href="/pricing/"' in Client().get(reverse(name)).content.decode()
