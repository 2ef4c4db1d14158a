"""The only module that talks to Stripe. Objects are plain dictionaries in the shape of its API; no call belongs inside
a database transaction."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    import stripe

Thing = dict[str, Any]

SECONDS = 20
"""Patience with one call."""
RETRIES = 1
METER = "emails_above_limit"
OVERAGE_PRICE = "overage:1"
"""The lookup key of the one metered price; its unit is a thousandth of a cent, so that every plan's rate is a whole
number of units for each email and a change of plan leaves it alone."""
MOST_PAGES = 1_000
"""Of 100 objects, in a walk over all."""


class StripeTrouble(Exception):
    """Stripe did not do it; nothing changed there, as far as it said."""


class CardDeclined(StripeTrouble):
    """The payment failed."""


class Unconfirmed(StripeTrouble):
    """The payment waits until the customer has confirmed it at the bank (3-D Secure); nothing changed until then."""

    def __init__(self, url: str) -> None:
        super().__init__("the customer has to confirm the payment")
        self.url = url
        """Stripe's page of the invoice, where that is done."""


class NotThere(StripeTrouble):
    """Stripe knows no such object."""


class Forged(Exception):
    """What claims to be an event of Stripe's has no valid signature, or is too old."""


def payments_are_on() -> bool:
    """Whether plans can be paid in this instance."""
    return bool(settings.STRIPE_SECRET_KEY)


def read_event(body: bytes, signature: str) -> Thing:
    """The event of a webhook call. Raises Forged where no secret of ours fits."""
    import stripe

    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            stripe.WebhookSignature.verify_header(body, signature, secret, stripe.Webhook.DEFAULT_TOLERANCE)
            # As it came: the package's own objects hold decimals, which are no JSON.
            return dict(json.loads(body))
        except (stripe.SignatureVerificationError, ValueError):
            continue
    raise Forged


def price_ids(keys: list[str]) -> dict[str, str]:
    """The ids of the prices with these lookup keys; without those that are not there."""
    found: dict[str, str] = {}
    for begin in range(0, len(keys), 10):
        with _calls() as v1:
            page = v1.prices.list({"lookup_keys": keys[begin : begin + 10], "limit": 100, "active": True})
        found |= {str(price.lookup_key): price.id for price in page.data}
    return found


def make_price(key: str, name: str, cents_per_month: int) -> None:
    """A product with its monthly price. Raises StripeTrouble."""
    asked: Thing = {"currency": "usd", "lookup_key": key, "unit_amount": cents_per_month}
    asked |= {"recurring": {"interval": "month"}, "product_data": {"name": name}}
    with _calls() as v1:
        v1.prices.create(asked)


def make_overage_price() -> None:
    """The metered price of emails above the limit, and its meter."""
    with _calls() as v1:
        meters = [one.id for one in v1.billing.meters.list({"limit": 100}).data if one.event_name == METER]
        meter = (
            meters[0]
            if meters
            else v1.billing.meters.create(
                {
                    "display_name": "Emails above the limit",
                    "event_name": METER,
                    "default_aggregation": {"formula": "sum"},
                }
            ).id
        )
        asked: Thing = {"currency": "usd", "lookup_key": OVERAGE_PRICE, "unit_amount_decimal": "0.001"}
        asked |= {"recurring": {"interval": "month", "usage_type": "metered", "meter": meter}}
        v1.prices.create(asked | {"product_data": {"name": "Emails above the limit (thousandths of a cent)"}})


def make_customer(account_id: int, name: str, email: str) -> str:
    """The id of the account's customer; asked twice within a day, the same one."""
    asked: Thing = {"name": name, "email": email, "metadata": {"account_id": str(account_id)}}
    with _calls() as v1:
        return str(v1.customers.create(asked, {"idempotency_key": f"customer-{account_id}-{email}"}).id)


def open_checkout(asked: Mapping[str, Any]) -> str:
    """The address of a new Checkout session."""
    with _calls() as v1:
        return str(v1.checkout.sessions.create(dict(asked)).url)


def checkout_session(session_id: str) -> Thing:
    """Raises NotThere."""
    with _calls() as v1:
        return dict(v1.checkout.sessions.retrieve(session_id).to_dict())


def open_portal(customer_id: str, return_url: str) -> str:
    """The address where the customer changes card and address."""
    with _calls() as v1:
        return str(v1.billing_portal.sessions.create({"customer": customer_id, "return_url": return_url}).url)


def subscriptions_of(customer_id: str) -> list[Thing]:
    """All that the customer ever had, newest first, up to 100."""
    with _calls() as v1:
        page = v1.subscriptions.list({"customer": customer_id, "status": "all", "limit": 100})
        return [dict(one.to_dict()) for one in page.data]


def every_subscription() -> Iterator[Thing]:
    """All that are not ended, page by page."""
    asked: Thing = {"limit": 100}
    for _page in range(MOST_PAGES):
        with _calls() as v1:
            page = v1.subscriptions.list(asked)
        yield from (dict(one.to_dict()) for one in page.data)
        if not page.has_more or not page.data:
            return
        asked["starting_after"] = page.data[-1].id


def change_subscription(subscription_id: str, asked: Mapping[str, Any]) -> None:
    """Changes what is asked for. What has to be paid at once goes by `change_and_pay`."""
    with _calls() as v1:
        v1.subscriptions.update(subscription_id, dict(asked))


def change_and_pay(subscription_id: str, asked: Mapping[str, Any]) -> None:
    """Changes the items and charges the difference; in force once that is paid.

    Raises CardDeclined where the card did not pay: nothing changed, and nothing is asked for any more. Raises
    Unconfirmed where its customer has to confirm the payment: Stripe applies the change then, or forgets it in a day.
    """
    wanted = {"proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"}
    with _calls() as v1:
        changed = dict(v1.subscriptions.update(subscription_id, dict(asked) | wanted).to_dict())
    if not changed.get("pending_update"):
        return
    unpaid = invoice(changed["latest_invoice"])
    if _payment_status(unpaid["id"]) == "requires_action" and unpaid.get("hosted_invoice_url"):
        raise Unconfirmed(unpaid["hosted_invoice_url"])
    void_invoice(unpaid["id"])
    raise CardDeclined("")


def void_invoice(invoice_id: str) -> None:
    """Nobody is asked to pay it any more; a change that waited for it is forgotten."""
    with _calls() as v1:
        v1.invoices.void_invoice(invoice_id)


def void_open_invoices(customer_id: str) -> None:
    """All that the customer was asked to pay and did not."""
    with _calls() as v1:
        found = v1.invoices.list({"customer": customer_id, "status": "open", "limit": 100}).data
    for one in found:
        void_invoice(str(one.id))


def cancel_now(subscription_id: str) -> None:
    """Ends it, without giving anything back. One that is gone is as good."""
    try:
        with _calls() as v1:
            v1.subscriptions.cancel(subscription_id)
    except NotThere:
        return


def invoice(invoice_id: str) -> Thing:
    """Raises NotThere."""
    with _calls() as v1:
        return dict(v1.invoices.retrieve(invoice_id).to_dict())


def invoices_of(customer_id: str) -> list[Thing]:
    """The newest hundred."""
    with _calls() as v1:
        return [dict(one.to_dict()) for one in v1.invoices.list({"customer": customer_id, "limit": 100}).data]


def invoice_paid_by(payment_intent: str) -> str:
    """The id of the invoice that a payment belongs to; empty for one that is none of ours."""
    asked = {"payment": {"type": "payment_intent", "payment_intent": payment_intent}}
    with _calls() as v1:
        found = v1.invoice_payments.list(asked).data
    return str(found[0].invoice) if found else ""


def _payment_status(invoice_id: str) -> str:
    """How the payment of an invoice stands, in Stripe's words; empty where none was tried."""
    with _calls() as v1:
        payments = v1.invoice_payments.list({"invoice": invoice_id}).data
        if not payments or payments[0].payment.type != "payment_intent":
            return ""
        return str(v1.payment_intents.retrieve(str(payments[0].payment.payment_intent)).status)


def taken_back(payment_intent: str) -> tuple[int, int]:
    """Cents of a payment that were refunded, and cents that the customer's bank disputes or has taken back."""
    with _calls() as v1:
        charges = v1.charges.list({"payment_intent": payment_intent, "limit": 100}).data
        disputes = v1.disputes.list({"payment_intent": payment_intent, "limit": 100}).data
    lost = sum(one.amount for one in disputes if one.status not in ("won", "warning_closed", "prevented"))
    return sum(one.amount_refunded for one in charges), lost


def report_usage(customer_id: str, units: int, identifier: str, at: int) -> None:
    """Units of the metered price, at seconds since 1970; one identifier counts once."""
    asked: Thing = {"event_name": METER, "identifier": identifier, "timestamp": at}
    with _calls() as v1:
        v1.billing.meter_events.create(asked | {"payload": {"stripe_customer_id": customer_id, "value": str(units)}})


@contextmanager
def _calls() -> Iterator[Any]:
    """The calls of the API, with Stripe's errors as ours."""
    import stripe

    try:
        yield _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE).v1
    except stripe.CardError as problem:
        raise CardDeclined(problem.user_message or "") from problem
    except stripe.InvalidRequestError as problem:
        raise (NotThere if problem.http_status == 404 else StripeTrouble)(str(problem)) from problem
    except stripe.StripeError as problem:
        raise StripeTrouble(str(problem)) from problem


@lru_cache(maxsize=4)
def _client(key: str, base: str) -> "stripe.StripeClient":
    import stripe

    return stripe.StripeClient(
        key,
        base_addresses={"api": base} if base else {},
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=SECONDS),
    )
