"""What an account has used of its plan."""

from typing import ClassVar

from django.db import models


class UsagePeriod(models.Model):
    """The meter: accepted recipients of one account in one period; that of an organisation counts those of its
    sub-accounts as well. Written by `billing.metering` alone."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="usage_periods")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    """Earlier than a month after `starts_at` where a first subscription began a period of its own."""
    used = models.PositiveBigIntegerField(default=0)
    given_back = models.PositiveBigIntegerField(db_default=0)
    """Accepted recipients that `used` counts no more, since they were cancelled before their first attempt."""
    message_limit = models.PositiveBigIntegerField()
    """The limit in force at the last reservation; a copy, so that one statement can hold the meter to it."""
    organization = models.ForeignKey(
        "accounts.Account", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    """Whose meter, of the same start, counts the recipients of this one as well; null where the account stands by
    itself."""
    of_deleted = models.PositiveBigIntegerField(db_default=0)
    """How many of `used` sub-accounts sent that are deleted: no days say so any more."""

    objects: ClassVar[models.Manager["UsagePeriod"]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "starts_at"], name="one_meter_a_period")]
        indexes = [
            models.Index(
                fields=["organization", "starts_at"],
                condition=models.Q(organization__isnull=False),
                name="meter_of_sub_accounts",
            )
        ]

    def __str__(self) -> str:
        return f"{self.used} of {self.message_limit}"
