"""What an account was asked to pay."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Invoice(models.Model):
    """A copy of an invoice at Stripe. Written by `billing.invoices` alone. Amounts in cents."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        OPEN = "open", _("Open")
        PAID = "paid", _("Paid")
        VOID = "void", _("Cancelled")
        UNCOLLECTIBLE = "uncollectible", _("Given up")

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="invoices")
    stripe_id = models.CharField(max_length=255, unique=True)
    number = models.CharField(_("number"), max_length=255, blank=True)
    status = models.CharField(_("status"), max_length=16, choices=Status)
    currency = models.CharField(_("currency"), max_length=3, default="usd")
    total_cents = models.BigIntegerField(_("total in cents"))
    """Negative where more was given back than asked for."""
    tax_cents = models.BigIntegerField(_("tax in cents"), default=0)
    paid_cents = models.BigIntegerField(_("paid in cents"), default=0)
    refunded_cents = models.BigIntegerField(_("refunded in cents"), default=0)
    disputed_cents = models.BigIntegerField(_("disputed in cents"), default=0)
    period_starts_at = models.DateTimeField(_("from"))
    period_ends_at = models.DateTimeField(_("to"))
    issued_at = models.DateTimeField(_("issued"))
    hosted_url = models.URLField(max_length=2000, blank=True)

    objects: ClassVar[models.Manager["Invoice"]] = models.Manager()

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        indexes = [models.Index(fields=["account", "-issued_at"], name="invoice_by_account")]

    def __str__(self) -> str:
        return self.number or self.stripe_id

    @property
    def total_money(self) -> str:
        return money(self.total_cents, self.currency)

    @property
    def tax_money(self) -> str:
        return money(self.tax_cents, self.currency)

    @property
    def refunded_money(self) -> str:
        return money(self.refunded_cents, self.currency)


def money(cents: int, currency: str = "usd") -> str:
    """Cents in words: $15.00, −$2.50, 15.00 EUR."""
    sign, figure = "−" if cents < 0 else "", f"{abs(cents) // 100:,}.{abs(cents) % 100:02}"
    return f"{sign}${figure}" if currency == "usd" else f"{sign}{figure} {currency.upper()}"
