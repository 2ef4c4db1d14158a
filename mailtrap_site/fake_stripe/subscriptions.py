"""Subscriptions of the stand-in: begun, changed with proration to the second, renewed, cancelled."""

from datetime import UTC, datetime
from typing import Any

from billing.periods import period_of
from mailtrap_site.fake_stripe import invoicing
from mailtrap_site.fake_stripe.books import Books, Thing
from mailtrap_site.fake_stripe.forms import truth
from mailtrap_site.fake_stripe.invoicing import Declined

PENDING = 23 * 3600
"""Seconds that a change waits for its payment."""
MOST_RENEWALS = 36
"""Of one subscription at one move of the clock."""


def begin(books: Books, customer_id: str, price_ids: list[str], metadata: Thing) -> Thing:
    """A subscription whose first invoice is paid. Raises Declined, and nothing was begun."""
    now = books.now()
    start, end = _period(now, now)
    dates = {"current_period_start": start, "current_period_end": end}
    items = [_item(books.get("prices", price_id)) | dates for price_id in price_ids]
    subscription = books.put(
        "subscriptions",
        "sub",
        {
            "object": "subscription",
            "customer": customer_id,
            "status": "active",
            "currency": "usd",
            "items": {"object": "list", "data": items},
            "billing_cycle_anchor": now,
            "start_date": now,
            "cancel_at_period_end": False,
            "cancel_at": None,
            "canceled_at": None,
            "ended_at": None,
            "pending_update": None,
            "metadata": metadata,
        },
    )
    price = _flat(subscription)["price"]
    invoice = invoicing.make(books, subscription, [_line(price, price["unit_amount"])], "subscription_create")
    if not invoicing.pay(books, invoice, first=True):
        del books.things["subscriptions"][subscription["id"]], books.things["invoices"][invoice["id"]]
        raise Declined
    books.announce("customer.subscription.created", subscription)
    return subscription


def update(books: Books, subscription: Thing, asked: dict[str, Any]) -> Thing:
    """Changes what was asked for. Raises Declined where the proration was to be paid and was not: nothing changed. With
    `pending_if_incomplete` the change waits instead, as `pending_update`, until its invoice is paid or void."""
    for change in asked.get("items", []):
        item = next(one for one in subscription["items"]["data"] if one["id"] == change["id"])
        _change_price(books, subscription, item, books.get("prices", change["price"]), asked)
    if "cancel_at_period_end" in asked:
        leaves = subscription["cancel_at_period_end"] = truth(asked["cancel_at_period_end"])
        subscription["cancel_at"] = _flat(subscription)["current_period_end"] if leaves else None
    for name, value in (asked.get("metadata") or {}).items():
        subscription["metadata"].pop(name, None)
        if value:
            subscription["metadata"][name] = value
    books.announce("customer.subscription.updated", subscription)
    return subscription


def cancel(books: Books, subscription: Thing) -> Thing:
    """Ends it at once. What is open stays open, as at Stripe, until it is paid or made void."""
    subscription |= {"status": "canceled", "canceled_at": books.now(), "ended_at": books.now()}
    books.announce("customer.subscription.deleted", subscription)
    return subscription


def pay_what_is_open(books: Books, customer_id: str) -> bool:
    """After a new card; whether nothing is left open."""
    for invoice in books.all("invoices", customer=customer_id, status="open"):
        if not invoicing.pay(books, invoice, first=True):
            return False
        settle(books, invoice)
    recover(books, customer_id)
    return True


def recover(books: Books, customer_id: str) -> None:
    """Once nothing is open, what was overdue is as before."""
    if books.all("invoices", customer=customer_id, status="open"):
        return
    for subscription in books.all("subscriptions", customer=customer_id, status="past_due"):
        subscription["status"] = "active"
        books.announce("customer.subscription.updated", subscription)


def renew_what_is_due(books: Books) -> None:
    """Brings each subscription to the clock: a period at a time. A change that waited too long is dropped."""
    for subscription in list(books.things["subscriptions"].values()):
        waits = subscription.get("pending_update")
        if waits and waits["expires_at"] <= books.now():
            void(books, books.get("invoices", waits["_invoice"]))
        for _turn in range(MOST_RENEWALS):
            due = _flat(subscription)["current_period_end"] <= books.now()
            if not due or subscription["status"] == "canceled":
                break
            _renew(books, subscription)


def _renew(books: Books, subscription: Thing) -> None:
    item = _flat(subscription)
    used = _metered_line(books, subscription)
    if subscription["cancel_at_period_end"]:
        if used["amount"]:
            invoicing.pay(books, invoicing.make(books, subscription, [used], "subscription_cycle"))
        cancel(books, subscription)
        return
    start, end = _period(subscription["billing_cycle_anchor"], item["current_period_end"])
    for one in subscription["items"]["data"]:
        one |= {"current_period_start": start, "current_period_end": end}
    lines = [_line(item["price"], item["price"]["unit_amount"]), *([used] if used["amount"] else [])]
    paid = invoicing.pay(books, invoicing.make(books, subscription, lines, "subscription_cycle"))
    subscription["status"] = "active" if paid and subscription["status"] == "active" else "past_due"
    books.announce("customer.subscription.updated", subscription)


def _change_price(books: Books, subscription: Thing, item: Thing, price: Thing, asked: dict[str, Any]) -> None:
    old = item["price"]
    if asked.get("proration_behavior") == "always_invoice":
        whole = item["current_period_end"] - item["current_period_start"]
        left = max(item["current_period_end"] - int(asked.get("proration_date") or books.now()), 0)
        credit = -round(old["unit_amount"] * left / whole)
        debit = round(price["unit_amount"] * left / whole)
        lines = [_line(old, credit, "Unused time on"), _line(price, debit, "Remaining time on")]
        invoice = invoicing.make(books, subscription, lines, "subscription_update")
        if not invoicing.pay(books, invoice):
            if asked.get("payment_behavior") == "error_if_incomplete":
                invoice["status"] = "void"
                raise Declined
            if asked.get("payment_behavior") == "pending_if_incomplete":
                waits = {"id": item["id"], "price": price["id"]}
                subscription["pending_update"] = {
                    "expires_at": books.now() + PENDING,
                    "subscription_items": [waits],
                    "_invoice": invoice["id"],
                }
                return
    item["price"] = price


def settle(books: Books, invoice: Thing) -> None:
    """After an invoice was paid or made void: what waited for it is applied, or dropped."""
    for subscription in books.all("subscriptions", customer=invoice["customer"]):
        waits = subscription.get("pending_update")
        if not waits or waits["_invoice"] != invoice["id"]:
            continue
        subscription["pending_update"] = None
        if invoice["status"] == "paid":
            for change in waits["subscription_items"]:
                item = next(one for one in subscription["items"]["data"] if one["id"] == change["id"])
                item["price"] = books.get("prices", change["price"])
        happened = "applied" if invoice["status"] == "paid" else "expired"
        books.announce(f"customer.subscription.pending_update_{happened}", subscription)


def void(books: Books, invoice: Thing) -> Thing:
    """Nobody is asked to pay it any more."""
    invoice["status"] = "void"
    books.announce("invoice.voided", invoice)
    settle(books, invoice)
    return invoice


def _metered_line(books: Books, subscription: Thing) -> Thing:
    metered = next((one for one in subscription["items"]["data"] if one["price"]["recurring"]["meter"]), None)
    if metered is None:
        return {"amount": 0, "description": ""}
    start, end = metered["current_period_start"], metered["current_period_end"]
    used = sum(
        event["_value"]
        for event in books.all("meter_events", _customer=subscription["customer"])
        if start <= event["timestamp"] < end
    )
    return _line(metered["price"], round(used * float(metered["price"]["unit_amount_decimal"])))


def _flat(subscription: Thing) -> Thing:
    flat: Thing = next(one for one in subscription["items"]["data"] if not one["price"]["recurring"]["meter"])
    return flat


def _item(price: Thing) -> Thing:
    return {"id": price["id"].replace("price_", "si_"), "object": "subscription_item", "price": price, "quantity": 1}


def _line(price: Thing, amount: int, words: str = "") -> Thing:
    return {"object": "line_item", "amount": amount, "description": f"{words} {price['nickname']}".strip()}


def _period(anchor: int, moment: int) -> tuple[int, int]:
    period = period_of(datetime.fromtimestamp(anchor, UTC), datetime.fromtimestamp(moment, UTC))
    return int(period.starts_at.timestamp()), int(period.ends_at.timestamp())
