"""What customers do about their plan: the first payment, changes, taking a change back, the portal."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Account, User
from billing import stripe_gateway, subscriptions
from billing.invoices import keep_all
from billing.models import Subscription
from billing.periods import period_of
from billing.plans import Plan
from billing.proration import prorated_cents
from billing.stripe_gateway import OVERAGE_PRICE, NotThere, Thing
from billing.stripe_state import KEEPS_PLAN, KEEPS_UNTIL, live_ones, lookup_key, plan_item
from billing.stripe_sync import plan_by_key, sync


class NotPossible(Exception):
    """What was asked for does not fit how the account stands; the text is a sentence for its people."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What a change of plan costs, in cents, before anybody presses a button."""

    due_now_cents: int
    cents_per_month: int
    difference_per_month_cents: int
    starts_at: datetime
    is_upgrade: bool


def quote(row: Subscription, plan: Plan, now: datetime) -> Quote:
    """Without asking Stripe or the database. Raises ValueError for a plan that only staff assign."""
    if plan.cents_per_month is None:
        raise ValueError(f"{plan.name} is by agreement")
    old = subscriptions.plan_of(row)
    old_cents, period = old.cents_per_month or 0, period_of(row.anchor, now)
    is_upgrade = _is_upgrade(old, plan)
    if not is_upgrade:
        due = 0
    elif row.stripe_subscription_id:
        due = prorated_cents(old_cents, plan.cents_per_month, period, now)
    else:
        due = plan.cents_per_month
    return Quote(
        due_now_cents=due,
        cents_per_month=plan.cents_per_month,
        difference_per_month_cents=plan.cents_per_month - old_cents,
        starts_at=now if is_upgrade else period.ends_at,
        is_upgrade=is_upgrade,
    )


def begin(account: Account, plan: Plan, user: User, now: datetime) -> str:
    """The address where the first paid plan is paid. Raises NotPossible, StripeTrouble."""
    _require_own_plan(account)
    if plan.is_free or plan.cents_per_month is None:
        raise NotPossible(_("%(plan)s cannot be paid here.") % {"plan": plan.name})
    row = subscriptions.subscription_of(account)
    if row.stripe_customer_id:
        sync(account, now)
        if subscriptions.subscription_of(account).stripe_subscription_id:
            raise NotPossible(_("The account has a paid plan already. Change it instead."))
    customer = row.stripe_customer_id or stripe_gateway.make_customer(account.pk, account.name, user.email)
    if not row.stripe_customer_id:
        subscriptions.know_customer(account, customer)
    prices = _prices(lookup_key(plan), OVERAGE_PRICE)
    home = f"{settings.SITE_URL}/a/{account.pk}/plan/"
    about = {"account_id": str(account.pk), "plan": lookup_key(plan)}
    asked = {
        "mode": "subscription",
        "customer": customer,
        "customer_update": {"address": "auto", "name": "auto"},
        "client_reference_id": str(account.pk),
        "line_items": [{"price": prices[0], "quantity": 1}, {"price": prices[1]}],
        "tax_id_collection": {"enabled": True},
        "billing_address_collection": "required",
        "metadata": about,
        "subscription_data": {"metadata": about},
        "success_url": f"{settings.SITE_URL}{reverse('billing:checkout_return', args=[account.pk])}"
        "?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": home,
    }
    return stripe_gateway.open_checkout(asked)


def finish(account: Account, session_id: str, now: datetime) -> bool:
    """After Checkout, whether or not an event has come: asks Stripe and applies it. Whether it is paid. Raises NotThere
    for a session of somebody else, StripeTrouble."""
    session = stripe_gateway.checkout_session(session_id)
    row = subscriptions.subscription_of(account)
    if not row.stripe_customer_id or session["customer"] != row.stripe_customer_id:
        raise NotThere(session_id)
    if session["status"] != "complete":
        return False
    _bring_up_to_date(account, now)
    return True


def change(account: Account, plan: Plan, now: datetime, agreed_at: datetime | None = None) -> bool:
    """Up at once, down when the period ends; whether it is in force already. `agreed_at` is the moment whose
    price the customer saw: that is charged. Raises NotPossible, StripeTrouble; CardDeclined where an upgrade was not
    paid, and nothing changed; Unconfirmed where it waits for the customer's bank."""
    paid = _paid_subscription(account)
    item = plan_item(paid)
    in_force = subscriptions.plan_of(subscriptions.subscription_of(account))
    if plan == in_force:
        raise NotPossible(_("The account is on %(plan)s already.") % {"plan": plan.name})
    if plan.is_free:
        stripe_gateway.change_subscription(paid["id"], {"cancel_at_period_end": True})
    elif plan.cents_per_month is None:
        raise NotPossible(_("Ask us for %(plan)s.") % {"plan": plan.name})
    elif _is_upgrade(in_force, plan):
        if paid["status"] != "active":
            raise NotPossible(_("Pay what is open first; then the plan can be changed."))
        if paid.get("pending_update"):
            # Another one that its customer never confirmed.
            stripe_gateway.void_invoice(paid["latest_invoice"])
        _charge(account, paid, _at_once(item, _prices(lookup_key(plan))[0], agreed_at), now)
    else:
        stripe_gateway.change_subscription(paid["id"], _later(item, plan, in_force))
    _bring_up_to_date(account, now)
    return subscriptions.plan_of(subscriptions.subscription_of(account)) == plan


def keep(account: Account, now: datetime) -> None:
    """Takes back what was agreed for the period's end. Raises NotPossible, StripeTrouble."""
    paid = _paid_subscription(account)
    _take_back(paid)
    _bring_up_to_date(account, now)


def portal(account: Account, return_url: str) -> str:
    """The address where card, address and tax id are changed. Raises NotPossible, StripeTrouble."""
    _require_own_plan(account)
    row = subscriptions.subscription_of(account)
    if not row.stripe_customer_id:
        raise NotPossible(_("Nothing was paid yet, so there is nothing to change."))
    return stripe_gateway.open_portal(row.stripe_customer_id, return_url)


def _is_upgrade(old: Plan, new: Plan) -> bool:
    return (new.cents_per_month or 0, new.emails_per_month) > (old.cents_per_month or 0, old.emails_per_month)


def _require_own_plan(account: Account) -> None:
    """Raises NotPossible for a sub-account."""
    if problem := subscriptions.why_shared(account):
        raise NotPossible(problem)


def _paid_subscription(account: Account) -> Thing:
    _require_own_plan(account)
    row: Subscription = subscriptions.subscription_of(account)
    live = live_ones(stripe_gateway.subscriptions_of(row.stripe_customer_id)) if row.stripe_customer_id else []
    if not live:
        raise NotPossible(_("The account has no paid plan yet."))
    return live[0]


def _charge(account: Account, paid: Thing, asked: Thing, now: datetime) -> None:
    if later := _agreed_later(paid):
        # First, because a change that waits for the bank is applied without us; and the price that was paid for this
        # period has to be back, or too little of it would be credited.
        _take_back(paid)
    try:
        stripe_gateway.change_and_pay(paid["id"], asked)
    except stripe_gateway.CardDeclined:
        if later:
            stripe_gateway.change_subscription(paid["id"], later)
        _bring_up_to_date(account, now)
        raise
    except stripe_gateway.Unconfirmed:
        _bring_up_to_date(account, now)
        raise


def _agreed_later(paid: Thing) -> Thing:
    """What brings back all that is agreed for the period's end; empty without any."""
    item, kept = plan_item(paid), paid.get("metadata") or {}
    asked: Thing = {}
    if paid.get("cancel_at_period_end"):
        asked["cancel_at_period_end"] = True
    if kept.get(KEEPS_PLAN):
        asked |= {
            "items": [{"id": item["id"], "price": item["price"]["id"]}],
            "proration_behavior": "none",
            "metadata": {name: kept[name] for name in (KEEPS_PLAN, KEEPS_UNTIL)},
        }
    return asked


def _at_once(item: Thing, price: str, agreed_at: datetime | None) -> Thing:
    asked: Thing = {"items": [{"id": item["id"], "price": price}]}
    begins, ends = item["current_period_start"], item["current_period_end"]
    if agreed_at is not None and begins <= int(agreed_at.timestamp()) < ends:
        asked["proration_date"] = int(agreed_at.timestamp())
    return asked


def _later(item: Thing, plan: Plan, in_force: Plan) -> Thing:
    """The next invoice is the smaller plan's at once; this period was paid and goes on."""
    return {
        "items": [{"id": item["id"], "price": _prices(lookup_key(plan))[0]}],
        "proration_behavior": "none",
        "cancel_at_period_end": False,
        "metadata": {KEEPS_PLAN: lookup_key(in_force), KEEPS_UNTIL: str(item["current_period_end"])},
    }


def _take_back(paid: Thing) -> None:
    item = plan_item(paid)
    asked: Thing = {"cancel_at_period_end": False}
    kept = paid.get("metadata") or {}
    if kept.get(KEEPS_PLAN) and int(kept[KEEPS_UNTIL]) == item["current_period_end"]:
        # A renewal in between was billed for the smaller plan already, and is not taken back.
        price = _prices(lookup_key(plan_by_key(kept[KEEPS_PLAN])))[0]
        asked |= {
            "items": [{"id": item["id"], "price": price}],
            "proration_behavior": "none",
            "metadata": {KEEPS_PLAN: "", KEEPS_UNTIL: ""},
        }
    stripe_gateway.change_subscription(paid["id"], asked)


def _prices(*keys: str) -> list[str]:
    found = stripe_gateway.price_ids(list(keys))
    if missing := [key for key in keys if key not in found]:
        raise stripe_gateway.StripeTrouble(f"no price {missing[0]}: run manage.py stripe_prices")
    return [found[key] for key in keys]


def _bring_up_to_date(account: Account, now: datetime) -> None:
    sync(account, now)
    keep_all(account, subscriptions.subscription_of(account).stripe_customer_id)
