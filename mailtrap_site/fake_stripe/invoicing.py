"""Invoices of the stand-in: made, paid or not, refunded, disputed."""

from typing import Any

from mailtrap_site.fake_stripe.books import Books, Thing
from mailtrap_site.fake_stripe.cards import card_of


class Declined(Exception):
    """The card did not pay (HTTP 402)."""


def make(books: Books, subscription: Thing, lines: list[Thing], reason: str) -> Thing:
    """An open invoice with these lines of `description` and `amount` in cents; the period is the subscription's."""
    item = subscription["items"]["data"][0]
    total = sum(line["amount"] for line in lines)
    invoice = books.put(
        "invoices",
        "in",
        {
            "object": "invoice",
            "number": f"STANDIN-{len(books.things['invoices']) + 1:04}",
            "customer": subscription["customer"],
            "status": "open",
            "billing_reason": reason,
            "currency": "usd",
            "subtotal": total,
            "total": total,
            "total_taxes": [],
            "amount_due": max(total, 0),
            "amount_paid": 0,
            "amount_remaining": max(total, 0),
            "attempt_count": 0,
            "period_start": item["current_period_start"],
            "period_end": item["current_period_end"],
            "lines": {"object": "list", "data": lines},
            "parent": {
                "type": "subscription_details",
                "subscription_details": {"subscription": subscription["id"], "metadata": subscription["metadata"]},
            },
        },
    )
    invoice["hosted_invoice_url"] = f"{books.address}/pages/invoices/{invoice['id']}"
    invoice["invoice_pdf"] = f"{invoice['hosted_invoice_url']}.pdf"
    subscription["latest_invoice"] = invoice["id"]
    return invoice


def pay(books: Books, invoice: Thing, *, first: bool = False, confirmed: bool = False) -> bool:
    """Takes the money by the customer's card, and says so in an event; whether it went. `confirmed`: the customer has
    told the bank so."""
    card = card_of(books.get("customers", invoice["customer"]).get("_card", ""))
    invoice["attempt_count"] += 1
    takes = bool(card and ((card.takes_first if first else card.takes_later) or (confirmed and card.asks_bank)))
    if invoice["amount_due"] and not takes:
        asks = bool(card and card.asks_bank)
        _intend(books, invoice, "requires_action" if asks else "requires_payment_method")
        books.announce("invoice.payment_action_required" if asks else "invoice.payment_failed", invoice)
        return False
    invoice |= {"status": "paid", "amount_paid": invoice["amount_due"], "amount_remaining": 0}
    if invoice["amount_due"]:
        _charge(books, invoice)
    books.announce("invoice.paid", invoice)
    return True


def refund(books: Books, invoice_id: str, cents: int) -> Thing:
    """Gives back a part of what an invoice was paid with. The charge, as its event shows it."""
    charge = _charge_of(books, invoice_id)
    charge["amount_refunded"] += min(cents, charge["amount"] - charge["amount_refunded"])
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    books.announce("charge.refunded", charge)
    return charge


def dispute(books: Books, invoice_id: str) -> Thing:
    """The bank of the customer takes the whole payment back."""
    charge = _charge_of(books, invoice_id)
    facts: dict[str, Any] = {name: charge[name] for name in ("amount", "payment_intent")}
    facts |= {"object": "dispute", "charge": charge["id"], "status": "needs_response", "reason": "fraudulent"}
    made = books.put("disputes", "du", facts)
    books.announce("charge.dispute.created", made)
    return made


def _charge(books: Books, invoice: Thing) -> None:
    intent, amount = _intend(books, invoice, "succeeded"), invoice["amount_due"]
    facts = {"object": "charge", "amount": amount, "amount_refunded": 0, "refunded": False, "paid": True}
    books.put("charges", "ch", facts | {"customer": invoice["customer"], "payment_intent": intent})


def _intend(books: Books, invoice: Thing, status: str) -> str:
    """The id of the invoice's one payment intent, which has this status now."""
    intent = str(invoice["id"]).replace("in_", "pi_")
    paid = {"amount_paid": invoice["amount_due"] if status == "succeeded" else None}
    paid["status"] = "paid" if status == "succeeded" else "open"
    if kept := books.all("payments", invoice=invoice["id"]):
        kept[0] |= paid | {"_state": status}
        return intent
    facts = {"object": "invoice_payment", "payment": {"type": "payment_intent", "payment_intent": intent}}
    books.put("payments", "inpay", facts | paid | {"invoice": invoice["id"], "_intent": intent, "_state": status})
    return intent


def intent(books: Books, intent_id: str) -> Thing:
    """A payment intent as the API shows it. Raises KeyError."""
    found = books.all("payments", _intent=intent_id)
    if not found:
        raise KeyError(intent_id)
    return {"id": intent_id, "object": "payment_intent", "status": found[0]["_state"]}


def _charge_of(books: Books, invoice_id: str) -> Thing:
    payment = books.all("payments", invoice=invoice_id)[0]
    return books.all("charges", payment_intent=payment["_intent"])[0]
