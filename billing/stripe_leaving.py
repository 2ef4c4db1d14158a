"""An account stops paying at Stripe because staff say so, before they assign it a plan that no card pays."""

from django.utils.translation import gettext as _

from accounts.models import Account
from billing import invoices, stripe_gateway, subscriptions
from billing.stripe_gateway import StripeTrouble, payments_are_on


def pays_at_stripe(account: Account) -> bool:
    """Whether a subscription there would put the account back onto what it pays for, at the next look."""
    return payments_are_on() and bool(subscriptions.subscription_of(account).stripe_subscription_id)


def leave(account: Account, *, agreed: bool) -> None:
    """Ends the account's subscription at Stripe now, and asks no more for what is open; nothing is given back. Without
    one there is nothing to do. Raises ValueError with a sentence where staff did not agree to it, or Stripe did not do
    it. Not to be called inside a transaction.
    """
    if not pays_at_stripe(account):
        return
    if not agreed:
        raise ValueError(_("Agree to end the subscription at Stripe: the next look there would undo this otherwise."))
    row = subscriptions.subscription_of(account)
    try:
        stripe_gateway.cancel_now(row.stripe_subscription_id)
        stripe_gateway.void_open_invoices(row.stripe_customer_id)
        invoices.keep_all(account, row.stripe_customer_id)
    except StripeTrouble as problem:
        raise ValueError(_("Stripe did not end the subscription, so nothing was assigned. Try again.")) from problem
