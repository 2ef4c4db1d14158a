"""The stand-in's pages: Checkout, the portal, an invoice. Each says that no money moves."""

from html import escape
from typing import Any

from mailtrap_site.fake_stripe import invoicing, subscriptions
from mailtrap_site.fake_stripe.books import Books, Thing
from mailtrap_site.fake_stripe.cards import CARDS, card_of
from mailtrap_site.fake_stripe.invoicing import Declined

STYLE = """body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#fff;color:#1a1f2b}
main{max-width:34rem;margin:0 auto;padding:1.5rem}
.stand-in{background:#fff3cd;color:#4a3500;padding:.75rem 1.5rem;text-align:center}
label{display:block;margin:1rem 0 .25rem}
input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #5b6475}
button{font:inherit;margin-top:1.25rem;padding:.6rem 1.2rem;background:#1f4fbf;color:#fff;border:0;border-radius:4px}
.error{color:#a3121f}a{color:#1f4fbf}"""
Page = tuple[str, str]
"""Where to go instead, or empty; the HTML."""


def checkout(books: Books, session_id: str, typed: dict[str, Any] | None) -> Page:
    """The page of a Checkout session; with `typed` its form was sent."""
    session = books.get("sessions", session_id)
    back = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id)
    if session["status"] == "complete":
        return back, ""
    problem = "" if typed is None else _paid(books, session, typed)
    if typed is not None and not problem:
        return back, ""
    price = books.get("prices", session["_prices"][0])
    cards = "".join(f"<li>{card.number}: {card.words}</li>" for card in CARDS)
    body = (
        f"<h1>Subscribe to {escape(price['nickname'])}</h1><p>{_money(price['unit_amount'])} a month.</p>"
        f"{f'<p class=error role=alert>{escape(problem)}</p>' if problem else ''}"
        '<form method="post">'
        '<label for="card">Card number</label><input id="card" name="card" inputmode="numeric" autocomplete="off">'
        '<label for="country">Country</label><input id="country" name="country" value="US">'
        '<label for="tax">Tax id (optional)</label><input id="tax" name="tax_id">'
        '<button type="submit">Subscribe</button></form>'
        f"<h2>Test cards</h2><ul>{cards}</ul>"
        f'<p><a href="{escape(session["cancel_url"] or "/")}">Go back without paying</a></p>'
    )
    return "", _page("Checkout", body)


def portal(books: Books, portal_id: str, typed: dict[str, Any] | None) -> Page:
    """The customer's own page: cancel, another card, invoices."""
    session = books.get("portals", portal_id)
    customer_id = session["customer"]
    said = _done(books, customer_id, typed) if typed else ""
    invoices = "".join(
        f'<li><a href="{one["hosted_invoice_url"]}">{one["number"]}</a>: {_money(one["total"])}, {one["status"]}</li>'
        for one in books.all("invoices", customer=customer_id)
    )
    body = (
        f"<h1>Your payments</h1>{f'<p role=status>{escape(said)}</p>' if said else ''}"
        '<form method="post"><label for="card">Another card</label><input id="card" name="card" autocomplete="off">'
        '<button type="submit">Use this card</button></form>'
        '<form method="post"><input type="hidden" name="cancel" value="yes">'
        '<button type="submit">Cancel at the end of the period</button></form>'
        f"<h2>Invoices</h2><ul>{invoices or '<li>None yet</li>'}</ul>"
        f'<p><a href="{escape(session["return_url"])}">Go back</a></p>'
    )
    return "", _page("Payments", body)


def invoice(books: Books, invoice_id: str, typed: dict[str, Any] | None) -> Page:
    """One invoice to be read, and paid while it is open; with `typed` its button was pressed."""
    found = books.get("invoices", invoice_id)
    if typed is not None and found["status"] == "open" and invoicing.pay(books, found, confirmed=True):
        subscriptions.settle(books, found)
        subscriptions.recover(books, found["customer"])
    body = f"<h1>Invoice {found['number']}</h1><p>{'</p><p>'.join(map(escape, _lines(found)))}</p>"
    if found["status"] == "open":
        body += '<form method="post"><button type="submit">Confirm the payment</button></form>'
    return "", _page("Invoice", f'{body}<p><a href="{found["invoice_pdf"]}">PDF</a></p>')


def invoice_pdf(books: Books, invoice_id: str) -> bytes:
    """The same as a PDF of one page."""
    found = books.get("invoices", invoice_id)
    lines = [f"Invoice {found['number']}", "From a stand-in for Stripe: no money moved.", *_lines(found)]
    safe = [line.replace("\\", "").replace("(", "").replace(")", "") for line in lines]
    text = ("BT /F1 12 Tf 60 760 Td 18 TL " + " ".join(f"({line}) Tj T*" for line in safe) + " ET").encode("latin-1")
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    pdf, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(pdf))
        pdf += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    ends = b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(pdf)
    return pdf + b"xref\n0 6\n0000000000 65535 f \n" + table + ends


def _paid(books: Books, session: Thing, typed: dict[str, Any]) -> str:
    """What is wrong with what was typed, or an empty text once it is paid."""
    card = card_of(typed.get("card", ""))
    if card is None:
        return "Type one of the test cards below; never a real one."
    customer = books.get("customers", session["customer"])
    customer |= {"_card": card.number, "address": {"country": typed.get("country", "")}}
    try:
        begun = subscriptions.begin(books, customer["id"], session["_prices"], session["_metadata"])
    except Declined:
        return "Your card was declined."
    session |= {"status": "complete", "payment_status": "paid", "subscription": begun["id"]}
    books.announce("checkout.session.completed", session)
    return ""


def _done(books: Books, customer_id: str, typed: dict[str, Any]) -> str:
    if typed.get("cancel"):
        for subscription in books.all("subscriptions", customer=customer_id):
            if subscription["status"] != "canceled":
                subscriptions.update(books, subscription, {"cancel_at_period_end": "true"})
        return "Your plan ends with the period that runs."
    card = card_of(typed.get("card", ""))
    if card is None:
        return "Type one of the test cards; never a real one."
    books.get("customers", customer_id)["_card"] = card.number
    return "The card is kept." if subscriptions.pay_what_is_open(books, customer_id) else "Your card was declined."


def _lines(found: Thing) -> list[str]:
    lines = [f"{line['description']}: {_money(line['amount'])}" for line in found["lines"]["data"]]
    return [*lines, f"Total: {_money(found['total'])}, {found['status']}"]


def _money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100}.{abs(cents) % 100:02}"


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} (stand-in)</title>'
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head><body><main>"
        '<p class="stand-in">This page stands in for Stripe on this machine. <strong>No money moves.</strong></p>'
        f"{body}</main></body></html>"
    )
