"""Plans change for good reasons and leave a trace; the terms in force follow at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from billing import subscriptions
from billing.models import QuotaOverride, UsagePeriod
from billing.periods import period_of
from billing.plans import FREE, PLANS
from billing.subscriptions import By
from billing.terms import read_terms, terms_of
from mailtrap_site.testing.world import World
from sending.models.statements import raw_cursor

pytestmark = pytest.mark.django_db
BASIC, BUSINESS = PLANS.newest("basic_10k"), PLANS.newest("business_100k")


def test_without_a_subscription_the_terms_are_those_of_free_since_sign_up(world: World) -> None:
    terms = terms_of(world.account)
    assert (terms.plan, terms.anchor, terms.hard_limit) == (FREE, world.account.created_at, 4_000)


def test_the_first_paid_plan_begins_a_period_and_closes_the_one_that_ran(world: World) -> None:
    now = timezone.now()
    ran = period_of(now - timedelta(days=5), now)
    meter = UsagePeriod.objects.create(
        account=world.account, starts_at=ran.starts_at, ends_at=ran.ends_at, used=3_999, message_limit=4_000
    )
    subscriptions.put_on(world.account, BASIC, By(world.alice), now)
    meter.refresh_from_db()
    assert meter.ends_at == now
    assert terms_of(world.account).anchor == now
    assert terms_of(world.account).hard_limit == 10_000


def test_among_paid_plans_the_periods_go_on(world: World) -> None:
    now = timezone.now()
    subscriptions.put_on(world.account, BASIC, By(world.alice), now)
    subscriptions.put_on(world.account, BUSINESS, By(world.alice), now + timedelta(days=3))
    assert terms_of(world.account).anchor == now
    assert terms_of(world.account).plan == BUSINESS


def test_an_upgrade_drops_what_was_agreed_for_later_and_the_grace(world: World) -> None:
    now = timezone.now()
    subscriptions.put_on(world.account, BUSINESS, By(world.alice), now)
    subscriptions.agree_later(world.account, BASIC, By(world.alice), now + timedelta(days=9))
    subscriptions.set_grace(world.account, now + timedelta(days=7), By(name="Stripe"))
    row = subscriptions.put_on(world.account, PLANS.newest("business_250k"), By(name="Stripe"), now)
    assert (subscriptions.next_plan_of(row), row.changes_at, row.grace_until) == (None, None, None)


def test_overage_counts_only_as_far_as_the_plan_offers_it(world: World) -> None:
    subscriptions.put_on(world.account, BUSINESS, By(world.alice), timezone.now(), stripe_id="sub_1")
    subscriptions.agree_overage(world.account, 50_000, By(world.alice))
    assert terms_of(world.account).hard_limit == 150_000
    with pytest.raises(ValueError, match="does not offer"):
        subscriptions.agree_overage(world.account, 50_001, By(world.alice))
    subscriptions.put_on(world.account, BASIC, By(world.alice), timezone.now())
    assert terms_of(world.account).hard_limit == 15_000


def test_overage_needs_somebody_who_bills_it(world: World) -> None:
    subscriptions.put_on(world.account, BASIC, By(world.bob, is_staff=True, reason="A partner"), timezone.now())
    with pytest.raises(ValueError, match="No card pays for this plan"):
        subscriptions.agree_overage(world.account, 10, By(world.alice))
    subscriptions.agree_overage(world.account, 10, By(world.bob, is_staff=True, reason="By invoice"))
    assert terms_of(world.account).overage_cap == 10
    with pytest.raises(ValueError, match="No card pays"):
        subscriptions.agree_overage(world.account, 11, By(world.alice))
    subscriptions.agree_overage(world.account, 4, By(world.alice))
    assert terms_of(world.account).overage_cap == 4


def test_a_plan_by_agreement_is_billed_by_it(world: World) -> None:
    plan = PLANS.newest("enterprise_custom")
    subscriptions.put_on(world.account, plan, By(world.bob, is_staff=True, reason="Signed"), timezone.now())
    assert subscriptions.why_unbilled(subscriptions.subscription_of(world.account)) == ""


def test_overage_ends_with_the_card_that_paid_it(world: World) -> None:
    subscriptions.put_on(world.account, BUSINESS, By(name="Stripe"), timezone.now(), stripe_id="sub_1")
    subscriptions.agree_overage(world.account, 50, By(world.alice))
    by = By(world.bob, is_staff=True, reason="A partner")
    subscriptions.put_on(world.account, BUSINESS, by, timezone.now(), stripe_id="")
    assert terms_of(world.account).overage_cap == 0


def test_each_change_is_audited_with_who_and_why(world: World) -> None:
    subscriptions.put_on(
        world.account, BASIC, By(world.bob, is_staff=True, reason="Moved from a partner"), timezone.now()
    )
    entry = AuditEntry.objects.get(account=world.account, action="plan.changed")
    assert (entry.actor, entry.by_staff) == (world.bob, True)
    assert entry.changes["value"] == {"from": "Free", "to": "Basic 10K"}
    assert entry.changes["reason"]["to"] == "Moved from a partner"


def test_the_newest_override_in_force_wins_in_both_ways_to_ask(world: World) -> None:
    now = timezone.now()
    granted = [
        (5_000, now - timedelta(days=9), now - timedelta(days=1)),
        (6_000, now - timedelta(days=8), None),
        (7_000, now - timedelta(days=7), None),
        (9_000, now + timedelta(days=1), None),
    ]
    for value, starts_at, ends_at in granted:
        QuotaOverride.objects.create(
            account=world.account,
            term="emails_per_month",
            value=value,
            reason="x",
            starts_at=starts_at,
            ends_at=ends_at,
        )
    QuotaOverride.objects.create(
        account=world.account, term="emails_per_day", value=None, reason="x", starts_at=now - timedelta(days=1)
    )
    QuotaOverride.objects.create(account=world.account, term="unknown", value=1, reason="x", starts_at=now)
    asked = terms_of(world.account, now)
    assert read_terms(raw_cursor(), [world.account.pk, world.stranger_account.pk], now)[world.account.pk] == asked
    assert (asked.emails_per_month, asked.emails_per_day, asked.plan) == (7_000, None, FREE)
