"""How much of an account's hour is taken."""

from typing import ClassVar

from django.db import models


class HourBooking(models.Model):
    """Recipients of one account that leave, or have left, in one hour. Rows exist only for accounts with a limit of the
    hour, and for a day after. Written by `billing.metering` and `billing.hours` alone."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="hour_bookings")
    hour = models.DateTimeField()
    """Its start."""
    booked = models.PositiveBigIntegerField()

    objects: ClassVar[models.Manager["HourBooking"]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "hour"], name="one_booking_an_hour")]

    def __str__(self) -> str:
        return f"{self.booked} at {self.hour}"
