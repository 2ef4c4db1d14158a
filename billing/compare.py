"""What happens by the clock: plans that turn over, graces that end, and the nightly compare with Stripe."""

from collections.abc import Callable
from datetime import datetime

import structlog
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import Account, Role
from billing import invoices, stripe_gateway, subscriptions
from billing.models import Subscription
from billing.plans import FREE
from billing.stripe_sync import report, sync
from billing.subscriptions import By

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 500
BY_ITSELF = By(name="End of grace")


def turn_over(now: datetime) -> None:
    """Applies what was agreed for a moment that has come, and ends graces that are over."""
    for row in Subscription.objects.select_related("account").filter(changes_at__lte=now)[:MOST_AT_ONCE]:
        _quietly(_turn, row, now)
    for row in Subscription.objects.select_related("account").filter(grace_until__lte=now)[:MOST_AT_ONCE]:
        _quietly(_end_grace, row, now)


def compare(now: datetime) -> int:
    """Walks all that are paid, at Stripe and here, mends ours and puts each difference before staff; how many."""
    customers = {one["customer"] for one in stripe_gateway.every_subscription()}
    known = Subscription.objects.exclude(stripe_customer_id="").select_related("account")
    found = 0
    for row in known.iterator():
        customers.discard(row.stripe_customer_id)
        try:
            differences = [*sync(row.account, now), *invoices.keep_all(row.account, row.stripe_customer_id)]
        except Exception as problem:  # the others are compared all the same, and staff see this one
            differences = [f"could not be compared: {type(problem).__name__}: {problem}"]
        if differences:
            report(row.account, differences)
            found += 1
    for customer in sorted(customers):
        report(None, [f"customer {customer} pays at Stripe and is no account of ours"])
        found += 1
    return found


def _turn(row: Subscription, now: datetime) -> None:
    if row.stripe_subscription_id:
        sync(row.account, now)
    elif plan := subscriptions.next_plan_of(row):
        subscriptions.put_on(row.account, plan, By(name="Agreed change"), now)


def _end_grace(row: Subscription, now: datetime) -> None:
    """Asks Stripe once more whether it was paid; then the account is on Free and nothing more is asked for."""
    if row.stripe_subscription_id:
        sync(row.account, now)
        row = subscriptions.subscription_of(row.account)
        if row.grace_until is None or row.grace_until > now:
            return
        stripe_gateway.cancel_now(row.stripe_subscription_id)
        # What was not paid for is asked for no more: the plan has ended, and paying now would buy nothing.
        stripe_gateway.void_open_invoices(row.stripe_customer_id)
        invoices.keep_all(row.account, row.stripe_customer_id)
    old = subscriptions.plan_of(row)
    subscriptions.put_on(row.account, FREE, BY_ITSELF, now, stripe_id="")
    _tell(row.account, old.name)


def _tell(account: Account, plan_name: str) -> None:
    notices.notify(
        account,
        "plan.ended",
        _("%(plan)s has ended, because it was not paid") % {"plan": plan_name},
        _("The account is on Free now. Nothing more is charged; choose a plan to go on as before."),
        path=f"/a/{account.pk}/plan/",
        level="critical",
        roles=(Role.OWNER, Role.BILLING),
    )


def _quietly(act: Callable[[Subscription, datetime], None], row: Subscription, now: datetime) -> None:
    try:
        act(row, now)
    except Exception as problem:  # the others turn all the same; the next run tries this one again
        log.warning("plan_waits", account=row.account.pk, problem=type(problem).__name__)
