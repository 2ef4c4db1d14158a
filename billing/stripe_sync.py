"""Brings an account to what Stripe says about its customer. Events, the return page and the nightly compare all end
here, so that their order does not matter."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit, notices
from accounts.models import Account, Role
from billing import stripe_gateway, subscriptions
from billing.models import Subscription
from billing.plans import FREE, PLANS, Plan
from billing.stripe_state import PaidState, live_ones, state_of
from billing.subscriptions import By

log = structlog.get_logger(__name__)

GRACE = timedelta(days=14)
"""Sending goes on for so long after a payment has failed."""
TURNS = 5
"""Of reading again, where the account changed while Stripe was asked."""
STRIPE = By(name="Stripe")


class Restless(Exception):
    """The account changed again and again while Stripe was asked; later will do."""


def sync(account: Account, now: datetime) -> list[str]:
    """Asks Stripe and mends ours; what differed, in words for staff. Raises StripeTrouble, Restless. Not to be called
    inside a transaction.

    A row that changed since before Stripe was asked may know more than the answer, so the question is asked again.
    """
    for _turn in range(TURNS):
        row = subscriptions.subscription_of(account)
        if not row.stripe_customer_id:
            return []
        found = stripe_gateway.subscriptions_of(row.stripe_customer_id)
        state = state_of(found, plan_by_key, FREE, now)
        with transaction.atomic():
            fresh = Subscription.objects.select_for_update().get(account=account)
            if fresh.updated_at == row.updated_at:
                differences = _apply(account, fresh, state, now)
                return differences + _doubled([one["id"] for one in live_ones(found)])
    raise Restless(f"account {account.pk}")


def plan_by_key(key: str) -> Plan:
    """The plan of a price's lookup key. Raises StripeTrouble for a price that is none of our plans'."""
    code, _colon, generation = (key or "").partition(":")
    try:
        return PLANS.plan(code, int(generation))
    except (KeyError, ValueError) as problem:
        raise stripe_gateway.StripeTrouble(f"the price {key!r} is none of a plan in PLANS_FILE") from problem


def _apply(account: Account, row: Subscription, state: PaidState | None, now: datetime) -> list[str]:
    if state is None:
        return _end(account, row, now) if row.stripe_subscription_id else []
    differences = []
    if subscriptions.plan_of(row) != state.plan or row.stripe_subscription_id != state.subscription_id:
        differences.append(f"plan {row.plan_code} → {state.plan.code}")
        grace = row.grace_until
        row = subscriptions.put_on(
            account, state.plan, STRIPE, now, anchor=state.anchor, stripe_id=state.subscription_id
        )
        if grace and state.is_overdue:
            # Another plan of the same unpaid subscription begins no grace of its own.
            row = subscriptions.set_grace(account, grace, STRIPE)
    if (subscriptions.next_plan_of(row), row.changes_at) != (state.next_plan, state.changes_at):
        differences.append(
            f"next plan {row.next_plan_code or '–'} → {state.next_plan.code if state.next_plan else '–'}"
        )
        subscriptions.agree_later(account, state.next_plan, STRIPE, state.changes_at)
    return differences + _grace(account, row, state, now)


def _grace(account: Account, row: Subscription, state: PaidState, now: datetime) -> list[str]:
    if state.is_overdue and row.grace_until is None:
        until = now + GRACE
        subscriptions.set_grace(account, until, STRIPE)
        _tell(
            account,
            "payment.failed",
            _("A payment for %(plan)s failed") % {"plan": state.plan.name},
            _(
                "Your card was not charged. Mail goes on until %(day)s; pay with another card until then, or the"
                " account goes to Free."
            )
            % {"day": f"{until:%-d %B %Y}"},
            "critical",
        )
        return ["payment overdue"]
    if not state.is_overdue and row.grace_until is not None:
        subscriptions.set_grace(account, None, STRIPE)
        _tell(account, "payment.made", _("Your payment arrived"), _("Everything goes on as before."), "info")
        return ["payment made"]
    return []


def _end(account: Account, row: Subscription, now: datetime) -> list[str]:
    old = subscriptions.plan_of(row)
    subscriptions.put_on(account, FREE, STRIPE, now, stripe_id="")
    _tell(
        account,
        "plan.ended",
        _("%(plan)s has ended") % {"plan": old.name},
        _("The account is on Free now: %(month)s emails a month, at most %(day)s a day.")
        % {"month": f"{FREE.emails_per_month:,}", "day": FREE.emails_per_day},
        "warning",
    )
    return [f"plan {old.code} → {FREE.code}"]


def _doubled(live: list[str]) -> list[str]:
    """Someone paid in two windows: staff end one of them and give its money back."""
    return [f"{len(live)} subscriptions at once: {', '.join(live)}"] if len(live) > 1 else []


def report(account: Account | None, differences: list[str]) -> None:
    """Puts before staff what nobody had told us."""
    log.warning("stripe_differs", account=account.pk if account else None, differences=differences)
    changes = {"differences": {"from": "", "to": "; ".join(differences)}}
    audit.record("stripe.differs", account=account, changes=changes, actor_name="Stripe")


def _tell(account: Account, kind: str, title: str, body: str, level: str) -> None:
    path = f"/a/{account.pk}/invoices/"
    notices.notify(account, kind, title, body, path=path, level=level, roles=(Role.OWNER, Role.BILLING))
