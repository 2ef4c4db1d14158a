"""The calls of the API that we use, as functions from parameters to objects. No network."""

import re
from collections.abc import Callable
from typing import Any

from mailtrap_site.fake_stripe import invoicing, subscriptions
from mailtrap_site.fake_stripe.books import Books, Thing, shown
from mailtrap_site.fake_stripe.invoicing import Declined

Answer = tuple[int, Thing]


def answer(books: Books, method: str, path: str, asked: dict[str, Any]) -> Answer:
    """HTTP status and body."""
    for wanted, pattern, call in _CALLS:
        found = re.fullmatch(pattern, path)
        if wanted == method and found:
            try:
                return 200, shown(call(books, asked, *found.groups()))
            except KeyError as missing:
                return 404, _error("invalid_request_error", f"No such object: {missing}", "resource_missing")
            except Declined:
                return 402, _error("card_error", "Your card was declined.", "card_declined")
    return 404, _error("invalid_request_error", f"The stand-in does not know {method} {path}.", "unknown")


def _error(kind: str, message: str, code: str) -> Thing:
    return {"error": {"type": kind, "message": message, "code": code}}


def _list(things: list[Thing], asked: dict[str, Any]) -> Thing:
    """A page, newest first, as `limit` and `starting_after` ask."""
    ids = [one["id"] for one in things]
    begin = ids.index(asked["starting_after"]) + 1 if asked.get("starting_after") in ids else 0
    end = begin + int(asked.get("limit", 10))
    return {"object": "list", "data": things[begin:end], "has_more": end < len(things), "url": "/v1"}


def _filtered(kind: str, *names: str) -> Callable[..., Thing]:
    def listed(books: Books, asked: dict[str, Any]) -> Thing:
        wanted = {name: asked[name] for name in names if name in asked and asked[name] != "all"}
        return _list(books.all(kind, **wanted), asked)

    return listed


def _one(kind: str) -> Callable[..., Thing]:
    return lambda books, asked, thing_id: books.get(kind, thing_id)


def _new_price(books: Books, asked: dict[str, Any]) -> Thing:
    recurring = {"interval": "month", "interval_count": 1, "usage_type": "licensed", "meter": None}
    price = {
        "object": "price",
        "active": True,
        "currency": asked["currency"],
        "lookup_key": asked["lookup_key"],
        "nickname": asked["product_data"]["name"],
        "unit_amount": int(asked["unit_amount"]) if "unit_amount" in asked else None,
        "unit_amount_decimal": asked.get("unit_amount_decimal") or asked["unit_amount"],
        "recurring": recurring | asked["recurring"],
        "metadata": asked.get("metadata", {}),
    }
    return books.put("prices", "price", price)


def _prices(books: Books, asked: dict[str, Any]) -> Thing:
    keys = asked.get("lookup_keys")
    return _list([one for one in books.all("prices") if keys is None or one["lookup_key"] in keys], asked)


def _new_meter(books: Books, asked: dict[str, Any]) -> Thing:
    return books.put("meters", "mtr", {"object": "billing.meter", "status": "active"} | asked)


def _new_customer(books: Books, asked: dict[str, Any]) -> Thing:
    return books.put("customers", "cus", {"object": "customer", "metadata": {}} | asked)


def _new_session(books: Books, asked: dict[str, Any]) -> Thing:
    books.get("customers", asked["customer"])
    prices = [books.get("prices", line["price"])["id"] for line in asked["line_items"]]
    facts: Thing = {"object": "checkout.session", "status": "open", "payment_status": "unpaid", "subscription": None}
    names = ("customer", "mode", "success_url", "cancel_url", "client_reference_id", "metadata")
    facts |= {name: asked.get(name) for name in names}
    facts |= {"_prices": prices, "_metadata": asked.get("subscription_data", {}).get("metadata", {})}
    session = books.put("sessions", "cs_test", facts)
    session["url"] = f"{books.address}/pages/checkout/{session['id']}"
    return session


def _new_portal(books: Books, asked: dict[str, Any]) -> Thing:
    books.get("customers", asked["customer"])
    facts = {"object": "billing_portal.session", "customer": asked["customer"], "return_url": asked["return_url"]}
    portal = books.put("portals", "bps", facts)
    portal["url"] = f"{books.address}/pages/portal/{portal['id']}"
    return portal


def _update(books: Books, asked: dict[str, Any], subscription_id: str) -> Thing:
    return subscriptions.update(books, books.get("subscriptions", subscription_id), asked)


def _cancel(books: Books, asked: dict[str, Any], subscription_id: str) -> Thing:
    return subscriptions.cancel(books, books.get("subscriptions", subscription_id))


def _void(books: Books, asked: dict[str, Any], invoice_id: str) -> Thing:
    return subscriptions.void(books, books.get("invoices", invoice_id))


def _intent(books: Books, asked: dict[str, Any], intent_id: str) -> Thing:
    return invoicing.intent(books, intent_id)


def _payments(books: Books, asked: dict[str, Any]) -> Thing:
    intent = asked.get("payment", {}).get("payment_intent")
    wanted = {"_intent": intent} if intent else {"invoice": asked["invoice"]}
    return _list(books.all("payments", **wanted), asked)


def _meter_event(books: Books, asked: dict[str, Any]) -> Thing:
    same = books.all("meter_events", identifier=asked["identifier"])
    facts = {"object": "billing.meter_event", "identifier": asked["identifier"], "event_name": asked["event_name"]}
    facts |= {"timestamp": int(asked.get("timestamp", books.now())), "payload": asked["payload"]}
    customer, value = asked["payload"]["stripe_customer_id"], int(asked["payload"]["value"])
    return same[0] if same else books.put("meter_events", "mev", facts | {"_customer": customer, "_value": value})


def _clock(books: Books, asked: dict[str, Any]) -> Thing:
    books.offset += int(asked["seconds"])
    subscriptions.renew_what_is_due(books)
    return {"now": books.now()}


def _refund(books: Books, asked: dict[str, Any]) -> Thing:
    return invoicing.refund(books, asked["invoice"], int(asked["amount"]))


def _dispute(books: Books, asked: dict[str, Any]) -> Thing:
    return invoicing.dispute(books, asked["invoice"])


_CALLS: tuple[tuple[str, str, Callable[..., Thing]], ...] = (
    ("GET", "/v1/prices", _prices),
    ("POST", "/v1/prices", _new_price),
    ("GET", "/v1/billing/meters", _filtered("meters")),
    ("POST", "/v1/billing/meters", _new_meter),
    ("POST", "/v1/billing/meter_events", _meter_event),
    ("POST", "/v1/customers", _new_customer),
    ("GET", r"/v1/customers/(\w+)", _one("customers")),
    ("POST", "/v1/checkout/sessions", _new_session),
    ("GET", r"/v1/checkout/sessions/(\w+)", _one("sessions")),
    ("POST", "/v1/billing_portal/sessions", _new_portal),
    ("GET", "/v1/subscriptions", _filtered("subscriptions", "customer", "status")),
    ("GET", r"/v1/subscriptions/(\w+)", _one("subscriptions")),
    ("POST", r"/v1/subscriptions/(\w+)", _update),
    ("DELETE", r"/v1/subscriptions/(\w+)", _cancel),
    ("GET", "/v1/invoices", _filtered("invoices", "customer", "status")),
    ("GET", r"/v1/invoices/(\w+)", _one("invoices")),
    ("POST", r"/v1/invoices/(\w+)/void", _void),
    ("GET", "/v1/invoice_payments", _payments),
    ("GET", r"/v1/payment_intents/(\w+)", _intent),
    ("GET", "/v1/charges", _filtered("charges", "payment_intent")),
    ("GET", "/v1/disputes", _filtered("disputes", "payment_intent")),
    # Not Stripe's: what only tests do.
    ("POST", "/stand-in/clock", _clock),
    ("POST", "/stand-in/refunds", _refund),
    ("POST", "/stand-in/disputes", _dispute),
)
