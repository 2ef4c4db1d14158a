"""The balance of accounting, kept longer than the rows that it was counted from. Written by `sending.log` alone."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sending.models.foreign import reference


class HourCheck(models.Model):
    """One hour of all accounts, named by its start in UTC, as it stood when it was last counted."""

    hour = models.DateTimeField(primary_key=True)
    checked_at = models.DateTimeField()
    accepted = models.PositiveBigIntegerField()
    unfinished = models.PositiveBigIntegerField()
    """While there are any, or differences, the hour is counted again."""
    differences = models.PositiveBigIntegerField()
    cleared_days = models.PositiveSmallIntegerField(default=0)
    """The rows of accounts with so many days of log, or fewer, were deleted. Written by `sending.retention`."""

    objects: ClassVar[models.Manager["HourCheck"]] = models.Manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["checked_at"],
                condition=models.Q(unfinished__gt=0) | models.Q(differences__gt=0),
                name="hour_to_count_again",
            )
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:00}"


class HourBalance(models.Model):
    """One account's hour. Where a usage period begins inside the hour, each period has a row of its own."""

    hour = models.DateTimeField(_("hour"))
    account = reference("accounts.Account")
    period = reference("billing.UsagePeriod", null=True)
    """The meter that counted these; null for the platform's own account."""
    accepted = models.PositiveBigIntegerField(_("accepted"))
    """Accepted events."""
    returned = models.PositiveBigIntegerField(_("returned"), default=0)
    """Of these, what was cancelled before its first attempt, and so given back to the meter."""
    states = models.JSONField(_("states"))
    """`{state: messages}`: the stored statuses, and "sending" for what a worker holds."""
    differences = models.JSONField(_("differences"))
    """`{kind: messages}` by `sending.log.balance.Kind`; empty where all is well."""
    difference = models.PositiveBigIntegerField(_("difference"))
    """The sum of `differences`."""

    objects: ClassVar[models.Manager["HourBalance"]] = models.Manager()

    class Meta:
        verbose_name = _("hour of the balance")
        verbose_name_plural = _("hours of the balance")
        indexes = [
            models.Index(fields=["-hour", "account"], name="balance_by_hour"),
            models.Index(fields=["account", "-hour"], name="balance_by_account"),
            models.Index(fields=["period"], name="balance_by_period"),
            models.Index(fields=["-difference", "-hour"], name="balance_differences_first"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.hour:%Y-%m-%d %H:00}"


class MeterDifference(models.Model):
    """A meter that shows something else than was accepted in its period. The row goes when the two agree again."""

    period = models.OneToOneField("billing.UsagePeriod", primary_key=True, on_delete=models.CASCADE, related_name="+")
    used = models.PositiveBigIntegerField()
    accepted = models.PositiveBigIntegerField()
    """Less what was given back."""
    days = models.PositiveBigIntegerField(null=True)
    """What the days of the period add up to; null where they agree with the meter."""
    found_at = models.DateTimeField()

    objects: ClassVar[models.Manager["MeterDifference"]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.used} metered, {self.accepted} accepted"
