"""Makes the prices of the plans at Stripe."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import stripe_gateway
from billing.plans import PLANS
from billing.stripe_gateway import OVERAGE_PRICE, StripeTrouble, payments_are_on
from billing.stripe_state import lookup_key


class Command(BaseCommand):
    help = "Makes what is missing of the plans' products and prices at Stripe. Run it after each change of the plans."

    def handle(self, *args: Any, **options: Any) -> None:
        if not payments_are_on():
            raise CommandError("STRIPE_SECRET_KEY is not set, so there is nothing to make prices in.")
        paid = [(lookup_key(plan), plan) for plan in PLANS.plans if plan.cents_per_month]
        try:
            there = stripe_gateway.price_ids([*(key for key, _plan in paid), OVERAGE_PRICE])
            for key, plan in paid:
                if key not in there:
                    stripe_gateway.make_price(key, plan.name, plan.cents_per_month or 0)
            if OVERAGE_PRICE not in there:
                stripe_gateway.make_overage_price()
        except StripeTrouble as problem:
            raise CommandError(f"Stripe did not make the prices: {problem}") from problem
        if options["verbosity"]:
            self.stdout.write(f"Made {len(paid) + 1 - len(there)} prices; {len(there)} were there.")
