"""What Stripe was told of emails above the limit."""

from typing import ClassVar

from django.db import models


class OverageReport(models.Model):
    """One report. It is written before Stripe is told, with the identifier under which Stripe counts it once, so that
    a report of which nobody knows whether it arrived is sent again as it was. Written by `billing.overage` alone."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="overage_reports")
    period_starts_at = models.DateTimeField()
    begins_after = models.PositiveBigIntegerField()
    """Emails above the limit of this period that earlier reports told."""
    emails = models.PositiveBigIntegerField()
    units = models.PositiveBigIntegerField()
    """Thousandths of a cent."""
    customer_id = models.CharField(max_length=255)
    identifier = models.CharField(max_length=100, unique=True)
    happened_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["OverageReport"]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "period_starts_at", "begins_after"], name="overage_told_once")
        ]

    def __str__(self) -> str:
        return f"{self.emails} above the limit"
