"""That an account came near its limit."""

from typing import ClassVar

from django.db import models


class UsageAlert(models.Model):
    """One threshold that an account reached in one period: recorded once, in the transaction that reached it, and told
    afterwards. Recorded by `billing.alerts`, told by `billing.usage_letters`."""

    class Of(models.TextChoices):
        LIMIT = "limit"
        """The plan's emails a month."""
        OVERAGE = "overage"
        """The emails above it that the account pays for."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="usage_alerts")
    period_starts_at = models.DateTimeField()
    of = models.CharField(max_length=8, choices=Of)
    threshold = models.PositiveSmallIntegerField()
    """80, 90 or 100, in percent."""
    limit = models.PositiveBigIntegerField()
    """Recipients that were 100 % then: a raised limit makes the thresholds anew."""
    used = models.PositiveBigIntegerField()
    recorded_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    """Null until its letter is written; set without a letter where a higher threshold was reached at once."""

    objects: ClassVar[models.Manager["UsageAlert"]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "period_starts_at", "of", "limit", "threshold"], name="one_alert_a_threshold"
            )
        ]
        indexes = [models.Index(fields=["recorded_at"], name="alert_untold", condition=models.Q(told_at=None))]

    def __str__(self) -> str:
        return f"{self.threshold} % of {self.limit}"
