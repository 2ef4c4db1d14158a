"""Append-only news about a message. Built and written by `sending.events` alone."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from sending.models.foreign import reference
from sending.models.identifiers import new_id

TLS_REQUIRED = "tls_required"
"""`rule` in the details of an attempt that stopped short of sending in the clear what its domain wants encrypted."""


class Event(models.Model):
    """What happened (`occurred_at`), and when we learnt of it (the time of the id)."""

    class Type(models.TextChoices):
        """The contract's event types; and `accepted` and what people decide about queued mail, which only we show."""

        ACCEPTED = "accepted", _("Accepted")
        DELIVERY = "delivery", _("Delivered")
        SOFT_BOUNCE = "soft_bounce", _("Deferred")
        BOUNCE = "bounce", _("Bounced")
        SUSPENSION = "suspension", _("Held")
        REJECT = "reject", _("Rejected")
        OPEN = "open", _("Opened")
        CLICK = "click", _("Clicked")
        UNSUBSCRIBE = "unsubscribe", _("Unsubscribed")
        SPAM = "spam", _("Marked as spam")
        RELEASE = "release", _("Released")
        REQUEUE = "requeue", _("Moved up")
        CANCEL = "cancel", _("Cancelled")
        RESCHEDULE = "reschedule", _("Rescheduled")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    message = reference("sending.Message")
    account = reference("accounts.Account")
    type = models.CharField(max_length=16, choices=Type)
    occurred_at = models.DateTimeField()
    attempt = reference("sending.Attempt", null=True)
    details = models.JSONField(default=dict)
    """The contract's `details` of the type, and what our pages add."""

    objects: ClassVar[models.Manager["Event"]] = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["message"], name="event_by_message")]

    def __str__(self) -> str:
        return f"{self.type} {self.message_id}"
