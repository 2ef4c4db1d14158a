"""The only writer of Invoice: copies of what stands at Stripe."""

from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account
from billing import stripe_gateway
from billing.models import Invoice, Subscription


def keep(account: Account, found: dict[str, Any]) -> Invoice:
    """Writes an invoice down as Stripe has it now; what was refunded and disputed stays."""
    facts = {
        "account": account,
        "number": found.get("number") or "",
        "status": found["status"],
        "currency": found["currency"],
        "total_cents": found["total"],
        "tax_cents": sum(tax["amount"] for tax in found.get("total_taxes") or []),
        "paid_cents": found["amount_paid"],
        "period_starts_at": datetime.fromtimestamp(found["period_start"], UTC),
        "period_ends_at": datetime.fromtimestamp(found["period_end"], UTC),
        "issued_at": datetime.fromtimestamp(found["created"], UTC),
        "hosted_url": found.get("hosted_invoice_url") or "",
    }
    return Invoice.objects.update_or_create(stripe_id=found["id"], defaults=facts)[0]


def keep_all(account: Account, customer_id: str) -> list[str]:
    """Brings the newest hundred to what Stripe says; the numbers of those that were unknown or otherwise."""
    before = dict(Invoice.objects.filter(account=account).values_list("stripe_id", "status"))
    kept = [keep(account, one) for one in stripe_gateway.invoices_of(customer_id)]
    return [f"invoice {one}: {one.status}" for one in kept if before.get(one.stripe_id) != one.status]


def unpaid_of(account: Account) -> Invoice | None:
    """The newest invoice that waits to be paid, on its page at Stripe."""
    waiting = Invoice.objects.filter(account=account, status=Invoice.Status.OPEN, total_cents__gt=0)
    return waiting.exclude(hosted_url="").order_by("-issued_at", "-pk").first()


def note_taken_back(payment_intent: str) -> None:
    """After a refund or a dispute: writes both sums on the invoice, and puts them before staff."""
    invoice_id = stripe_gateway.invoice_paid_by(payment_intent)
    if not invoice_id:
        return
    found = stripe_gateway.invoice(invoice_id)
    refunded, disputed = stripe_gateway.taken_back(payment_intent)
    row = Subscription.objects.select_related("account").filter(stripe_customer_id=found["customer"]).first()
    if row is None:
        return
    invoice = keep(row.account, found)
    for field, action, cents in (
        ("refunded_cents", "invoice.refunded", refunded),
        ("disputed_cents", "invoice.disputed", disputed),
    ):
        old = getattr(invoice, field)
        if Invoice.objects.filter(pk=invoice.pk, **{field: old}).exclude(**{field: cents}).update(**{field: cents}):
            changes = {_("cents"): {"from": old, "to": cents}}
            audit.record(action, account=row.account, target=invoice, changes=changes, actor_name="Stripe")
