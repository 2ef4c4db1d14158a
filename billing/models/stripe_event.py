"""What Stripe told us, kept until it is worked off and for a while after."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class StripeEvent(models.Model):
    """One event, stored once however often it comes. Written by `billing.stripe_events` alone."""

    stripe_id = models.CharField(_("id"), max_length=255, unique=True)
    type = models.CharField(_("type"), max_length=100)
    customer_id = models.CharField(_("customer"), max_length=255, blank=True, db_index=True)
    payload = models.JSONField(_("event"))
    created_at = models.DateTimeField(_("happened"))
    received_at = models.DateTimeField(_("received"))
    applied_at = models.DateTimeField(_("applied"), null=True)
    """Null until it is worked off; set for a type that means nothing to us, too."""
    retry_at = models.DateTimeField(_("next try"), null=True)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    problem = models.CharField(_("problem"), max_length=500, blank=True)

    objects: ClassVar[models.Manager["StripeEvent"]] = models.Manager()

    class Meta:
        verbose_name = _("Stripe event")
        verbose_name_plural = _("Stripe events")
        indexes = [models.Index(fields=["retry_at"], name="stripe_event_due", condition=models.Q(applied_at=None))]

    def __str__(self) -> str:
        return f"{self.type} {self.stripe_id}"
