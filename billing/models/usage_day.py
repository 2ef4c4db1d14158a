"""What an account used on one day, by whom it was sent: the bars and tables of the usage page."""

from typing import ClassVar

from django.db import models


class UsageDay(models.Model):
    """Accepted recipients of one account on one day (UTC), for one domain, stream and token. The days of a period add
    up to its meter. Written by `billing.metering` alone."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="usage_days")
    period = models.ForeignKey(
        "billing.UsagePeriod", on_delete=models.CASCADE, null=True, related_name="days", db_index=False
    )
    """Whose meter counted it: a day on which the period turns has a row in each."""
    day = models.DateField()
    domain = models.CharField(max_length=253)
    """The name, since a deleted domain has still sent."""
    stream = models.CharField(max_length=16)
    token_id = models.BigIntegerField(default=0)
    """Zero for what the service itself sends."""
    used = models.PositiveBigIntegerField(default=0)
    given_back = models.PositiveBigIntegerField(default=0)
    """Accepted recipients that `used` counts no more, since they were cancelled before their first attempt."""

    objects: ClassVar[models.Manager["UsageDay"]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "day", "period", "domain", "stream", "token_id"], name="one_count_a_day_and_sender"
            )
        ]
        indexes = [models.Index(fields=["period", "token_id"], name="usage_day_of_token")]

    def __str__(self) -> str:
        return f"{self.used} on {self.day}"
